// SPDX-License-Identifier: Apache-2.0
#include "differential/lifted.h"

#include <cpuid.h>

#include <csignal>
#include <cstring>

#include "accel/translator/slot_trials.h"
#include "base/bits.h"
#include "cpu/arm64/pointer_signing.h"
#include "lift/arm64/lifter.h"

namespace kelvin::differential {

namespace {

constexpr u64 kPage = 4096;
/// Regions of one case; more is an endless loop, which no case contains.
constexpr unsigned kMostRegions = 32;

/// SCTLR_EL1 as Linux sets it for programs: DZE, UCT, nTWI, nTWE, UCI.
constexpr u64 kSctlr = 1u << 14 | 1u << 15 | 1u << 16 | 1u << 18 | 1u << 26;
constexpr u64 kTcrTbi0 = u64{1} << 37;
constexpr u64 kVectors = u64{1} << 52;  // no case's code is there

/// FPCR.RMode (RN RP RM RZ) as MXCSR.RC (nearest, down, up, zero), FZ as FTZ and DAZ, exceptions masked.
u32 mxcsr_for(u32 fpcr) {
    constexpr u32 kRounding[] = {0, 2, 1, 3};
    return 0x1f80 | kRounding[bits(fpcr, 23, 22)] << 13 | (bit(fpcr, 24) ? 0x8040u : 0u);
}

bool exception_taken(void* state) {
    return static_cast<arm64::State*>(state)->exception_taken != 0;
}

/// The signal that Linux sends for the exception of `esr`.
u64 signal_for(u64 esr) {
    switch (esr >> 26) {
        case 0x00:
        case 0x18:
            return SIGILL;
        case 0x24:
            return (esr & 0x3f) == arm64::fault_status::kAlignment ? SIGBUS : SIGSEGV;
        default:
            return kOtherExceptions + (esr >> 26);
    }
}

/// Code that was run has been overwritten through another mapping: what was fetched of it must be forgotten (Intel SDM
/// 3A 9.1.3).
void serialize() {
    u32 eax = 0, ebx = 0, ecx = 0, edx = 0;
    __cpuid(0, eax, ebx, ecx, edx);
}

}  // namespace

Lifted::Lifted(const arm64::Model& model, const arm64::Decoder& decoder, translator::CodeCache& cache,
               const x64::HostFeatures& host, const accel::Injections& injected)
    : injected_(injected),
      model_(model),
      decoder_(decoder),
      cache_(cache),
      processor_(model),
      window_(processor_, !injected.slow_memory),
      backend_(arm64::guest_desc(), Window::runtime_calls(), cache.stubs(), host,
               injected.slot_misses ? x64::SlotUse::never : x64::SlotUse::normal),
      interpreter_(&processor_.state(), &processor_.state(), window_),
      page_(kPage) {}

void Lifted::begin(const Case& in, std::span<const u32> words) {
    arm64::State& state = processor_.state();
    std::memcpy(state.x, in.x, sizeof state.x);
    std::memcpy(state.v, in.v, sizeof state.v);
    state.sp = in.sp;
    state.pc = in.pc;
    state.set_nzcv(static_cast<u32>(in.nzcv));
    state.fpcr = static_cast<u32>(in.fpcr);
    state.fpsr = static_cast<u32>(in.fpsr);
    state.pstate = 0;
    state.exception_taken = 0;
    state.cpacr = environment_.fp_trapped ? 0 : 3u << 20;
    state.sctlr[1] = kSctlr | u64{environment_.aligned} << 1 | u64{environment_.stack_aligned} << 4 |
                     u64{environment_.big_endian} << 24;
    state.tcr[1] = kTcrTbi0;
    arm64::derive_code_bits(state);
    state.vbar[1] = kVectors;
    window_.set(in.memory);
    window_.clear_exclusive();
    window_.constrained = false;
    window_.bases = 0;
    std::memcpy(page_.data() + in.pc % kPage, words.data(), words.size_bytes());
}

Case Lifted::finish(const Case& in) {
    const arm64::State& state = processor_.state();
    Case out = in;
    std::memcpy(out.x, state.x, sizeof state.x);
    std::memcpy(out.v, state.v, sizeof state.v);
    const bool taken = state.exception_taken != 0;
    out.sp = taken ? state.sp_el[0] : state.sp;
    out.pc = taken ? state.elr[1] : arm64::canonical_address(processor_.cpu().regime(), state.pc, true);
    out.signal = taken ? signal_for(state.esr[1]) : 0;
    out.fault = taken ? state.far[1] : 0;
    out.nzcv = state.nzcv();
    out.fpcr = state.fpcr;
    out.fpsr = state.fpsr;
    window_.get(out.memory);
    return out;
}

bool Lifted::running(u64 start, u64 end) const {
    const arm64::State& state = const_cast<Lifted*>(this)->processor_.state();
    return state.exception_taken == 0 && state.pc >= start && state.pc < end;
}

void Lifted::lift(u64 end, unsigned most, const ir::BuilderOptions& options) {
    const arm64::State& state = processor_.state();
    const unsigned left = static_cast<unsigned>((end - state.pc) / 4);
    arm64::lift_region(region_, decoder_, model_, arm64::current_mode(state), page_,
                       static_cast<unsigned>(state.pc % kPage), {left < most ? left : most}, options);
}

Case Lifted::interpret(const Case& in, std::span<const u32> words) {
    begin(in, words);
    arm64::State& state = processor_.state();
    const u64 end = in.pc + words.size_bytes();
    const ir::BuilderOptions plain{false, false, false, false};
    for (unsigned i = 0; i < kMostRegions && running(in.pc, end); i++) {
        lift(end, CASE_MOST_WORDS, plain);
        const ir::RegionExit exit = interpreter_.run(region_, align_down(state.pc, kPage), &exception_taken);
        if (exit.kind == ir::RegionExit::Kind::direct || exit.kind == ir::RegionExit::Kind::indirect) {
            state.pc = exit.pc;
        }
    }
    return finish(in);
}

x64::CompiledRegion Lifted::compile() {
    x64::SlotWatch watch;
    if (injected_.slot_trials) {
        watch = {x64::SlotWatch::Kind::trial, 0};
        processor_.runtime().trials[0] = {.entries_left = x64::kTrialEntries, .misses = {}};
    }
    return backend_.compile(region_, cache_.free_space(), 1, watch);
}

void Lifted::run_compiled() {
    arm64::State& state = processor_.state();
    x64::Runtime& runtime = processor_.runtime();
    x64::CompiledRegion code = compile();
    if (code.size == 0) {
        cache_.advance();
        serialize();
        code = compile();
        KELVIN_ASSERT(code.size != 0);
    }
    const x64::CodeBuffer buffer = cache_.free_space();
    cache_.commit(code.size);
    runtime.page = align_down(state.pc, kPage);
    runtime.guest_mxcsr = mxcsr_for(state.fpcr);
    backend_.enter()(&state, buffer.write + buffer.rw_to_rx);
}

Case Lifted::compiled(const Case& in, std::span<const u32> words, const CompileChoices& choices) {
    begin(in, words);
    const arm64::State& state = processor_.state();
    window_.reset_tlb(choices.tlb_filled);
    const u64 end = in.pc + words.size_bytes();
    for (unsigned i = 0; i < kMostRegions && running(in.pc, end); i++) {
        lift(end, choices.whole && !injected_.short_regions ? CASE_MOST_WORDS : 1, choices.builder);
        if (choices.passes) {
            pass::PassSet::all().run(region_, scratch_);
        }
        if (injected_.no_slots) {
            translator::mark_scattered(region_, state.pc % kPage, ~u64{0});
        }
        run_compiled();
    }
    return finish(in);
}

}  // namespace kelvin::differential
