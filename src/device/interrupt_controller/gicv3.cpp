// SPDX-License-Identifier: Apache-2.0
#include "device/interrupt_controller/gicv3.h"

#include <algorithm>
#include <bit>

#include "base/assert.h"
#include "base/bits.h"

namespace kelvin::device {

namespace {

// Five priority bits leave 32 levels. The least binary points, which reset sets (IHI 0069 12.2.5, 12.2.6): every
// implemented bit but the last pre-empts, and Group 1 counts one higher.
constexpr u8 kLeastBinaryPoint0 = 2;
constexpr u8 kLeastBinaryPoint1 = 3;

}  // namespace

Gicv3::Gicv3(std::span<const Gicv3Cpu> cpus, const memory::Dma* dma)
    : cpus_(cpus.begin(), cpus.end()), outputs_(cpus.size()), inputs_(*this, cpu_count(), kInterrupts) {
    KELVIN_ASSERT(!cpus.empty() && cpus.size() < kAnywhere);
    for (unsigned cpu = 0; cpu < cpu_count(); ++cpu) {
        interfaces_.emplace_back(*this, cpu);
        if (dma != nullptr) {
            lpis_.emplace_back(*dma);
        }
    }
    state_.cpus.resize(cpus.size());
    reset_registers();
}

void Gicv3::reset() {
    const std::lock_guard guard(lock_);
    reset_registers();
    update_all();
}

void Gicv3::reset_registers() {
    const auto reset_bank = [](InterruptBank& bank, u32 edge) {
        const u32 level = bank.level;
        bank = InterruptBank{};
        bank.level = level;
        bank.edge = edge;
    };
    state_.control = 0;
    for (InterruptBank& bank : state_.shared) {
        reset_bank(bank, 0);
    }
    state_.routes.fill(0);
    for (CpuState& cpu : state_.cpus) {
        InterruptBank local = cpu.local;
        reset_bank(local, 0xffff);  // SGIs are edge-triggered
        cpu = CpuState{};
        cpu.local = local;
        cpu.binary_point = {kLeastBinaryPoint0, kLeastBinaryPoint1};
    }
    for (Lpis& lpis : lpis_) {
        lpis.reset();
    }
    for (unsigned spi = 0; spi < targets_.size(); ++spi) {
        resolve_route(spi);
    }
}

Gicv3::State Gicv3::save() const {
    const std::lock_guard guard(lock_);
    State state = state_;
    for (const Lpis& lpis : lpis_) {
        state.lpis.push_back(lpis.state());
    }
    return state;
}

void Gicv3::restore(const State& state) {
    const std::lock_guard guard(lock_);
    if (state.cpus.size() != cpus_.size() || state.lpis.size() != lpis_.size()) {
        return;
    }
    state_ = state;
    state_.control &= 3;
    state_.lpis.clear();
    for (unsigned cpu = 0; cpu < lpis_.size(); ++cpu) {
        lpis_[cpu].restore(state.lpis[cpu]);
    }
    for (CpuState& cpu : state_.cpus) {
        cpu.binary_point[0] = std::clamp<u8>(cpu.binary_point[0], kLeastBinaryPoint0, 7);
        cpu.binary_point[1] = std::clamp<u8>(cpu.binary_point[1], kLeastBinaryPoint1, 7);
    }
    for (unsigned spi = 0; spi < targets_.size(); ++spi) {
        resolve_route(spi);
    }
    update_all();
}

void Gicv3::drive(unsigned cpu, unsigned intid, bool level) {
    const std::lock_guard guard(lock_);
    InterruptBank& bank = bank_of(cpu, intid);
    if (bit(bank.level, intid % 32) == level) {
        return;
    }
    bank.drive(intid % 32, level);
    if (intid < 32) {
        return update(cpu);
    }
    const u16 target = targets_[intid - 32];
    if (target == kAnywhere) {
        update_all();
    } else if (target != kNowhere) {
        update(target);
    }
}

InterruptBank& Gicv3::bank_of(unsigned cpu, unsigned intid) {
    return intid < 32 ? state_.cpus[cpu].local : state_.shared[intid / 32 - 1];
}

/// Of the interrupts forwarded to `cpu` in groups that the distributor and the CPU interface enable, the most urgent;
/// among equals the lowest number (pseudocode HighestPriorityPendingInterrupt).
std::optional<Gicv3::Candidate> Gicv3::highest_pending(unsigned cpu) const {
    const CpuState& self = state_.cpus[cpu];
    const bool group0 = self.group_enable[0] && (state_.control & 1) != 0;
    const bool group1 = self.group_enable[1] && (state_.control & 2) != 0;
    std::optional<Candidate> best;
    const auto consider = [&](const InterruptBank& bank, unsigned first) {
        u32 waiting = bank.deliverable() & ((group0 ? ~bank.group : 0) | (group1 ? bank.group : 0));
        for (; waiting != 0; waiting &= waiting - 1) {
            const unsigned index = static_cast<unsigned>(std::countr_zero(waiting));
            const unsigned group = bank.group >> index & 1;
            if (best && bank.priority[index] >= best->priority) {
                continue;
            }
            const u16 target = first == 0 ? static_cast<u16>(cpu) : targets_[first + index - 32];
            if (target == cpu || (target == kAnywhere && choose_any(group) == cpu)) {
                best = Candidate{first + index, group, bank.priority[index]};
            }
        }
    };
    consider(self.local, 0);
    for (unsigned bank = 0; bank < kSharedBanks; ++bank) {
        consider(state_.shared[bank], 32 + bank * 32);
    }
    // LPIs are in Group 1 (IHI 0069 5.1), and their numbers the highest: they lose among equals.
    if (group1 && !lpis_.empty()) {
        if (const auto& lpi = lpis_[cpu].best(); lpi && (!best || lpi->priority < best->priority)) {
            best = Candidate{lpi->intid, 1, lpi->priority};
        }
    }
    return best;
}

/// The CPU that takes a 1-of-N interrupt (IHI 0069 4.2.2 leaves the choice to us): the first idle one, else the first
/// at all.
unsigned Gicv3::choose_any(unsigned group) const {
    unsigned chosen = kNowhere;
    for (unsigned cpu = 0; cpu < cpu_count(); ++cpu) {
        const CpuState& each = state_.cpus[cpu];
        if (!each.group_enable[group]) {
            continue;
        }
        if ((each.active_priorities[0][0] | each.active_priorities[1][0]) == 0) {
            return cpu;
        }
        chosen = std::min(chosen, cpu);
    }
    return chosen;
}

/// Without EL3, Group 0 is signalled as FIQ and Group 1 as IRQ (IHI 0069 4.6.2).
void Gicv3::update(unsigned cpu) {
    Output now;
    if (const auto best = highest_pending(cpu); best && preempts(state_.cpus[cpu], *best)) {
        now = {.irq = best->group == 1, .fiq = best->group == 0};
    }
    Output& driven = outputs_[cpu];
    if (now.irq != driven.irq) {
        cpus_[cpu].wires.irq.set(now.irq);
    }
    if (now.fiq != driven.fiq) {
        cpus_[cpu].wires.fiq.set(now.fiq);
    }
    driven = now;
}

void Gicv3::update_all() {
    for (unsigned cpu = 0; cpu < cpu_count(); ++cpu) {
        update(cpu);
    }
}

void Gicv3::set_lpi(unsigned cpu, u32 intid) {
    const std::lock_guard guard(lock_);
    lpis_[cpu].set_pending(intid);
    update(cpu);
}

void Gicv3::clear_lpi(unsigned cpu, u32 intid) {
    const std::lock_guard guard(lock_);
    lpis_[cpu].clear_pending(intid);
    update(cpu);
}

void Gicv3::move_lpi(unsigned from, unsigned to, u32 intid) {
    const std::lock_guard guard(lock_);
    if (from != to && lpis_[from].clear_pending(intid)) {
        lpis_[to].set_pending(intid);
        update(from);
        update(to);
    }
}

void Gicv3::move_all_lpis(unsigned from, unsigned to) {
    const std::lock_guard guard(lock_);
    if (from != to) {
        lpis_[from].move_all(lpis_[to]);
        update(from);
        update(to);
    }
}

void Gicv3::reload_lpi(unsigned cpu, u32 intid) {
    const std::lock_guard guard(lock_);
    lpis_[cpu].reload(intid);
    update(cpu);
}

void Gicv3::reload_lpis(unsigned cpu) {
    const std::lock_guard guard(lock_);
    lpis_[cpu].reload_all();
    update(cpu);
}

/// After a change of a CPU's own state, which others see only through the choice for 1-of-N interrupts.
void Gicv3::cpu_changed(unsigned cpu) {
    if (anywhere_count_ != 0) {
        update_all();
    } else {
        update(cpu);
    }
}

}  // namespace kelvin::device
