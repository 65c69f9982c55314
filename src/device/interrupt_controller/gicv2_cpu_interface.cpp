// SPDX-License-Identifier: Apache-2.0
// GICC_*: IHI 0048B, section 4.4.
#include <algorithm>
#include <bit>

#include "base/bits.h"
#include "device/interrupt_controller/active_priorities.h"
#include "device/interrupt_controller/gicv2.h"

namespace kelvin::device {

namespace {

enum Offset : u64 {
    kControl = 0x00,
    kPriorityMask = 0x04,
    kBinaryPoint = 0x08,
    kAcknowledge = 0x0c,
    kEndOfInterrupt = 0x10,
    kRunningPriority = 0x14,
    kHighestPending = 0x18,
    kAliasedBinaryPoint = 0x1c,
    kAliasedAcknowledge = 0x20,
    kAliasedEndOfInterrupt = 0x24,
    kAliasedHighestPending = 0x28,
    kActivePriorities = 0xd0,
    kGroup1ActivePriorities = 0xe0,
    kIdentification = 0xfc,
    kDeactivate = 0x1000,
};

// GICC_CTLR without the Security Extensions. The bypass disable bits have nothing to disable here: RAZ/WI.
constexpr u32 kAckCtl = 1 << 2;
constexpr u32 kCommonBinaryPoint = 1 << 4;
constexpr u32 kEoiMode = 1 << 9;
constexpr u32 kControlMask = 0x3 | kAckCtl | 1 << 3 | kCommonBinaryPoint | kEoiMode;

constexpr u32 kArmIdentification = 0x0202043b;  // product 2, architecture version 2
constexpr u32 kSpurious = 1023;
constexpr u32 kOtherGroup = 1022;

// 128 levels of group priority: a binary point of 0 leaves bits [7:1].
constexpr unsigned kActiveShift = 1;

u8 running_priority(const Gicv2::CpuState& cpu) {
    return std::min(highest_active(cpu.active_priorities[0], kActiveShift),
                    highest_active(cpu.active_priorities[1], kActiveShift));
}

/// The aliased binary point counts one higher, so that its least value, 1, splits as 0 does for Group 0 (3.3.3).
u8 preemption_mask(const Gicv2::CpuState& cpu, unsigned group) {
    const bool own_point = group == 1 && (cpu.control & kCommonBinaryPoint) == 0;
    return group_priority_mask(own_point ? cpu.aliased_binary_point - 1U : cpu.binary_point);
}

}  // namespace

bool Gicv2::preempts(const CpuState& cpu, const Candidate& candidate) const {
    return candidate.priority < cpu.priority_mask &&
           (candidate.priority & preemption_mask(cpu, candidate.group)) < running_priority(cpu);
}

u32 Gicv2::read_interface(unsigned cpu, u64 offset) {
    const CpuState& self = state_.cpus[cpu];
    switch (offset) {
        case kControl:
            return self.control;
        case kPriorityMask:
            return self.priority_mask;
        case kBinaryPoint:
            return self.binary_point;
        case kAcknowledge:
            return acknowledge(cpu, false);
        case kRunningPriority:
            return running_priority(self);
        case kHighestPending:
            return pending_id(cpu, false);
        case kAliasedBinaryPoint:
            return self.aliased_binary_point;
        case kAliasedAcknowledge:
            return acknowledge(cpu, true);
        case kAliasedHighestPending:
            return pending_id(cpu, true);
        case kIdentification:
            return kArmIdentification;
        default:
            if (offset >= kActivePriorities && offset < kGroup1ActivePriorities + 16) {
                return self.active_priorities[offset >= kGroup1ActivePriorities][(offset >> 2) & 3];
            }
            return 0;
    }
}

void Gicv2::write_interface(unsigned cpu, u64 offset, u32 value, u32 mask) {
    CpuState& self = state_.cpus[cpu];
    switch (offset) {
        case kControl:
            self.control = bus::merge(self.control, value, mask) & kControlMask;
            break;
        case kPriorityMask:
            self.priority_mask = static_cast<u8>(bus::merge(self.priority_mask, value, mask));
            break;
        case kBinaryPoint:
            self.binary_point = static_cast<u8>(value & 7);
            break;
        case kAliasedBinaryPoint:
            self.aliased_binary_point = std::max<u8>(static_cast<u8>(value & 7), 1);
            break;
        case kEndOfInterrupt:
        case kAliasedEndOfInterrupt:
            end_of_interrupt(cpu, value);
            return;
        case kDeactivate:
            if ((self.control & kEoiMode) != 0) {
                deactivate(cpu, value & 0x3ff);
            }
            return;
        default:
            if (offset >= kActivePriorities && offset < kGroup1ActivePriorities + 16) {
                u32& word = self.active_priorities[offset >= kGroup1ActivePriorities][(offset >> 2) & 3];
                word = bus::merge(word, value, mask);
            }
            break;
    }
    update(cpu);
}

/// What GICC_HPPIR (or GICC_AHPPIR, the view of Group 1) says: an interrupt of the other group is only hinted at
/// (4.4.7).
u32 Gicv2::pending_id(unsigned cpu, bool group1_view) const {
    const CpuState& self = state_.cpus[cpu];
    const auto best = highest_pending(cpu);
    if (!best || (group1_view && best->group == 0)) {
        return kSpurious;
    }
    if (!group1_view && best->group == 1 && (self.control & kAckCtl) == 0) {
        return kOtherGroup;
    }
    if (best->intid < 16) {
        const unsigned source = static_cast<unsigned>(std::countr_zero(self.sgi_sources[best->intid]));
        return best->intid | (source & 7) << 10;
    }
    return best->intid;
}

/// GICC_IAR, GICC_AIAR (4.4.4).
u32 Gicv2::acknowledge(unsigned cpu, bool group1_view) {
    CpuState& self = state_.cpus[cpu];
    const auto best = highest_pending(cpu);
    if (!best || !preempts(self, *best)) {
        return kSpurious;
    }
    const u32 answer = pending_id(cpu, group1_view);
    if (answer == kSpurious || answer == kOtherGroup) {
        return answer;
    }
    InterruptBank& bank = *bank_of(cpu, best->intid / 32);
    bank.acknowledge(best->intid % 32);
    if (best->intid < 16) {
        u8& sources = self.sgi_sources[best->intid];
        sources = static_cast<u8>(sources & (sources - 1));
        bank.latched |= u32{sources != 0} << best->intid;
    }
    ActivePriorities(self.active_priorities[best->group], kActiveShift)
        .set(best->priority & preemption_mask(self, best->group));
    if (best->intid < 32) {
        update(cpu);
    } else {
        update_all();
    }
    return answer;
}

/// GICC_EOIR, GICC_AEOIR (4.4.5): drops the running priority, and deactivates unless EOImode leaves that to GICC_DIR.
void Gicv2::end_of_interrupt(unsigned cpu, u32 value) {
    CpuState& self = state_.cpus[cpu];
    const u32 intid = value & 0x3ff;
    if (intid >= kInterrupts) {
        return;
    }
    const unsigned group = highest_active(self.active_priorities[1], kActiveShift) <
                           highest_active(self.active_priorities[0], kActiveShift);
    ActivePriorities(self.active_priorities[group], kActiveShift).clear_highest();
    if ((self.control & kEoiMode) == 0) {
        deactivate(cpu, intid);
    } else {
        update(cpu);
    }
}

void Gicv2::deactivate(unsigned cpu, u32 intid) {
    if (intid >= kInterrupts) {
        return;
    }
    bank_of(cpu, intid / 32)->active &= ~(1U << intid % 32);
    if (intid < 32) {
        update(cpu);
    } else {
        update_all();
    }
}

}  // namespace kelvin::device
