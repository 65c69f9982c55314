// SPDX-License-Identifier: Apache-2.0
// Checking generated code against the interpreter: right code passes, wrong code is told.
#include <gtest/gtest.h>

#include <array>
#include <cstring>

#include "accel/accelerator.h"
#include "base/timer_service.h"

namespace kelvin::translator {
namespace {

constexpr u64 kRam = 0x40000000;
constexpr u64 kRamSize = u64{1} << 20;
constexpr u64 kExit = 0x09000000;

class ExitRegister final : public memory::MmioHandler {
  public:
    u64 read(u64, unsigned) override { return 0; }
    void write(u64, unsigned, u64 value) override {
        result = value;
        vcpu->request_stop();
    }

    std::unique_ptr<accel::Arm64Vcpu> vcpu;
    u64 result = 0;
};

/// Counts x2 to 11, through memory too, and tells.
constexpr auto kProgram = std::to_array<u32>({
    0xd2800022,  // mov x2, #1
    0x100007e3,  // adr x3, #0xfc
    0x91000442,  // 1: add x2, x2, #1
    0xf9000062,  // str x2, [x3]
    0xf9400064,  // ldr x4, [x3]
    0xf1002c9f,  // cmp x4, #11
    0x54ffff81,  // b.ne 1b
    0xf9000002,  // str x2, [x0]
    0x14000000,  // b .
});

class Machine {
  public:
    explicit Machine(u64 check_every) {
        memory::RamBlock ram = std::move(memory::RamBlock::allocate(kRamSize).value());
        code_ = ram.data();
        std::memcpy(code_, kProgram.data(), sizeof kProgram);
        EXPECT_TRUE(memory_.add_ram(Gpa{kRam}, std::move(ram), "ram"));
        EXPECT_TRUE(memory_.add_mmio(Gpa{kExit}, 4096, exit_, "exit"));
        accel::TranslatorOptions options;
        options.check_every = check_every;
        accelerator_ = std::move(accel::make_translator(memory_, options).value());
        timers_ = std::move(HostTimerService::create().value());
        accel::Arm64Ports ports;
        ports.clock = timers_.get();
        ports.timers = timers_.get();
        exit_.vcpu = accelerator_->make_arm64_vcpu(0, arm64::find_model("max", {}).value(), ports);
    }

    u64 run() {
        exit_.vcpu->reset(kRam, kExit);
        exit_.vcpu->run();
        return exit_.result;
    }
    /// Without telling the translator, whose code is then stale.
    void change_behind_its_back(unsigned word, u32 value) { std::memcpy(code_ + 4 * word, &value, sizeof value); }

  private:
    memory::AddressMap memory_;
    u8* code_ = nullptr;
    std::unique_ptr<HostTimerService> timers_;
    std::unique_ptr<accel::Accelerator> accelerator_;
    ExitRegister exit_;
};

TEST(Lockstep, RightCodePasses) {
    EXPECT_EQ(Machine(1).run(), 11U);
    EXPECT_EQ(Machine(3).run(), 11U);
}

TEST(LockstepDeathTest, AnotherResultInARegisterIsTold) {
    testing::FLAGS_gtest_death_test_style = "threadsafe";
    Machine machine(1);
    EXPECT_EQ(machine.run(), 11U);
    machine.change_behind_its_back(2, 0x91000842);  // add x2, x2, #2
    EXPECT_DEATH(machine.run(), "x2: was 0, interpreted 3, translated 2");
}

TEST(LockstepDeathTest, AnotherByteInMemoryIsTold) {
    testing::FLAGS_gtest_death_test_style = "threadsafe";
    Machine machine(1);
    EXPECT_EQ(machine.run(), 11U);
    machine.change_behind_its_back(3, 0xf9000060);  // str x0, [x3]
    machine.change_behind_its_back(4, 0x9100005f);  // nothing that reads it: mov sp, x2
    EXPECT_DEATH(machine.run(), "byte at .*: interpreted 00, translated 02");
}

TEST(Lockstep, NothingIsComparedUnlessAskedFor) {
    Machine machine(0);
    EXPECT_EQ(machine.run(), 11U);
    machine.change_behind_its_back(2, 0x91000842);
    EXPECT_EQ(machine.run(), 11U);
}

}  // namespace
}  // namespace kelvin::translator
