// SPDX-License-Identifier: Apache-2.0
// GICD_* and GICR_*: IHI 0069, sections 12.9 to 12.11.
#include "base/bits.h"
#include "device/interrupt_controller/gicv3.h"

namespace kelvin::device {

namespace {

constexpr u32 kArmImplementer = 0x0000043b;
constexpr u64 kPeripheralId2 = 0xffe8;
constexpr u32 kArchitectureVersion3 = 0x3b;

constexpr u8 kPriorityBits = 0xf8;
constexpr BankRules kLocalRules{.fixed_config = 0xffff, .priority_bits = kPriorityBits};
constexpr BankRules kSharedRules{.priority_bits = kPriorityBits};

namespace gicd {
constexpr u64 kControl = 0x0000;
constexpr u64 kType = 0x0004;
constexpr u64 kImplementer = 0x0008;
constexpr u64 kRoutes = 0x6000;                 // GICD_IROUTER<n>, n counting from interrupt 0
constexpr u32 kControlReads = 1 << 6 | 1 << 4;  // DS and ARE are RAO/WI
// 288 interrupts; affinity 3 valid; 10 bits of INTID, or LPIs and 16. No message-based SPIs, no extended SPIs.
constexpr u32 kTypeValue = Gicv3::kSharedBanks | 1 << 24;
constexpr u32 kTypeWithoutLpis = kTypeValue | 9 << 19;
constexpr u32 kTypeWithLpis = kTypeValue | 15 << 19 | 1 << 17;
}  // namespace gicd

namespace gicr {
constexpr u64 kControl = 0x0000;
constexpr u64 kImplementer = 0x0004;
constexpr u64 kType = 0x0008;
constexpr u64 kWaker = 0x0014;
constexpr u64 kSgiFrame = 0x10000;
constexpr u32 kProcessorSleep = 1 << 1;
constexpr u32 kChildrenAsleep = 1 << 2;
}  // namespace gicr

constexpr u64 kRouteMask = 0xff'80ff'ffff;  // Aff3, Interrupt_Routing_Mode, Aff2 to Aff0
constexpr unsigned kRoutingModeBit = 31;

bool is_route(u64 offset) {
    return offset >= gicd::kRoutes + 8 * 32 && offset < gicd::kRoutes + u64{8} * Gicv3::kInterrupts;
}
bool is_lpi_register(u64 offset) {
    return offset == gicr::kControl || (offset >= Lpis::kRegisterBegin && offset < Lpis::kRegisterEnd);
}
unsigned spi_of_route(u64 offset) {
    return static_cast<unsigned>((offset - gicd::kRoutes) / 8 - 32);
}

}  // namespace

u32 Gicv3::Distributor::read_word(u64 offset) {
    const std::lock_guard guard(gic_->lock_);
    return gic_->read_distributor(offset);
}

void Gicv3::Distributor::write_word(u64 offset, u32 value, u32 mask) {
    const std::lock_guard guard(gic_->lock_);
    gic_->write_distributor(offset, value, mask);
}

u32 Gicv3::Redistributors::read_word(u64 offset) {
    const std::lock_guard guard(gic_->lock_);
    const u64 cpu = offset / kRedistributorSize;
    return cpu < gic_->cpu_count() ? gic_->read_redistributor(static_cast<unsigned>(cpu), offset % kRedistributorSize)
                                   : 0;
}

void Gicv3::Redistributors::write_word(u64 offset, u32 value, u32 mask) {
    const std::lock_guard guard(gic_->lock_);
    if (const u64 cpu = offset / kRedistributorSize; cpu < gic_->cpu_count()) {
        gic_->write_redistributor(static_cast<unsigned>(cpu), offset % kRedistributorSize, value, mask);
    }
}

/// Bank 0 of the distributor's registers is RES0 with affinity routing: the redistributors have it.
u32 Gicv3::read_distributor(u64 offset) const {
    if (const auto which = find_bank_register(offset)) {
        const bool exists = which->bank >= 1 && which->bank <= kSharedBanks;
        return exists ? read_bank(state_.shared[which->bank - 1], *which) : 0;
    }
    if (is_route(offset)) {
        return static_cast<u32>(state_.routes[spi_of_route(offset)] >> ((offset & 4) * 8));
    }
    switch (offset) {
        case gicd::kControl:
            return state_.control | gicd::kControlReads;
        case gicd::kType:
            return lpis_.empty() ? gicd::kTypeWithoutLpis : gicd::kTypeWithLpis;
        case gicd::kImplementer:
            return kArmImplementer;
        case kPeripheralId2:
            return kArchitectureVersion3;
        default:
            return 0;
    }
}

void Gicv3::write_distributor(u64 offset, u32 value, u32 mask) {
    if (const auto which = find_bank_register(offset)) {
        if (which->bank >= 1 && which->bank <= kSharedBanks) {
            write_bank(state_.shared[which->bank - 1], *which, value, mask, kSharedRules);
        }
    } else if (is_route(offset)) {
        const unsigned spi = spi_of_route(offset);
        const unsigned shift = (offset & 4) * 8;
        u64& route = state_.routes[spi];
        route = ((route & ~(u64{mask} << shift)) | u64{value} << shift) & kRouteMask;
        resolve_route(spi);
    } else if (offset == gicd::kControl) {
        state_.control = bus::merge(state_.control, value, mask) & 3;
    }
    update_all();
}

/// Finds the CPU that GICD_IROUTER names; an affinity that no CPU has makes the interrupt wait (12.9.22).
void Gicv3::resolve_route(unsigned spi) {
    const u64 route = state_.routes[spi];
    u16 target = kNowhere;
    if (bit(route, kRoutingModeBit)) {
        target = kAnywhere;
    } else {
        for (unsigned cpu = 0; cpu < cpu_count() && target == kNowhere; ++cpu) {
            if ((cpus_[cpu].affinity & kRouteMask) == route) {
                target = static_cast<u16>(cpu);
            }
        }
    }
    anywhere_count_ += target == kAnywhere ? 1 : 0;
    anywhere_count_ -= targets_[spi] == kAnywhere ? 1 : 0;
    targets_[spi] = target;
}

u32 Gicv3::read_redistributor(unsigned cpu, u64 offset) const {
    const CpuState& self = state_.cpus[cpu];
    if (offset >= gicr::kSgiFrame) {
        const auto which = find_bank_register(offset - gicr::kSgiFrame);
        return which && which->bank == 0 ? read_bank(self.local, *which) : 0;
    }
    if (is_lpi_register(offset) && !lpis_.empty()) {
        return offset == gicr::kControl ? lpis_[cpu].read_control() : lpis_[cpu].read_register(offset);
    }
    switch (offset) {
        case gicr::kImplementer:
            return kArmImplementer;
        case gicr::kType: {
            const u32 last = cpu + 1 == cpu_count() ? 1 << 4 : 0;
            const u32 physical_lpis = lpis_.empty() ? 0 : 1;
            return cpu << 8 | last | physical_lpis;
        }
        case gicr::kType + 4: {  // Aff3 to Aff0, without the gap of MPIDR_EL1
            const u64 affinity = cpus_[cpu].affinity;
            return static_cast<u32>(bits(affinity, 39, 32) << 24 | bits(affinity, 23, 0));
        }
        case gicr::kWaker:
            return self.asleep ? gicr::kProcessorSleep | gicr::kChildrenAsleep : 0;
        case kPeripheralId2:
            return kArchitectureVersion3;
        default:
            return 0;
    }
}

/// A sleeping CPU's interrupts are signalled too: they are its wake-up request, and this CPU is never truly without
/// power.
void Gicv3::write_redistributor(unsigned cpu, u64 offset, u32 value, u32 mask) {
    CpuState& self = state_.cpus[cpu];
    if (offset >= gicr::kSgiFrame) {
        const auto which = find_bank_register(offset - gicr::kSgiFrame);
        if (which && which->bank == 0) {
            write_bank(self.local, *which, value, mask, kLocalRules);
            update(cpu);
        }
    } else if (offset == gicr::kWaker && (mask & gicr::kProcessorSleep) != 0) {
        self.asleep = (value & gicr::kProcessorSleep) != 0;
    } else if (is_lpi_register(offset) && !lpis_.empty()) {
        write_lpi_register(cpu, offset, value, mask);
    }
}

void Gicv3::write_lpi_register(unsigned cpu, u64 offset, u32 value, u32 mask) {
    Lpis& lpis = lpis_[cpu];
    if (offset == gicr::kControl) {
        lpis.write_control(bus::merge(lpis.read_control(), value, mask));
        update(cpu);
    } else {
        lpis.write_register(offset, value, mask);
    }
}

}  // namespace kelvin::device
