// SPDX-License-Identifier: Apache-2.0
#include "vm/cpu_thread.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <utility>

namespace kelvin::vm {
namespace {

using Power = machine::PowerControl::State;

/// Runs until it is asked to stop, and counts.
struct Fake final : accel::Vcpu {
    accel::StopReason run() override {
        std::unique_lock lock(mutex);
        ++runs;
        changed.notify_all();
        changed.wait(lock, [this] { return stop || comes_to_breakpoint; });
        const bool requested = std::exchange(stop, false);
        return requested ? accel::StopReason::requested : accel::StopReason::debug;
    }
    void request_stop() override {
        const std::lock_guard lock(mutex);
        stop = true;
        changed.notify_all();
    }
    void reset(u64 start, u64) override { entry = start; }
    std::string describe_registers() const override { return ""; }
    bool is_waiting() const override { return false; }
    void set_debug_orders(const accel::DebugOrders&) override {}
    const accel::DebugEvent& debug_event() const override { return event; }

    void wait_for_runs(int count) {
        std::unique_lock lock(mutex);
        changed.wait(lock, [&] { return runs >= count; });
    }

    std::mutex mutex;
    std::condition_variable changed;
    bool stop = false;
    bool comes_to_breakpoint = false;
    accel::DebugEvent event;
    int runs = 0;
    std::atomic<u64> entry = 0;
};

class CpuThreadTest : public testing::Test, public CpuThreadOwner {
  protected:
    void cpu_stopped_itself() override {
        stops_++;
        stops_.notify_all();
    }

    std::atomic<int> stops_ = 0;
    Fake* fake_ = new Fake;
    CpuThread thread_{std::unique_ptr<accel::Vcpu>(fake_), *this};
};

TEST_F(CpuThreadTest, RunsOnlyWhenOnAndAllowed) {
    EXPECT_EQ(thread_.power(), Power::off);
    thread_.allow(true);
    thread_.switch_on({0x1000, 0});
    fake_->wait_for_runs(1);
    EXPECT_EQ(fake_->entry, 0x1000U);
    EXPECT_EQ(thread_.power(), Power::on);
    thread_.allow(false);
    thread_.wait_until_still();
    EXPECT_EQ(thread_.power(), Power::on);
    thread_.allow(true);
    fake_->wait_for_runs(2);
    thread_.switch_off();
    thread_.wait_until_still();
    EXPECT_EQ(thread_.power(), Power::off);
}

TEST_F(CpuThreadTest, PendingUntilAllowed) {
    thread_.switch_on({0x2000, 0});
    EXPECT_EQ(thread_.power(), Power::on_pending);
    thread_.wait_until_still();
    thread_.allow(true);
    fake_->wait_for_runs(1);
    EXPECT_EQ(fake_->entry, 0x2000U);
}

TEST_F(CpuThreadTest, BeginsWhereItWasToldBeforeItRuns) {
    thread_.switch_on({0x3000, 0});
    thread_.wait_until_still();
    EXPECT_EQ(fake_->entry, 0x3000U);
    EXPECT_EQ(fake_->runs, 0);
}

TEST_F(CpuThreadTest, StaysWhereItHasStoppedItselfUntilAllowedAgain) {
    fake_->comes_to_breakpoint = true;
    thread_.switch_on({0, 0});
    thread_.allow(true);
    stops_.wait(0);
    EXPECT_TRUE(thread_.has_stopped_itself());
    thread_.wait_until_still();
    EXPECT_EQ(fake_->runs, 1);
    thread_.allow(true);
    stops_.wait(1);
    EXPECT_EQ(fake_->runs, 2);
}

TEST_F(CpuThreadTest, TheEndComesInEveryState) {
    thread_.allow(true);
    thread_.switch_on({0, 0});
}

}  // namespace
}  // namespace kelvin::vm
