// SPDX-License-Identifier: Apache-2.0
// One processor with the runtime of generated code in front of its state, connected to nothing: for tests that run
// lifted code without a machine. One thread.
#pragma once

#include "cpu/arm64/cpu.h"
#include "emit/x64/runtime.h"

namespace kelvin::testing {

/// Time stands still and no timer fires.
class NoTimers final : public TimerService {
  public:
    i64 now_ns() const override { return 0; }
    ClockStretch stretch() const override { return {}; }
    TimerId add(Callback, void*) override { return TimerId{0}; }
    void remove(TimerId) override {}
    void arm(TimerId, i64) override {}
    void cancel(TimerId) override {}
};

class Processor final : public arm64::CpuEvents {
  public:
    explicit Processor(const arm64::Model& model);

    arm64::Cpu& cpu() { return cpu_; }
    const arm64::Model& model() const { return model_; }
    arm64::State& state() { return memory_.guest; }
    x64::Runtime& runtime() { return memory_.runtime; }

    void tlb_flush_all(bool) override {}
    void tlb_flush_asid(u16, bool) override {}
    void tlb_flush_pages(Gva, u64, u64, std::optional<u16>, bool) override {}
    void complete_flushes() override {}
    void translation_changed() override {}
    void mode_changed() override {}
    void interrupts_unmasked() override {}
    void wait_for_interrupt(i64) override {}
    void wait_for_event(i64) override {}
    void send_event() override { cpu_.set_event(); }
    bool firmware_call(bool) override { return false; }

  private:
    struct Memory {
        x64::Runtime runtime{};
        arm64::State guest{};
    };

    static arm64::Cpu::Ports ports(NoTimers& timers);

    const arm64::Model& model_;
    NoTimers timers_;
    Memory memory_;
    arm64::Cpu cpu_;
};

}  // namespace kelvin::testing
