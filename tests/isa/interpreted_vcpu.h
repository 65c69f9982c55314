// SPDX-License-Identifier: Apache-2.0
// A vCPU that interprets IR, one lifted region after another: no TLB, no code cache, each access walks the tables.
// Slow, and too simple to be wrong in the ways that a translator is.
#pragma once

#include <atomic>
#include <vector>

#include "accel/accelerator.h"
#include "cpu/arm64/cpu.h"
#include "ir/interpreter.h"
#include "lift/arm64/translate.h"

namespace kelvin::isa {

class InterpretedVcpu final : public accel::Arm64Vcpu, public arm64::CpuEvents, public ir::MemoryPort {
  public:
    InterpretedVcpu(memory::AddressMap& memory, const arm64::Model& model, const accel::Arm64Ports& ports);

    ~InterpretedVcpu() override;

    accel::StopReason run() override;
    void request_stop() override { stop_ = true; }
    Wire irq() override { return wire_to<&InterpretedVcpu::set_irq>(*this); }
    Wire fiq() override { return wire_to<&InterpretedVcpu::set_fiq>(*this); }
    void reset(u64 entry, u64 argument) override;
    std::string describe_registers() const override;
    arm64::Cpu& arm64_cpu() override { return cpu_; }
    bool is_waiting() const override { return false; }
    // No debugger is ever connected to it.
    void set_debug_orders(const accel::DebugOrders&) override {}
    const accel::DebugEvent& debug_event() const override { return debug_event_; }

    void tlb_flush_all(bool) override {}
    void tlb_flush_asid(u16, bool) override {}
    void tlb_flush_pages(Gva, u64, u64, std::optional<u16>, bool) override {}
    void complete_flushes() override {}
    void translation_changed() override {}
    // Exceptions and returns from them come through here, and these clear the monitor (ARM ARM B2.12.2).
    void mode_changed() override { exclusive_ = false; }
    void interrupts_unmasked() override {}
    void wait_for_interrupt(i64 deadline_ns) override { wait_until_ = deadline_ns; }
    // An event may always be pending; if its time is to be exact, only where the monitor is set.
    void wait_for_event(i64 deadline_ns) override {
        wait_until_ = instructions_ != nullptr && !exclusive_ ? deadline_ns : 0;
    }
    void send_event() override {}
    bool firmware_call(bool) override { return false; }

    bool load(u64 address, ir::MemInfo info, V128& value) override;
    bool store(u64 address, ir::MemInfo info, const V128& value) override;
    bool load_exclusive(u64 address, ir::MemInfo info, V128& value) override;
    bool store_exclusive(u64 address, ir::MemInfo info, const V128& value, u32& failed) override;
    void clear_exclusive() override { exclusive_ = false; }
    bool atomic_rmw(u64 address, ir::MemInfo info, ir::AtomicKind kind, u64 operand, u64& old) override;
    bool compare_and_swap(u64 address, ir::MemInfo info, const V128& expected, const V128& desired, V128& old) override;

  private:
    void set_irq(bool level) { cpu_.set_interrupt(arm64::Interrupt::irq, level); }
    void set_fiq(bool level) { cpu_.set_interrupt(arm64::Interrupt::fiq, level); }
    bool check(u64 address, ir::MemInfo info, arm64::Access access, bool atomic);
    void raise(u8 status, u64 address, arm64::AccessType type, ir::MemInfo info = {});
    void take_abort(arm64::Fault fault, ir::MemInfo info);
    bool translate(u64 address, arm64::AccessType type, arm64::Translation& found, ir::MemInfo info = {});
    /// Moves the bytes of an access between `bytes` and memory. `atomic`: a part of an atomic or exclusive access.
    bool transfer(u64 address, ir::MemInfo info, arm64::Access access, u8* bytes, bool atomic);
    bool load_part(u64 address, ir::MemInfo info, V128& value);
    bool store_part(u64 address, ir::MemInfo info, const V128& value);
    void run_region();
    void wait();

    memory::AddressMap& memory_;
    const arm64::Model model_;
    arm64::State state_{};
    arm64::Cpu cpu_;
    arm64::Decoder decoder_;
    ir::Interpreter interpreter_;
    ir::Region region_;
    const Clock& clock_;
    InstructionClock* const instructions_;  ///< null: the time does not depend on what is executed
    InstructionBudget budget_;
    i64 wait_until_ = 0;
    accel::DebugEvent debug_event_;
    bool exclusive_ = false;
    u64 exclusive_address_ = 0;
    V128 exclusive_value_{};
    std::atomic<bool> stop_{false};
};

}  // namespace kelvin::isa
