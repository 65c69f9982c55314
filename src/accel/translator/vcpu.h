// SPDX-License-Identifier: Apache-2.0
// A vCPU that runs translated code.
#pragma once

#include <atomic>
#include <memory>

#include "accel/translator/address_spaces.h"
#include "accel/translator/debugging.h"
#include "accel/translator/translator.h"
#include "base/sleeper.h"
#include "base/thread_timers.h"
#include "cpu/arm64/cpu.h"

namespace kelvin::translator {

class Lockstep;

/// Owner thread: the one in run(), but for the methods that say so. vcpu_metering.cpp has what an InstructionClock
/// needs, vcpu_debugging.cpp what a debugger does.
class TranslatorVcpu final : public accel::Arm64Vcpu, public arm64::CpuEvents {
  public:
    TranslatorVcpu(Translator& translator, unsigned index, const arm64::Model& model, const accel::Arm64Ports& ports);
    ~TranslatorVcpu() override;

    accel::StopReason run() override;
    void request_stop() override;
    Wire irq() override { return wire_to<&TranslatorVcpu::set_irq>(*this); }
    Wire fiq() override { return wire_to<&TranslatorVcpu::set_fiq>(*this); }
    void reset(u64 entry, u64 argument) override;
    std::string describe_registers() const override;
    arm64::Cpu& arm64_cpu() override { return cpu_; }
    bool is_waiting() const override { return waiting_; }
    void set_debug_orders(const accel::DebugOrders& orders) override;
    const accel::DebugEvent& debug_event() const override;

    // arm64::CpuEvents; what concerns other vCPUs, and waiting for them, is in vcpu_sharing.cpp.
    void tlb_flush_all(bool everywhere) override;
    void tlb_flush_asid(u16 asid, bool everywhere) override;
    void tlb_flush_pages(Gva address, u64 page_size, u64 count, std::optional<u16> asid, bool everywhere) override;
    void complete_flushes() override;
    void translation_changed() override;
    void mode_changed() override;
    void interrupts_unmasked() override;
    void wait_for_interrupt(i64 deadline_ns) override { begin_wait(false, deadline_ns); }
    void wait_for_event(i64 deadline_ns) override { begin_wait(true, deadline_ns); }
    void send_event() override;
    bool firmware_call(bool smc) override;

    // For the memory paths.
    arm64::Cpu& cpu() { return cpu_; }
    arm64::State& state() { return memory_->guest; }
    x64::Runtime& runtime() { return memory_->runtime; }
    Translator& translator() { return translator_; }
    AddressSpaces& spaces() { return spaces_; }
    unsigned index() const { return index_; }
    VcpuCounters& counters() { return counters_; }
    /// How many regions it tries: see slot_trials.h.
    unsigned& slot_trials() { return slot_trials_; }
    // Any thread.
    const VcpuCounters& counters() const { return counters_; }
    ExecutionCounts counted() const;
    /// Empty if instructions are not metered.
    std::optional<u64> executed() const;
    const arm64::ExceptionCounts& exception_counts() const { return cpu_.exception_counts(); }
    /// SEV by any processor; any thread.
    void receive_event();
    /// Makes it leave generated code; any thread.
    void kick();
    /// Any thread.
    void ask(const Request& request);
    const Inbox& inbox() const { return inbox_; }
    void apply_requests();
    /// What an access is about to do must be done at an exact time, which is that of a region's last instruction. If it
    /// is another, true: the code is to be left, and the instruction is then executed again, alone.
    bool must_be_alone();
    /// By the guest or a debugger.
    bool is_page_watched(u64 address);
    /// If true, the access is not to be made, and the code is to be left.
    bool stops_for_debugger(u64 address, unsigned size, bool reads, bool writes);
    /// For generated code, which then does so itself for as long as the clock allows.
    i64 read_clock();
    const CodeEpochs::Runner& runner() const { return runner_; }

    static const x64::RuntimeCalls& runtime_calls();

  private:
    /// The runtime lies in front of the guest's state: see emit/x64/runtime.h.
    struct Memory {
        x64::Runtime runtime{};
        arm64::State guest{};
    };
    static_assert(offsetof(Memory, guest) == sizeof(x64::Runtime));

    void set_irq(bool level) { set_interrupt(arm64::Interrupt::irq, level); }
    void set_fiq(bool level) { set_interrupt(arm64::Interrupt::fiq, level); }
    void set_interrupt(arm64::Interrupt line, bool level);
    void set_attention(bool) { kick(); }
    void begin_wait(bool event, i64 deadline_ns);
    void answer_kick();
    void wait();
    void sleep();
    bool woken() const { return cpu_.interrupt_pending() || (awaits_event_ && cpu_.event_pending()); }
    void wait_metered();
    void spend_one();
    void watch_monitored();
    const u8* find_monitored();
    void flush_elsewhere(bool everywhere, const Request& request);
    void enter_guest();
    void leave_guest();
    void begin_run();
    std::optional<accel::StopReason> stop_reason();
    bool takes_interrupts() const { return debugging_ == nullptr || debugging_->takes_interrupts(); }
    void run_code(const u8* code);
    void refresh_mode();
    void set_guest_mxcsr(u32 value);
    ExitReason exit_reason();
    const u8* find_code(bool after_exception);
    const u8* code_for(const CodeSource& source, const FetchEntry& entry, u32 link);
    const u8* metered_code_for(CodeSource& source, const FetchEntry& entry, u32 link);
    const u8* debugged_code_for(CodeSource& source, const FetchEntry& entry);
    const FetchEntry* fetch(u64 pc);
    void forget_dropped_code();

    Translator& translator_;
    TranslationLog* const log_;
    const unsigned index_;
    accel::FirmwareInterface* const firmware_;
    const Clock* const clock_;
    InstructionClock* const instructions_;  ///< null: instructions are not metered
    const arm64::Model model_;
    std::unique_ptr<Memory> memory_;
    Sleeper sleeper_;                       ///< its bell is Runtime::kick
    std::unique_ptr<ThreadTimers> timers_;  ///< of the processor; null: others fire them, or nobody
    arm64::Cpu cpu_;
    AddressSpaces spaces_;
    arm64::Mode mode_;
    bool in_code_ = false;  ///< generated code runs, or has called
    bool waiting_ = false;
    bool awaits_event_ = false;  ///< while waiting: WFE
    i64 wait_deadline_ = 0;      ///< while waiting: of the clock
    bool alone_ = false;         ///< the next instruction is to be executed by itself
    CodeEpochs::Runner runner_;
    std::unique_ptr<Lockstep> lockstep_;    ///< null: nothing is checked
    std::unique_ptr<Debugging> debugging_;  ///< null: no debugger wants anything
    VcpuCounters counters_;
    unsigned slot_trials_ = 0;
    Inbox inbox_;
    bool flushes_sent_ = false;  ///< to other vCPUs, since the last DSB

    std::atomic<bool> stop_{false};
};

}  // namespace kelvin::translator
