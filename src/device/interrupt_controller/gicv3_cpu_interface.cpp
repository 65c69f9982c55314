// SPDX-License-Identifier: Apache-2.0
// ICC_*_EL1: IHI 0069, section 12.2, with the pseudocode of each register.
#include <algorithm>

#include "base/bits.h"
#include "device/interrupt_controller/active_priorities.h"
#include "device/interrupt_controller/gicv3.h"

namespace kelvin::device {

namespace {

constexpr u32 kCommonBinaryPoint = 1 << 0;
constexpr u32 kEoiMode = 1 << 1;
// PRIbits 5, IDbits 16, A3V. No range selector, no SEIs, priority mask hint not used.
constexpr u32 kControlReads = 4 << 8 | 1 << 15;
constexpr u64 kSystemRegistersOnly = 7;  // ICC_SRE_EL1: there is no memory-mapped CPU interface

constexpr u8 kPriorityBits = 0xf8;
constexpr unsigned kActiveShift = 3;
constexpr std::array<u8, 2> kLeastBinaryPoint{2, 3};
constexpr u32 kSpurious = 1023;

u8 running_priority(const Gicv3::CpuState& cpu) {
    return std::min(highest_active(cpu.active_priorities[0], kActiveShift),
                    highest_active(cpu.active_priorities[1], kActiveShift));
}

u8 preemption_mask(const Gicv3::CpuState& cpu, unsigned group) {
    const bool own_point = group == 1 && (cpu.control & kCommonBinaryPoint) == 0;
    return group_priority_mask(own_point ? cpu.binary_point[1] - 1U : cpu.binary_point[0]);
}

/// With a common binary point, that of Group 1 reads as that of Group 0 plus one, and ignores writes (12.2.6).
u64 read_binary_point1(const Gicv3::CpuState& cpu) {
    const bool common = (cpu.control & kCommonBinaryPoint) != 0;
    return common ? std::min(cpu.binary_point[0] + 1, 7) : cpu.binary_point[1];
}

void write_binary_point(Gicv3::CpuState& cpu, unsigned group, u64 value) {
    if (group == 0 || (cpu.control & kCommonBinaryPoint) == 0) {
        cpu.binary_point[group] = std::max(static_cast<u8>(value & 7), kLeastBinaryPoint[group]);
    }
}

}  // namespace

u64 Gicv3::CpuInterface::read(IccRegister which) {
    const std::lock_guard guard(gic_->lock_);
    return gic_->read_register(cpu_, which);
}

void Gicv3::CpuInterface::write(IccRegister which, u64 value) {
    const std::lock_guard guard(gic_->lock_);
    gic_->write_register(cpu_, which, value);
}

bool Gicv3::preempts(const CpuState& cpu, const Candidate& candidate) const {
    return candidate.priority < cpu.priority_mask &&
           (candidate.priority & preemption_mask(cpu, candidate.group)) < running_priority(cpu);
}

u64 Gicv3::read_register(unsigned cpu, IccRegister which) {
    const CpuState& self = state_.cpus[cpu];
    switch (which) {
        case IccRegister::pmr_el1:
            return self.priority_mask;
        case IccRegister::iar0_el1:
            return acknowledge(cpu, 0);
        case IccRegister::iar1_el1:
            return acknowledge(cpu, 1);
        case IccRegister::hppir0_el1:
            return pending_id(cpu, 0);
        case IccRegister::hppir1_el1:
            return pending_id(cpu, 1);
        case IccRegister::bpr0_el1:
            return self.binary_point[0];
        case IccRegister::bpr1_el1:
            return read_binary_point1(self);
        case IccRegister::ap0r0_el1:
            return self.active_priorities[0][0];
        case IccRegister::ap1r0_el1:
            return self.active_priorities[1][0];
        case IccRegister::rpr_el1:
            return running_priority(self);
        case IccRegister::ctlr_el1:
            return self.control | kControlReads;
        case IccRegister::sre_el1:
            return kSystemRegistersOnly;
        case IccRegister::igrpen0_el1:
            return self.group_enable[0];
        case IccRegister::igrpen1_el1:
            return self.group_enable[1];
        default:
            return 0;
    }
}

void Gicv3::write_register(unsigned cpu, IccRegister which, u64 value) {
    CpuState& self = state_.cpus[cpu];
    switch (which) {
        case IccRegister::pmr_el1:
            self.priority_mask = static_cast<u8>(value & kPriorityBits);
            return update(cpu);
        case IccRegister::eoir0_el1:
            return end_of_interrupt(cpu, 0, value);
        case IccRegister::eoir1_el1:
            return end_of_interrupt(cpu, 1, value);
        case IccRegister::dir_el1:
            return (self.control & kEoiMode) != 0 ? deactivate(cpu, value) : void();
        case IccRegister::sgi0r_el1:
            return generate_sgi(cpu, 0, value);
        case IccRegister::sgi1r_el1:
        case IccRegister::asgi1r_el1:  // one Security state: no other one to alias
            return generate_sgi(cpu, 1, value);
        case IccRegister::bpr0_el1:
            write_binary_point(self, 0, value);
            break;
        case IccRegister::bpr1_el1:
            write_binary_point(self, 1, value);
            break;
        case IccRegister::ap0r0_el1:
            self.active_priorities[0][0] = static_cast<u32>(value);
            break;
        case IccRegister::ap1r0_el1:
            self.active_priorities[1][0] = static_cast<u32>(value);
            break;
        case IccRegister::ctlr_el1:
            self.control = static_cast<u32>(value) & (kCommonBinaryPoint | kEoiMode);
            break;
        case IccRegister::igrpen0_el1:
            self.group_enable[0] = bit(value, 0);
            break;
        case IccRegister::igrpen1_el1:
            self.group_enable[1] = bit(value, 0);
            break;
        default:
            return;
    }
    cpu_changed(cpu);
}

/// ICC_HPPIR<group>_EL1: without EL3 an interrupt of the other group is not hinted at.
u32 Gicv3::pending_id(unsigned cpu, unsigned group) const {
    const auto best = highest_pending(cpu);
    return best && best->group == group ? best->intid : kSpurious;
}

/// ICC_IAR<group>_EL1.
u32 Gicv3::acknowledge(unsigned cpu, unsigned group) {
    CpuState& self = state_.cpus[cpu];
    const auto best = highest_pending(cpu);
    if (!best || best->group != group || !preempts(self, *best)) {
        return kSpurious;
    }
    if (best->intid >= Lpis::kFirst) {
        lpis_[cpu].clear_pending(best->intid);  // LPIs have no active state
    } else {
        bank_of(cpu, best->intid).acknowledge(best->intid % 32);
    }
    ActivePriorities(self.active_priorities[group], kActiveShift).set(best->priority & preemption_mask(self, group));
    cpu_changed(cpu);
    return best->intid;
}

/// ICC_EOIR<group>_EL1: drops the running priority if that is of this group, and deactivates unless EOImode leaves it
/// to ICC_DIR_EL1.
void Gicv3::end_of_interrupt(unsigned cpu, unsigned group, u64 value) {
    CpuState& self = state_.cpus[cpu];
    const u64 intid = bits(value, 23, 0);
    const u8 own = highest_active(self.active_priorities[group], kActiveShift);
    const u8 other = highest_active(self.active_priorities[1 - group], kActiveShift);
    const bool exists = intid < kInterrupts || (!lpis_.empty() && intid >= Lpis::kFirst && intid < Lpis::kEnd);
    if (!exists || own == kIdlePriority || other < own) {
        return;
    }
    ActivePriorities(self.active_priorities[group], kActiveShift).clear_highest();
    if ((self.control & kEoiMode) == 0) {
        deactivate(cpu, intid);
    }
    cpu_changed(cpu);
}

void Gicv3::deactivate(unsigned cpu, u64 value) {
    const unsigned intid = static_cast<unsigned>(bits(value, 23, 0));
    if (intid >= kInterrupts) {
        return;
    }
    bank_of(cpu, intid).active &= ~(1U << intid % 32);
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

/// ICC_SGI0R_EL1, ICC_SGI1R_EL1 (12.2.20): only where the target has the SGI in the group that was asked for.
void Gicv3::generate_sgi(unsigned cpu, unsigned group, u64 request) {
    const unsigned sgi = static_cast<unsigned>(bits(request, 27, 24));
    const bool to_others = bit(request, 40);
    const u64 cluster = bits(request, 55, 48) << 32 | bits(request, 39, 32) << 16 | bits(request, 23, 16) << 8;
    if (!to_others && bits(request, 47, 44) != 0) {
        return;  // no range selector (ICC_CTLR_EL1.RSS is 0): affinities of 16 and more cannot be named
    }
    for (unsigned target = 0; target < cpu_count(); ++target) {
        const u64 affinity = cpus_[target].affinity;
        const bool listed =
            (affinity & 0xff'00ff'ff00) == cluster && (affinity & 0xff) < 16 && bit(request, affinity & 15);
        InterruptBank& bank = state_.cpus[target].local;
        if ((to_others ? target != cpu : listed) && bit(bank.group, sgi) == (group == 1)) {
            bank.latched |= 1U << sgi;
            update(target);
        }
    }
}

}  // namespace kelvin::device
