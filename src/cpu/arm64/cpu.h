// SPDX-License-Identifier: Apache-2.0
// One AArch64 processor as the architecture describes it, without a word on how its instructions are executed: system
// registers, exceptions and privilege, address translation, timers. Accelerators own one per vCPU.
#pragma once

#include <atomic>
#include <memory>
#include <optional>

#include "base/clock.h"
#include "base/wire.h"
#include "cpu/arm64/exception_counts.h"
#include "cpu/arm64/gic_cpu_interface.h"
#include "cpu/arm64/model.h"
#include "cpu/arm64/state.h"
#include "cpu/arm64/translation.h"

namespace kelvin::arm64 {

/// What a processor tells the accelerator that runs it. All calls come from the vCPU's own thread.
class CpuEvents {
  public:
    virtual ~CpuEvents() = default;

    /// Translations of the EL1&0 regime are stale. `everywhere` = the inner-shareable forms: every vCPU.
    virtual void tlb_flush_all(bool everywhere) = 0;
    virtual void tlb_flush_asid(u16 asid, bool everywhere) = 0;
    /// `count` pages of `page_size` from `address`. `asid` empty: any address space (global entries included).
    virtual void tlb_flush_pages(Gva address, u64 page_size, u64 count, std::optional<u16> asid, bool everywhere) = 0;
    /// DSB: when it returns, the flushes that went to every vCPU have been done there.
    virtual void complete_flushes() = 0;
    /// SCTLR, TCR, TTBRn, CONTEXTIDR, HCR... have changed: how addresses are translated may have too.
    virtual void translation_changed() = 0;
    /// PSTATE or a control bit that code is specialised on has changed (EL, FPCR, CPACR, alignment, PAN, single
    /// step...).
    virtual void mode_changed() = 0;
    /// PSTATE.{D,A,I,F} were lowered, or an interrupt may be taken now: look before the next instruction.
    virtual void interrupts_unmasked() = 0;
    /// WFI: do not run on until an interrupt is pending (masked or not) or the clock is at `deadline_ns`.
    virtual void wait_for_interrupt(i64 deadline_ns) = 0;
    /// WFE, likewise until an interrupt is pending or the event register is set. Either may end early.
    virtual void wait_for_event(i64 deadline_ns) = 0;
    /// SEV: sets the event registers of all processors, this one's too.
    virtual void send_event() = 0;
    /// HVC (or SMC) taken by the machine's firmware interface: arguments and results in x0-x3. False: nobody answers,
    /// UNDEFINED.
    virtual bool firmware_call(bool smc) = 0;
};

enum class Interrupt : u8 { irq, fiq, serror };

class GenericTimers;
class Pmu;
struct SystemRegister;

class Cpu {
  public:
    struct Ports {
        const Clock* clock = nullptr;                ///< drives the counter
        TimerService* timers = nullptr;              ///< for compare events
        const memory::AddressMap* memory = nullptr;  ///< for AT and cache maintenance, which walk tables
        GicCpuInterface* gic = nullptr;  ///< null: no system-register interface (GICv2), ICC registers are UNDEFINED
        Wire timer_virtual, timer_physical, timer_hypervisor, timer_secure;  ///< PPI 11, 14, 10, 13
        Wire pmu;                                                            ///< PPI 7
    };

    Cpu(State& state, const Model& model, u32 mpidr, const Ports& ports, CpuEvents& events);
    ~Cpu();
    Cpu(const Cpu&) = delete;
    Cpu& operator=(const Cpu&) = delete;

    /// Cold reset: as the manual's TakeReset to the highest implemented level (EL1 here), pc = `entry`.
    void reset(u64 entry);

    State& state() { return state_; }
    const Model& model() const { return model_; }
    /// Taken so far; any thread.
    const ExceptionCounts& exception_counts() const { return exception_counts_; }
    CpuEvents& events() { return events_; }
    u32 mpidr() const { return mpidr_; }

    // Exceptions. Each sets ELR, SPSR, ESR, FAR, PSTATE, SP and pc as AArch64.TakeException does. `state().pc` must be
    // the preferred return address (for faults: of the faulting instruction) when they are called.
    /// A synchronous exception with `ec` and `iss` (IL = 1 unless said) to the level that takes it.
    void take_exception(u8 exception_class, u32 iss, std::optional<u64> far = {}, bool il = true);
    void take_undefined() { take_exception(0x00, 0); }
    /// SVC, HVC, SMC, BRK: pc is of the instruction itself; the return address is set as the manual says.
    void take_supervisor_call(u16 immediate);
    void take_hypervisor_call(u16 immediate);
    void take_secure_monitor_call(u16 immediate);
    void take_breakpoint_instruction(u16 immediate);
    /// A data or instruction abort from `fault`.
    void take_abort(const Fault& fault);
    /// An instruction fetch from a pc that is not a multiple of 4.
    void take_pc_alignment_fault();
    void take_sp_alignment_fault();
    /// FP or SIMD where CPACR_EL1.FPEN forbids it.
    void take_fp_access_trap();
    /// BTI: a branch to an instruction that PSTATE.BTYPE does not allow in a guarded page.
    void take_branch_target_exception();
    /// The software step exception, in place of an instruction.
    void take_software_step();
    /// The stepped instruction is done: the step exception is due. `exclusive`: it was a load-exclusive.
    void end_software_step(bool exclusive);
    /// MDSCR_EL1.SS is in force: with PSTATE.SS set one instruction may run (and clears it), else step is taken at
    /// once.
    bool software_step_active() const;
    /// A breakpoint may match where the processor is: check_breakpoints() before each instruction.
    bool breakpoints_active() const;
    /// Takes the breakpoint exception if one matches at the pc.
    void check_breakpoints();
    /// A watchpoint lies in the 4 KiB page of `address`, whoever it may apply to now.
    bool is_page_watched(u64 address) const;
    /// Takes the watchpoint exception, and returns true, if one matches an access of `type` to `size` bytes.
    /// `atomic`: it both reads and writes.
    bool check_watchpoints(u64 address, unsigned size, const AccessType& type, bool atomic);
    /// Likewise for DC IVAC, which alone among the instructions of cache maintenance is watched: as a store to the line
    /// of `address` (D2.9).
    bool check_invalidation_watchpoints(u64 address);
    /// ERET to ELR, or for ERETAA and ERETAB to `target`, the authenticated ELR. An illegal return (ARM ARM D1.4.5)
    /// takes the Illegal Execution state exception from there at once.
    void exception_return(std::optional<u64> target = {});
    /// Takes a pending, unmasked interrupt if there is one; true if it did. pc = where execution would go on.
    bool take_pending_interrupt();
    /// True if an interrupt is pending, whatever the masks: WFI ends.
    bool interrupt_pending() const { return pending() != 0; }

    bool interrupt_level(Interrupt line) const { return (pending() >> static_cast<unsigned>(line) & 1) != 0; }

    /// Levels from the interrupt controller; any thread. Returns true if a line went from low to high.
    bool set_interrupt(Interrupt line, bool level);

    // System registers, by encoding op0:op1:CRn:CRm:op2 (bits 15:0 as in MRS's bits 20:5, op0's top bit included:
    // 2+o0). Access that is trapped or undefined raises the exception (pc must be exact) and returns false.
    bool read_system_register(u16 encoding, u64& value, u8 rt);
    bool write_system_register(u16 encoding, u64 value, u8 rt);
    /// Whether the access would go ahead; if not, its exception has been taken. For what the lifter does itself, such
    /// as DC ZVA at EL0.
    bool may_access(u16 encoding, bool write, u8 rt) { return find_accessible(encoding, write, rt) != nullptr; }
    /// SYS: TLBI, AT, IC, DC. Cache maintenance that faults raises.
    bool system_instruction(u16 encoding, u64 value, u8 rt);
    /// MSR (immediate): PSTATE fields by op1:op2.
    bool write_pstate_field(u8 op1, u8 op2, u8 immediate);
    /// WFI, or WFIT, which waits until the counter has reached `until` at most: waits unless an interrupt is pending,
    /// or takes the trap of SCTLR_EL1. The pc is then where execution goes on. `rt`: the register of a time-out.
    void wait_for_interrupt(std::optional<u64> until = {}, u8 rt = 31);
    /// WFE and WFET, likewise for an event.
    void wait_for_event(std::optional<u64> until = {}, u8 rt = 31);

    // The event register (ARM ARM D1.6). Any thread.
    void set_event() { event_.store(true, std::memory_order_seq_cst); }
    bool event_pending() const { return event_.load(std::memory_order_seq_cst); }
    /// Clears it; true if it was set.
    bool take_event() { return event_pending() && event_.exchange(false, std::memory_order_seq_cst); }

    u64 counter() const;  ///< CNTVCT_EL0 now
    /// What the counters run with.
    i64 time_ns() const { return ports_.clock == nullptr ? 0 : ports_.clock->now_ns(); }

    /// Address translation for this processor's current registers; see translation.h.
    TranslationRegime regime() const;

    // For the system registers' hooks.
    GenericTimers& timers() { return *timers_; }
    Pmu& pmu() { return *pmu_; }
    const Ports& ports() const { return ports_; }
    /// Sets PSTATE.EL and PSTATE.SP, and swaps stack pointers.
    void select_stack(ExceptionLevel el, bool own);

  private:
    u32 pending() const { return std::atomic_ref(state_.interrupts).load(std::memory_order_acquire); }
    void enter(u64 vector_offset, u64 return_address);
    void take_synchronous(u8 exception_class, u32 iss, u64 return_address, bool il = true);
    void take_firmware_call(bool smc);
    bool debug_exceptions_enabled(ExceptionLevel from, bool masked) const;
    enum class WatchedKind : u8 { load = 1, store = 2 };  ///< DBGWCR.LSC
    bool watchpoint_matches(u64 start, unsigned size, ExceptionLevel el, WatchedKind kind) const;
    void take_watchpoint(u64 address, u32 syndrome);
    bool may_wait(bool event, std::optional<u64> until, u8 rt);
    const SystemRegister* find_accessible(u16 encoding, bool write, u8 rt);

    State& state_;
    ExceptionCounts exception_counts_;
    const Model& model_;
    u32 mpidr_;
    Ports ports_;
    CpuEvents& events_;
    std::atomic<bool> event_{false};
    u8 stepped_ = 0;  ///< what ISV and EX of a step exception say: 1 an instruction was stepped, 2 a load-exclusive
    std::unique_ptr<GenericTimers> timers_;
    std::unique_ptr<Pmu> pmu_;
};

}  // namespace kelvin::arm64
