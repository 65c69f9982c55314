// SPDX-License-Identifier: Apache-2.0
#include "device/interrupt_controller/gicv2.h"

#include <algorithm>
#include <bit>

#include "base/assert.h"
#include "base/bits.h"
#include "device/interrupt_controller/active_priorities.h"

namespace kelvin::device {

template <u32 (Gicv2::*Read)(unsigned, u64), void (Gicv2::*Write)(unsigned, u64, u32, u32)>
u32 Gicv2::View<Read, Write>::read_word(u64 offset) {
    const std::lock_guard guard(gic_->lock_);
    return (gic_->*Read)(cpu_, offset);
}

template <u32 (Gicv2::*Read)(unsigned, u64), void (Gicv2::*Write)(unsigned, u64, u32, u32)>
void Gicv2::View<Read, Write>::write_word(u64 offset, u32 value, u32 mask) {
    const std::lock_guard guard(gic_->lock_);
    (gic_->*Write)(cpu_, offset, value, mask);
}

Gicv2::Gicv2(std::span<const CpuInterruptWires> cpus)
    : cpu_count_(static_cast<unsigned>(cpus.size())),
      wires_(cpus.begin(), cpus.end()),
      inputs_(*this, cpu_count_, kInterrupts) {
    KELVIN_ASSERT(cpu_count_ >= 1 && cpu_count_ <= kMaxCpus);
    for (unsigned cpu = 0; cpu < cpu_count_; ++cpu) {
        distributors_.emplace_back(*this, cpu);
        interfaces_.emplace_back(*this, cpu);
    }
    reset_registers();
}

void Gicv2::reset() {
    const std::lock_guard guard(lock_);
    reset_registers();
    update_all();
}

void Gicv2::reset_registers() {
    const auto reset_bank = [](InterruptBank& bank, u32 edge, u32 enabled) {
        const u32 level = bank.level;
        bank = InterruptBank{};
        bank.level = level;
        bank.edge = edge;
        bank.enabled = enabled;
    };
    state_.control = 0;
    state_.targets.fill(cpu_count_ == 1 ? 1 : 0);
    for (InterruptBank& bank : state_.shared) {
        reset_bank(bank, 0, 0);
    }
    for (CpuState& cpu : state_.cpus) {
        InterruptBank local = cpu.local;
        reset_bank(local, 0xffff, 0xffff);  // SGIs are edge-triggered and always enabled
        cpu = CpuState{};
        cpu.local = local;
        cpu.aliased_binary_point = 1;
    }
}

Gicv2::State Gicv2::save() const {
    const std::lock_guard guard(lock_);
    return state_;
}

void Gicv2::restore(const State& state) {
    const std::lock_guard guard(lock_);
    state_ = state;
    state_.control &= 3;
    for (u8& target : state_.targets) {
        target = static_cast<u8>(target & low_mask(cpu_count_));
    }
    for (CpuState& cpu : state_.cpus) {
        cpu.binary_point &= 7;
        cpu.aliased_binary_point = std::clamp<u8>(cpu.aliased_binary_point, 1, 7);
    }
    update_all();
}

void Gicv2::drive(unsigned cpu, unsigned intid, bool level) {
    const std::lock_guard guard(lock_);
    InterruptBank& bank = *bank_of(cpu, intid / 32);
    if (bit(bank.level, intid % 32) == level) {
        return;
    }
    bank.drive(intid % 32, level);
    if (intid < 32) {
        update(cpu);
    } else {
        update_all();
    }
}

InterruptBank* Gicv2::bank_of(unsigned cpu, unsigned bank) {
    if (bank == 0) {
        return &state_.cpus[cpu].local;
    }
    return bank <= kSharedBanks ? &state_.shared[bank - 1] : nullptr;
}

/// Of the interrupts forwarded to `cpu`, in groups that the distributor and the CPU interface enable, the most urgent;
/// among equals the lowest number (4.4.4, and pseudocode HighestPriorityPendingInterrupt of 3.8).
std::optional<Gicv2::Candidate> Gicv2::highest_pending(unsigned cpu) const {
    const CpuState& self = state_.cpus[cpu];
    const u32 groups = state_.control & self.control & 3;
    std::optional<Candidate> best;
    const auto consider = [&](const InterruptBank& bank, unsigned first) {
        u32 waiting = bank.deliverable() & ((groups & 1 ? ~bank.group : 0) | (groups & 2 ? bank.group : 0));
        for (; waiting != 0; waiting &= waiting - 1) {
            const unsigned index = static_cast<unsigned>(std::countr_zero(waiting));
            const unsigned intid = first + index;
            const bool ours = first == 0 || bit(state_.targets[intid - 32], cpu);
            if (ours && (!best || bank.priority[index] < best->priority)) {
                best = Candidate{intid, bank.group >> index & 1, bank.priority[index]};
            }
        }
    };
    consider(self.local, 0);
    for (unsigned bank = 0; bank < kSharedBanks; ++bank) {
        consider(state_.shared[bank], 32 + bank * 32);
    }
    return best;
}

void Gicv2::update(unsigned cpu) {
    const CpuState& self = state_.cpus[cpu];
    constexpr u32 kFiqEnable = 1 << 3;
    Output now;
    if (const auto best = highest_pending(cpu); best && preempts(self, *best)) {
        const bool as_fiq = best->group == 0 && (self.control & kFiqEnable) != 0;
        now = {.irq = !as_fiq, .fiq = as_fiq};
    }
    Output& driven = outputs_[cpu];
    if (now.irq != driven.irq) {
        wires_[cpu].irq.set(now.irq);
    }
    if (now.fiq != driven.fiq) {
        wires_[cpu].fiq.set(now.fiq);
    }
    driven = now;
}

void Gicv2::update_all() {
    for (unsigned cpu = 0; cpu < cpu_count_; ++cpu) {
        update(cpu);
    }
}

}  // namespace kelvin::device
