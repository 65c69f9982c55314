// SPDX-License-Identifier: Apache-2.0
#include "cpu/arm64/cpu.h"

#include <algorithm>
#include <cstddef>

#include "base/bits.h"
#include "cpu/arm64/generic_timer.h"
#include "cpu/arm64/pmu.h"
#include "cpu/arm64/pointer_signing.h"
#include "cpu/arm64/system_registers.h"

namespace kelvin::arm64 {
Cpu::Cpu(State& state, const Model& model, u32 mpidr, const Ports& ports, CpuEvents& events)
    : state_(state),
      model_(model),
      mpidr_(mpidr),
      ports_(ports),
      events_(events),
      timers_(std::make_unique<GenericTimers>(ports.clock, ports.timers, model.id.cntfrq, ports.timer_virtual,
                                              ports.timer_physical)),
      pmu_(std::make_unique<Pmu>(ports.clock, ports.timers, ports.pmu, model.id.pmcr)) {
    state_.cpu = this;
}

Cpu::~Cpu() = default;

void Cpu::reset(u64 entry) {
    // All but the levels of the interrupt lines, which other threads may be setting.
    auto* const bytes = reinterpret_cast<std::byte*>(&state_);
    constexpr std::size_t kLines = offsetof(State, interrupts);
    std::fill(bytes, bytes + kLines, std::byte{});
    std::fill(bytes + kLines + sizeof state_.interrupts, bytes + sizeof state_, std::byte{});
    state_.cpu = this;
    reset_system_registers(state_, model_);
    derive_code_bits(state_);
    state_.oslar = 1;
    state_.pstate = pstate::kDaif | 1u << pstate::kElShift | pstate::kSp;
    state_.set_nzcv(0);
    state_.pc = entry;
    timers_->virtual_timer.reset();
    timers_->physical_timer.reset();
    pmu_->reset();
    events_.translation_changed();
    events_.tlb_flush_all(false);
    events_.mode_changed();
}

u64 Cpu::counter() const {
    return timers_->counter();
}

TranslationRegime Cpu::regime() const {
    const u64 sctlr = state_.sctlr[1], tcr = state_.tcr[1];
    TranslationRegime regime;
    regime.enabled = bit(sctlr, 0);
    regime.write_implies_xn = bit(sctlr, 19);
    regime.big_endian_walk = bit(sctlr, 25);
    regime.tcr = tcr;
    regime.ttbr0 = state_.ttbr0[1];
    regime.ttbr1 = state_.ttbr1[1];
    regime.mair = state_.mair[1];
    regime.physical_bits = model_.physical_bits;
    regime.hardware_access_flag = bit(tcr, 39);
    regime.hardware_dirty_state = bit(tcr, 39) && bit(tcr, 40);
    regime.enhanced_pan = bit(sctlr, 57);
    regime.has_16k = model_.has(Feature::aa64_16k);
    regime.has_small_tables = model_.has(Feature::ttst);
    return regime;
}

}  // namespace kelvin::arm64
