// SPDX-License-Identifier: Apache-2.0
// Needs /dev/kvm; where it cannot be used the tests say why and are skipped.
#include "accel/kvm/vcpu.h"

#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

namespace kelvin::kvm {
namespace {

constexpr u64 kCode = 0x1000;

/// Ports and memory-mapped registers that keep what was written, and answer with 0xa0 + the offset.
struct Recorder : memory::MmioHandler {
    std::vector<u64> written;
    u64 read(u64 offset, unsigned) override { return 0xa0 + offset; }
    void write(u64 offset, unsigned size, u64 value) override {
        written.push_back(value | offset << 32 | u64{size} << 40);
    }
};

class Kvm : public testing::Test, public accel::X86Board {
  protected:
    void SetUp() override {
        auto host = Host::open();
        if (!host) {
            GTEST_SKIP() << host.error().message();
        }
        ASSERT_TRUE(memory_.add_ram(Gpa{0}, std::move(memory::RamBlock::allocate(1 << 20).value()), "ram"));
        ASSERT_TRUE(memory_.add_mmio(Gpa{0xd0000000}, 0x1000, registers_, "registers"));
        ASSERT_TRUE(ports_.add(0x500, 0x10, recorder_, "recorder"));
        auto machine = Machine::create(std::move(*host));
        ASSERT_TRUE(machine) << machine.error().message();
        machine_ = std::move(*machine);
        ASSERT_TRUE(machine_->set_memory(memory_, [](const Error&) { FAIL(); }));
        const auto processor = machine_->host().possible_processor();
        ASSERT_TRUE(processor) << processor.error().message();
        auto vcpu = KvmVcpu::create(*machine_, 0, *processor, {&ports_, this});
        ASSERT_TRUE(vcpu) << vcpu.error().message();
        vcpu_ = std::move(*vcpu);
    }

    void processor_shut_down(unsigned) override {
        shut_down_ = true;
        vcpu_->request_stop();
    }
    void processor_failed(unsigned, const Error& error) override {
        failure_ = error.message();
        vcpu_->request_stop();
    }

    /// 32-bit code; runs until `enough` or for ten seconds.
    template <class Enough>
    void run(std::span<const u8> code, Enough enough) {
        ASSERT_TRUE(memory_.copy_out(Gpa{kCode}, code));
        vcpu_->reset(kCode, 0x1234);
        go_on(enough);
    }
    template <class Enough>
    void go_on(Enough enough) {
        std::thread thread([this] { reason_ = vcpu_->run(); });
        const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
        while (!enough() && std::chrono::steady_clock::now() < end) {
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
        vcpu_->request_stop();
        thread.join();
    }
    u32 word(u64 address) {
        std::array<u8, 4> bytes{};
        EXPECT_TRUE(memory_.copy_in(Gpa{address}, bytes));
        return static_cast<u32>(bytes[0] | bytes[1] << 8 | bytes[2] << 16 | bytes[3] << 24);
    }

    memory::AddressMap memory_;
    memory::PortMap ports_;
    Recorder recorder_;
    Recorder registers_;
    std::unique_ptr<Machine> machine_;
    std::unique_ptr<KvmVcpu> vcpu_;
    accel::StopReason reason_ = accel::StopReason::debug;
    bool shut_down_ = false;
    std::string failure_;
};

TEST_F(Kvm, PortsMemoryAndStopping) {
    // mov dx,0x504; in al,dx; mov [0x2000],eax; mov eax,ebx; out dx,ax; mov [0xd0000010],eax; mov eax,[0xd0000020];
    // mov [0x2004],eax; mov dword [0x2008],1; hlt; jmp $-1
    const u8 code[] = {0x66, 0xba, 0x04, 0x05, 0xec, 0xa3, 0x00, 0x20, 0x00, 0x00, 0x89, 0xd8, 0x66, 0xef,
                       0xa3, 0x10, 0x00, 0x00, 0xd0, 0xa1, 0x20, 0x00, 0x00, 0xd0, 0xa3, 0x04, 0x20, 0x00,
                       0x00, 0xc7, 0x05, 0x08, 0x20, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0xf4, 0xeb, 0xfd};
    run(code, [this] { return word(0x2008) == 1; });
    EXPECT_EQ(reason_, accel::StopReason::requested);
    EXPECT_EQ(failure_, "");
    EXPECT_EQ(word(0x2000), 0x2bad'b0a4u);
    EXPECT_EQ(word(0x2004), 0xc0u);
    EXPECT_EQ(recorder_.written, (std::vector<u64>{0x1234 | u64{4} << 32 | u64{2} << 40}));
    EXPECT_EQ(registers_.written, (std::vector<u64>{0x1234 | u64{0x10} << 32 | u64{4} << 40}));
    EXPECT_NE(vcpu_->describe_registers().find("RBX=0000000000001234"), std::string::npos);
    // Again from the start, as after a reset.
    ASSERT_TRUE(memory_.copy_out(Gpa{0x2008}, std::array<u8, 4>{}));
    vcpu_->reset(kCode, 0x4321);
    go_on([this] { return word(0x2008) == 1; });
    EXPECT_EQ(recorder_.written.back(), 0x4321 | u64{4} << 32 | u64{2} << 40);
}

TEST_F(Kvm, BeginsAtTheResetVector) {
    vcpu_->reset(accel::kX86ResetVector, 0);
    const std::string text = vcpu_->describe_registers();
    EXPECT_NE(text.find("RIP=000000000000fff0"), std::string::npos) << text;
    EXPECT_NE(text.find("CS  =f000 00000000ffff0000"), std::string::npos) << text;
}

TEST_F(Kvm, TripleFaultShutsDown) {
    // lidt [0x3000], whose limit is 0; ud2
    const u8 code[] = {0x0f, 0x01, 0x1d, 0x00, 0x30, 0x00, 0x00, 0x0f, 0x0b};
    run(code, [this] { return shut_down_; });
    EXPECT_TRUE(shut_down_);
    EXPECT_EQ(reason_, accel::StopReason::requested);
}

TEST_F(Kvm, StopsAThousandTimesInALoop) {
    const u8 code[] = {0xff, 0x05, 0x00, 0x20, 0x00, 0x00, 0xeb, 0xf8};  // inc dword [0x2000]; jmp back
    run(code, [this] { return word(0x2000) != 0; });
    for (int round = 0; round < 1000; ++round) {
        std::thread thread([this] { reason_ = vcpu_->run(); });
        vcpu_->request_stop();
        thread.join();
        ASSERT_EQ(reason_, accel::StopReason::requested);
    }
}

/// A GDT at 0x4000 with flat segments at 0x10 and 0x18; an IDT at 0x3000 whose vector 0x34 is at 0x1100. Code loads
/// them from 0x5000 and 0x5006.
void place_tables(memory::AddressMap& memory) {
    const u8 gdt[] = {0,    0,    0, 0, 0, 0,    0,    0, 0,    0,    0, 0, 0, 0,    0,    0,
                      0xff, 0xff, 0, 0, 0, 0x9b, 0xcf, 0, 0xff, 0xff, 0, 0, 0, 0x93, 0xcf, 0};
    const u8 pointers[] = {0x1f, 0, 0x00, 0x40, 0, 0, 0xff, 0x01, 0x00, 0x30, 0, 0};
    const u8 gate[] = {0x00, 0x11, 0x10, 0, 0, 0x8e, 0, 0};
    ASSERT_TRUE(memory.copy_out(Gpa{0x4000}, gdt));
    ASSERT_TRUE(memory.copy_out(Gpa{0x5000}, pointers));
    ASSERT_TRUE(memory.copy_out(Gpa{0x3000 + 0x34 * 8}, gate));
}

TEST_F(Kvm, InterruptsArrive) {
    place_tables(memory_);
    // It does not return: not every KVM can emulate that in protected mode. inc [0x2000]; EOI; add esp,12; sti; hlt;
    // jmp.
    const u8 handler[] = {0xff, 0x05, 0x00, 0x20, 0x00, 0x00, 0xb0, 0x20, 0xe6,
                          0x20, 0x83, 0xc4, 0x0c, 0xfb, 0xf4, 0xeb, 0xfd};
    ASSERT_TRUE(memory_.copy_out(Gpa{0x1100}, handler));
    const u8 code[] = {
        0xbc, 0x00, 0x80, 0x00, 0x00, 0x0f, 0x01, 0x15, 0x00, 0x50, 0x00, 0x00,  // mov esp; lgdt [0x5000]
        0x0f, 0x01, 0x1d, 0x06, 0x50, 0x00, 0x00,                                // lidt [0x5006]
        0xb0, 0x11, 0xe6, 0x20, 0xb0, 0x30, 0xe6, 0x21, 0xb0, 0x04, 0xe6, 0x21,  // ICW1 to ICW3: from 0x30
        0xb0, 0x01, 0xe6, 0x21, 0xb0, 0xef, 0xe6, 0x21,                          // ICW4, all but IRQ 4 masked
        0xb8, 0x01, 0x00, 0x00, 0x00, 0xa3, 0x04, 0x20, 0x00, 0x00,              // [0x2004] = 1
        0xfb, 0xf4, 0xeb, 0xfd};                                                 // sti; hlt; jmp
    const Wire line = machine_->interrupt(4);
    int raised = 0;
    run(code, [&] {
        if (word(0x2004) == 1 && word(0x2000) == static_cast<u32>(raised) && raised < 5) {
            line.set(true);
            line.set(false);
            ++raised;
        }
        return word(0x2000) == 5;
    });
    EXPECT_EQ(word(0x2000), 5u) << vcpu_->describe_registers();
    EXPECT_EQ(failure_, "");
}

TEST_F(Kvm, MessagesArrive) {
    place_tables(memory_);
    // inc [0x2000]; EOI: [0xfee000b0] = eax; add esp,12; sti; hlt; jmp.
    const u8 handler[] = {0xff, 0x05, 0x00, 0x20, 0x00, 0x00, 0xa3, 0xb0, 0x00,
                          0xe0, 0xfe, 0x83, 0xc4, 0x0c, 0xfb, 0xf4, 0xeb, 0xfd};
    ASSERT_TRUE(memory_.copy_out(Gpa{0x1100}, handler));
    const u8 code[] = {0xbc, 0x00, 0x80, 0x00, 0x00, 0x0f, 0x01, 0x15, 0x00, 0x50,
                       0x00, 0x00,                                                  // mov esp; lgdt [0x5000]
                       0x0f, 0x01, 0x1d, 0x06, 0x50, 0x00, 0x00,                    // lidt [0x5006]
                       0xb8, 0xff, 0x01, 0x00, 0x00, 0xa3, 0xf0, 0x00, 0xe0, 0xfe,  // the APIC on
                       0xb8, 0x01, 0x00, 0x00, 0x00, 0xa3, 0x04, 0x20, 0x00, 0x00,  // [0x2004] = 1
                       0xfb, 0xf4, 0xeb, 0xfd};                                     // sti; hlt; jmp
    int sent = 0;
    run(code, [&] {
        if (word(0x2004) == 1 && word(0x2000) == static_cast<u32>(sent) && sent < 5) {
            machine_->signal_message(0x1'fee0'0000, 0x34);  // to none that there is
            machine_->signal_message(0xfed0'0000, 0x34);
            machine_->signal_message(0xfee0'0000, 0x34);
            ++sent;
        }
        return word(0x2000) == 5;
    });
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    EXPECT_EQ(word(0x2000), 5u) << vcpu_->describe_registers();
    EXPECT_EQ(failure_, "");
}

TEST_F(Kvm, RegistersAreReadAndChanged) {
    vcpu_->reset(kCode, 0x1234);
    auto state = vcpu_->read_state();
    ASSERT_TRUE(state) << state.error().message();
    EXPECT_EQ(state->rip, kCode);
    EXPECT_EQ(state->general[3], 0x1234u);
    EXPECT_EQ(state->segments[x86::cs], (x86::Segment{0, 0xffff'ffff, 0x10, 0xc09b}));
    EXPECT_EQ(state->fp.control, 0x37fu);
    for (unsigned number = 0; number < 16; ++number) {
        state->general[number] = 0x1000 + number;
        state->fp.xmm[number].fill(static_cast<u8>(number));
    }
    state->fp.st[1][9] = 0x40;
    state->segments[x86::fs] = {0x5'0000, 0xffff, 0x18, 0x4093};
    state->gdt = {0x4000, 0x1f};
    state->cr2 = 0x99;
    ASSERT_TRUE(vcpu_->write_state(*state));
    const auto again = vcpu_->read_state();
    ASSERT_TRUE(again);
    EXPECT_TRUE(*again == *state);
}

TEST_F(Kvm, StopsForADebugger) {
    // inc eax; inc ebx; inc ecx; inc edx; jmp back
    const u8 code[] = {0x40, 0x43, 0x41, 0x42, 0xeb, 0xfa};
    ASSERT_TRUE(memory_.copy_out(Gpa{kCode}, code));
    vcpu_->reset(kCode, 0);
    using Event = accel::DebugEvent::Kind;
    const auto stops_at = [&](Event kind, u64 where) {
        EXPECT_EQ(vcpu_->run(), accel::StopReason::debug);
        EXPECT_EQ(vcpu_->debug_event().kind, kind);
        EXPECT_EQ(vcpu_->read_state()->rip, where);
    };
    accel::DebugOrders step;
    step.step = true;
    vcpu_->set_debug_orders(step);
    stops_at(Event::step, kCode + 1);
    stops_at(Event::step, kCode + 2);
    vcpu_->set_debug_orders({.points = {{kCode, kCode + 3}, {}}});
    stops_at(Event::breakpoint, kCode + 3);
    // More than there are registers for.
    vcpu_->set_debug_orders({.points = {{kCode, 1, 2, 3, 4, 5}, {}}});
    vcpu_->set_debug_orders({.points = {{1, 2, 3, 4, 5, kCode + 1}, {}}});
    stops_at(Event::breakpoint, kCode + 1);
    vcpu_->set_debug_orders({});
    vcpu_->request_stop();
    EXPECT_EQ(vcpu_->run(), accel::StopReason::requested);
}

TEST_F(Kvm, TimeStandsStillWithTheMachine) {
    const u8 code[] = {0xeb, 0xfe};  // jmp $
    ASSERT_TRUE(memory_.copy_out(Gpa{kCode}, code));
    vcpu_->reset(kCode, 0);
    const auto run_shortly = [this] {
        vcpu_->request_stop();
        EXPECT_EQ(vcpu_->run(), accel::StopReason::requested);
        const auto now = machine_->clock().now();
        EXPECT_TRUE(now);
        return now.value_or(0);
    };
    constexpr u64 kPauseNs = 200'000'000;
    u64 least = ~u64{0};
    // On a busy host it may take some time to run even shortly.
    for (int attempt = 0; attempt < 5 && least >= kPauseNs / 2; ++attempt) {
        const u64 before = run_shortly();
        std::this_thread::sleep_for(std::chrono::nanoseconds(kPauseNs));
        least = std::min(least, run_shortly() - before);
    }
    EXPECT_LT(least, kPauseNs / 2);
}

TEST(KvmHost, SaysWhatToDo) {
    const auto missing = Host::open("/dev/kvm-that-is-not-there");
    ASSERT_FALSE(missing);
    EXPECT_NE(missing.error().cure.find("modprobe kvm_intel"), std::string::npos);
    const auto other = Host::open("/dev/null");
    ASSERT_FALSE(other);
    EXPECT_NE(other.error().what.find("not KVM"), std::string::npos);
}

}  // namespace
}  // namespace kelvin::kvm
