// SPDX-License-Identifier: Apache-2.0
#include "accel/translator/vcpu.h"

#include <algorithm>
#include <thread>
#include <utility>

#include <immintrin.h>

#include <fmt/format.h>

#include "accel/translator/host_access.h"
#include "accel/translator/lockstep.h"
#include "accel/translator/translation_log.h"
#include "base/bits.h"

namespace kelvin::translator {

namespace {

constexpr u64 kPage = 4096;
/// All exceptions masked, no flushing; the rounding mode is added.
constexpr u32 kMxcsr = 0x1f80;
constexpr u32 kMxcsrSticky = 0x3f;
constexpr u32 kMxcsrFlush = 1u << 15 | 1u << 6;  // FTZ, DAZ

/// FPCR.RMode (RN RP RM RZ) as MXCSR.RC (nearest, down, up, zero), FZ as FTZ and DAZ.
u32 mxcsr_for(u32 fpcr) {
    constexpr u32 kRounding[] = {0, 2, 1, 3};
    return kMxcsr | kRounding[bits(fpcr, 23, 22)] << 13 | (bit(fpcr, 24) ? kMxcsrFlush : 0);
}

/// Time counted in instructions has timers of its own.
std::unique_ptr<ThreadTimers> make_timers(const accel::Arm64Ports& ports, Sleeper& vcpu) {
    const bool has_time = ports.timers != nullptr && ports.instructions == nullptr;
    return has_time ? std::make_unique<ThreadTimers>(*ports.timers, vcpu) : nullptr;
}

arm64::Cpu::Ports cpu_ports(const accel::Arm64Ports& ports, TimerService* timers, const memory::AddressMap& memory) {
    arm64::Cpu::Ports result;
    result.clock = ports.clock;
    result.timers = timers != nullptr ? timers : ports.timers;
    result.memory = &memory;
    result.gic = ports.gic;
    result.timer_virtual = ports.timer_virtual;
    result.timer_physical = ports.timer_physical;
    result.timer_hypervisor = ports.timer_hypervisor;
    result.timer_secure = ports.timer_secure;
    result.pmu = ports.pmu;
    return result;
}

}  // namespace

TranslatorVcpu::TranslatorVcpu(Translator& translator, unsigned index, const arm64::Model& model,
                               const accel::Arm64Ports& ports)
    : translator_(translator),
      log_(translator.log()),
      index_(index),
      firmware_(ports.firmware),
      clock_(ports.clock),
      instructions_(ports.instructions),
      model_(model),
      memory_(std::make_unique<Memory>()),
      sleeper_(memory_->runtime.kick),
      timers_(make_timers(ports, sleeper_)),
      cpu_(memory_->guest, model_, 0x80000000u | ports.affinity, cpu_ports(ports, timers_.get(), translator.memory()),
           *this),
      spaces_(memory_->runtime) {
    memory_->guest.cpu = &cpu_;
    runtime().owner = this;
    runtime().exclusive_address = ~u64{0};
    runtime().guest_mxcsr = kMxcsr;
    if (const u64 every = translator_.options().check_every; every != 0) {
        lockstep_ = std::make_unique<Lockstep>(*this, every);
    }
    if (instructions_ != nullptr) {
        instructions_->attach(runtime().budget, wire_to<&TranslatorVcpu::set_attention>(*this));
    }
    translator_.add_vcpu(*this);
}

TranslatorVcpu::~TranslatorVcpu() {
    translator_.remove_vcpu(*this);
    if (instructions_ != nullptr) {
        instructions_->detach();
    }
}

void TranslatorVcpu::reset(u64 entry, u64 argument) {
    cpu_.reset(entry);
    state().x[0] = argument;
    state().cpu = &cpu_;
    spaces_.registers_changed();
    spaces_.flush_all();
    runtime().exclusive_address = ~u64{0};
    waiting_ = false;
}

void TranslatorVcpu::begin_run() {
    translation_changed();
    if (instructions_ != nullptr) {
        instructions_->begin();
    }
    // The clock may have stood still.
    runtime().clock = {};
    if (timers_ != nullptr) {
        timers_->enter();
    }
    if (debugging_ != nullptr) {
        debugging_->forget_event();
    }
}

/// If there is one, nothing of the run is left.
std::optional<accel::StopReason> TranslatorVcpu::stop_reason() {
    const bool requested = stop_.load() && stop_.exchange(false);
    if (!requested && (debugging_ == nullptr || !debugging_->has_stopped())) {
        return std::nullopt;
    }
    leave_guest();
    if (timers_ != nullptr) {
        timers_->leave();
    }
    return requested ? accel::StopReason::requested : accel::StopReason::debug;
}

accel::StopReason TranslatorVcpu::run() {
    begin_run();
    while (true) {
        if (__atomic_load_n(&runtime().kick, __ATOMIC_RELAXED) != 0) {
            answer_kick();
        }
        if (const auto reason = stop_reason()) {
            return *reason;
        }
        if (instructions_ != nullptr) {
            instructions_->settle();
        }
        if (waiting_) {
            leave_guest();
            counters_.waits.add();
            wait();
            continue;
        }
        enter_guest();
        if (log_ != nullptr && state().exception_taken != 0) {
            log_->exception(index_, state(), false);
        }
        if (cpu_.interrupt_pending() && takes_interrupts() && cpu_.take_pending_interrupt()) {
            // As after any context synchronization event, the counter is not read early.
            runtime().clock_fence = 1;
            if (log_ != nullptr) {
                log_->exception(index_, state(), true);
            }
        }
        const bool after_exception = std::exchange(state().exception_taken, 0) != 0;
        const u8* const code = find_code(after_exception);
        if (code != nullptr) {
            run_code(code);
        }
        if (debugging_ != nullptr && (code != nullptr || state().exception_taken != 0)) {
            debugging_->instruction_done();
        }
    }
}

void TranslatorVcpu::run_code(const u8* code) {
    if (translator_.options().inject.interrupts) {
        __atomic_store_n(&runtime().kick, 1, __ATOMIC_SEQ_CST);
    }
    runtime().exit_link = 0;
    if (log_ != nullptr && log_->options().entries) {
        log_->entry(index_, state(), log_->options().registers ? describe_registers() : "");
    }
    in_code_ = true;
    translator_.backend().enter()(&state(), code);
    in_code_ = false;
    if (lockstep_ != nullptr) {
        lockstep_->after();
    }
    counters_.left(exit_reason());
}

/// Who kicks has said why before.
void TranslatorVcpu::answer_kick() {
    __atomic_store_n(&runtime().kick, 0, __ATOMIC_SEQ_CST);
    if (timers_ != nullptr && timers_->rung()) {
        timers_->fire_due();
    }
    if (runtime().missing_site > x64::kDeaf || slot_trials_ != 0) {
        translator_.judge_slots(*this);
    } else {
        runtime().missing_site = 0;
    }
}

ExecutionCounts TranslatorVcpu::counted() const {
    ExecutionCounts result{};
    for (unsigned i = 0; i < x64::kCounted; i++) {
        result[i] = __atomic_load_n(&memory_->runtime.counted[i], __ATOMIC_RELAXED);
    }
    return result;
}

ExitReason TranslatorVcpu::exit_reason() {
    if (state().exception_taken != 0) {
        return ExitReason::exception;
    }
    if (__atomic_load_n(&runtime().kick, __ATOMIC_RELAXED) != 0) {
        return ExitReason::attention;
    }
    if (runtime().exit_link != 0) {
        return ExitReason::unlinked;
    }
    const bool known = waiting_ || spaces_.current().find_jump(state().pc) != nullptr;
    return known ? ExitReason::instruction : ExitReason::missed_jump;
}

/// At once: generated code goes on after what changed the mode without coming to run().
void TranslatorVcpu::refresh_mode() {
    mode_ = arm64::current_mode(state());
    mode_.bits |= translator_.is_shared() ? arm64::Mode::kShared : 0;
    mode_.bits |= instructions_ != nullptr ? arm64::Mode::kMetered : 0;
    counters_.mode_changes.add();
    set_guest_mxcsr(mxcsr_for(mode_.fpcr()));
    spaces_.select(cpu_);
    TlbContext& context = spaces_.current();
    if (context.jump_mode != mode_.bits) {
        context.flush_jumps();
        context.jump_mode = mode_.bits;
    }
    // An exit taken before what changed the mode, an interrupt perhaps, leads elsewhere.
    runtime().exit_link = 0;
    if (log_ != nullptr) {
        __atomic_store_n(&runtime().kick, 1, __ATOMIC_SEQ_CST);
    }
}

/// Flags that the host has raised since stay: they are the guest's.
void TranslatorVcpu::set_guest_mxcsr(u32 value) {
    if ((runtime().guest_mxcsr & ~kMxcsrSticky) != value) {
        runtime().guest_mxcsr = value;
        if (in_code_) {
            _mm_setcsr(value);
        }
    }
}

const FetchEntry* TranslatorVcpu::fetch(u64 pc) {
    TlbContext& context = spaces_.current();
    const u64 page = pc & ~(kPage - 1);
    FetchEntry& entry = context.fetch_entry(page);
    if (entry.tag == page) {
        return &entry;
    }
    arm64::AccessType type;
    type.access = arm64::Access::execute;
    type.el = mode_.el();
    const arm64::TranslationResult result = arm64::translate(spaces_.regime(cpu_), translator_.memory(), Gva{pc}, type);
    if (log_ != nullptr) {
        log_->page(index_, pc, result);
    }
    if (result.faulted()) {
        cpu_.take_abort(result.fault());
        return nullptr;
    }
    const Gpa physical = result.translation().physical.page();
    const memory::PageBacking backing = translator_.memory().find_page(physical);
    if (backing.host == nullptr) {
        arm64::Fault fault;
        fault.status = arm64::fault_status::kExternal;
        fault.address = Gva{pc};
        fault.type = type;
        cpu_.take_abort(fault);
        return nullptr;
    }
    const arm64::Translation& found = result.translation();
    counters_.fetch_fills.add();
    context.fill_fetch(
        {page, physical.value, backing.host, cpu_.model().has(arm64::Feature::bti) && found.guarded, found.global});
    return &entry;
}

const u8* TranslatorVcpu::find_code(bool after_exception) {
    const u64 pc = arm64::canonical_address(spaces_.regime(cpu_), state().pc, true);
    state().pc = pc;
    if ((pc & 3) != 0) {
        spend_one();
        cpu_.take_pc_alignment_fault();
        return nullptr;
    }
    if (debugging_ != nullptr && debugging_->stops_at(pc)) {
        return nullptr;
    }
    forget_dropped_code();
    const u32 branch_type = (state().pstate & arm64::pstate::kBtypeMask) >> arm64::pstate::kBtypeShift;
    // Who comes from code may come from what has been dropped, and was led there by the jump cache.
    if (after_exception && branch_type == 0) {
        if (const u8* const known = spaces_.current().find_jump(pc)) {
            runtime().page = pc & ~(kPage - 1);
            return known;
        }
    }
    const FetchEntry* entry = fetch(pc);
    if (entry == nullptr) {
        spend_one();
        runtime().exit_link = 0;
        return nullptr;
    }
    // A link leads within the page it was made in, and that page is the one that ran last.
    const u32 link = runtime().page == entry->tag && branch_type == 0 ? runtime().exit_link : 0;
    // Another processor may be writing it.
    const u32 first = static_cast<u32>(host::load(4, entry->host + (pc & (kPage - 1))).d[0]);
    const arm64::Mode mode = arm64::entry_mode(mode_, entry->guarded, branch_type, first);
    CodeSource source{pc, entry->physical | (pc & (kPage - 1)), entry->host, mode};
    const bool debugged = debugging_ != nullptr && debugging_->is_alone(pc);
    const u8* const code = debugged                   ? debugged_code_for(source, *entry)
                           : instructions_ == nullptr ? code_for(source, *entry, link)
                                                      : metered_code_for(source, *entry, link);
    if (code == nullptr) {
        translator_.call_from_code();
        std::this_thread::yield();
        return nullptr;
    }
    // The code knows how it was branched to, and once it has begun nobody else asks.
    state().pstate &= ~arm64::pstate::kBtypeMask;
    if (!translator_.options().inject.jump_misses && !source.mode.has(arm64::Mode::kSingle | arm64::Mode::kDebugged)) {
        spaces_.current().add_jump(pc, branch_type, code);
    }
    runtime().page = entry->tag;
    // What stops in the middle is no bug.
    if (lockstep_ != nullptr && debugging_ == nullptr) {
        lockstep_->before(source, translator_.instructions_of(source));
    }
    return code;
}

const u8* TranslatorVcpu::code_for(const CodeSource& source, const FetchEntry& entry, u32 link) {
    bool first_in_page = false;
    const u8* const code = translator_.code_for(*this, source, link, first_in_page);
    if (first_in_page) {
        spaces_.revoke_writes(entry.host);
    }
    return code;
}

void TranslatorVcpu::forget_dropped_code() {
    if (runner_.arrive(translator_.epochs())) {
        spaces_.flush_jumps();
    }
}

i64 TranslatorVcpu::read_clock() {
    if (clock_ == nullptr) {
        return 0;
    }
    const i64 now = clock_->now_ns();
    if (!translator_.options().inject.slow_clock) {
        runtime().clock = clock_->stretch();
    }
    return now;
}

void TranslatorVcpu::set_interrupt(arm64::Interrupt line, bool level) {
    if (cpu_.set_interrupt(line, level)) {
        kick();
    }
}

void TranslatorVcpu::interrupts_unmasked() {
    if (cpu_.interrupt_pending()) {
        __atomic_store_n(&runtime().kick, 1, __ATOMIC_SEQ_CST);
    }
}

void TranslatorVcpu::mode_changed() {
    // Exceptions and returns from them come through here, and these clear the local monitor (ARM ARM B2.12.2).
    runtime().exclusive_address = ~u64{0};
    refresh_mode();
}

void TranslatorVcpu::translation_changed() {
    spaces_.registers_changed();
    refresh_mode();
}

bool TranslatorVcpu::firmware_call(bool smc) {
    if (firmware_ == nullptr) {
        return false;
    }
    u64 registers[8];
    std::copy_n(state().x, 8, registers);
    if (!firmware_->call(index_, smc, registers)) {
        return false;
    }
    std::copy_n(registers, 4, state().x);
    return true;
}

std::string TranslatorVcpu::describe_registers() const {
    const arm64::State& s = memory_->guest;
    std::string text = fmt::format("PC={:016x} SP={:016x} PSTATE={:08x} EL{}\n", s.pc, s.sp, s.pstate | s.nzcv(),
                                   static_cast<unsigned>(s.el()));
    for (unsigned i = 0; i < 31; i++) {
        text += fmt::format("X{:02}={:016x}{}", i, s.x[i], i % 4 == 3 || i == 30 ? "\n" : " ");
    }
    return text;
}

}  // namespace kelvin::translator
