// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <cstdio>

#include "backend/char/output_backends.h"
#include "base/timer_service.h"
#include "bus/saved_parts.h"
#include "exercise/random.h"
#include "exercise/saved_damage.h"
#include "exercise/session.h"
#include "machine/virt_arm64.h"

namespace kelvin::exercise {
namespace {

namespace virt = machine::virt;
using std::chrono::steady_clock;

/// A kernel of nothing, in a file as long as this object lives.
class EmptyKernel {
  public:
    EmptyKernel() {
        const int fd = ::mkstemp(path_.data());
        const std::vector<u32> endless(1024, 0x14000000);  // b .
        EXPECT_EQ(::write(fd, endless.data(), 4096), 4096);
        ::close(fd);
    }
    ~EmptyKernel() { ::unlink(path_.c_str()); }
    EmptyKernel(const EmptyKernel&) = delete;
    EmptyKernel& operator=(const EmptyKernel&) = delete;
    const std::string& path() const { return path_; }

  private:
    std::string path_ = "/tmp/kelvin-kernel-XXXXXX";
};

/// The board's own devices, with whatever version of the interrupt controller, and processors that do nothing but
/// touch registers.
class Board {
  public:
    Board(unsigned gic_version, u64 seed) : random_(seed) {
        timers_ = std::move(*HostTimerService::create());
        timers_->pause();
        machine::VirtConfig config;
        config.cpus = kCpus;
        config.gic_version = gic_version;
        config.ram_size = kRamSize;
        config.cpu_compatible = "arm,armv8";
        config.boot.kernel = kernel_.path();
        auto made = machine::VirtArm64::create(config, console_, *timers_);
        EXPECT_TRUE(made) << made.error().message();
        board_ = std::move(*made);
        for (u64 offset = 0; offset < kRamSize; offset += 8) {
            board_->memory().write(virt::kRamBase + offset, 8, random_.number(ram_address()));
        }
        std::vector<virt::Range> ranges = {virt::kUart,   virt::kRtc,        virt::kFwCfg, virt::kGpio,
                                           virt::kFlash0, virt::kVirtioMmio, virt::kFlash1};
        ranges.push_back({virt::kGicDistributor.base, 0x1000});
        if (gic_version == 3) {
            ranges.push_back({virt::kGicV3Redistributors.base, kCpus * u64{0x20000}});
            ranges.push_back({virt::kIts.base, 0x1000});
            ranges.push_back({virt::kIts.base, 0x1000});
        } else {
            ranges.push_back({virt::kGicV2Cpu.base, 0x2000});
        }
        ranges.push_back({virt::high_ranges(kRamSize).pcie_configuration.base, 0x8000});
        ranges_ = std::move(ranges);
    }

    void run(steady_clock::time_point end) {
        while (steady_clock::now() < end && !testing::Test::HasFailure()) {
            for (u64 count = random_.below(400); count != 0; --count) {
                touch();
            }
            random_.one_in(8) ? board_->reset() : save_and_load();
        }
    }

  private:
    static constexpr unsigned kCpus = 2;
    static constexpr u64 kRamSize = u64{4} << 20;

    u64 ram_address() { return virt::kRamBase.value + random_.below(kRamSize) / 4096 * 4096; }

    void touch() {
        static constexpr std::array<unsigned, 4> kSizes = {1, 2, 4, 8};
        const virt::Range& range = ranges_[random_.below(ranges_.size())];
        const unsigned size = random_.one_in(2) ? 4 : random_.pick(kSizes);
        const u64 near = random_.one_in(2) ? std::min<u64>(range.size, 0x100) : range.size;
        const Gpa address = range.base + random_.below(near) / size * size;
        const unsigned cpu = static_cast<unsigned>(random_.below(kCpus));
        if (u64 value = 0; random_.one_in(3)) {
            board_->memory().read(address, size, value, cpu);
        } else {
            board_->memory().write(address, size, random_.number(ram_address()), cpu);
        }
    }

    std::vector<state::Section> save() {
        auto sections = bus::save_parts(board_->parts());
        EXPECT_TRUE(sections) << sections.error().message();
        return std::move(*sections);
    }
    void save_and_load() {
        const std::vector<state::Section> saved = save();
        const auto read = state::read_stream(state::write_stream(saved));
        ASSERT_TRUE(read) << read.error().message();
        // RAM, where an ITS and redistributors have tables, is saved with a machine; here it stays as it is.
        for (u64 count = random_.below(100); count != 0; --count) {
            touch();
        }
        if (random_.one_in(2)) {
            board_->reset();
        }
        const Result<> loaded = bus::load_parts(board_->parts(), *read);
        ASSERT_TRUE(loaded) << loaded.error().message();
        const std::vector<state::Section> again = save();
        for (std::size_t index = 0; index < saved.size(); ++index) {
            ASSERT_EQ(state::to_text(state::Json::diff(saved[index].state, again[index].state)), "[]")
                << saved[index].name;
        }
        std::vector<state::Section> bad = saved;
        damage(bad, random_, ram_address());
        if (!bus::load_parts(board_->parts(), bad)) {
            ++refused_;
        }
    }

    Random random_;
    EmptyKernel kernel_;
    backend::NullBackend console_;
    std::unique_ptr<HostTimerService> timers_;
    std::unique_ptr<machine::VirtArm64> board_;
    std::vector<virt::Range> ranges_;
    unsigned refused_ = 0;
};

class EveryBoard : public testing::TestWithParam<unsigned> {};

TEST_P(EveryBoard, SavesWhatItLoads) {
    Board(GetParam(), choose_seed()).run(choose_end());
}

INSTANTIATE_TEST_SUITE_P(Gic, EveryBoard, testing::Values(2U, 3U));

}  // namespace
}  // namespace kelvin::exercise
