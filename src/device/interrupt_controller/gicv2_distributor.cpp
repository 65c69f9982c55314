// SPDX-License-Identifier: Apache-2.0
// GICD_*: IHI 0048B, section 4.3.
#include <array>

#include "base/bits.h"
#include "device/interrupt_controller/gicv2.h"

namespace kelvin::device {

namespace {

constexpr u64 kControl = 0x000;
constexpr u64 kType = 0x004;
constexpr u64 kImplementer = 0x008;
constexpr u64 kTargets = 0x800;
constexpr u64 kSoftwareInterrupt = 0xf00;
constexpr u64 kClearSgiPending = 0xf10;
constexpr u64 kSetSgiPending = 0xf20;
constexpr u64 kIdentification = 0xfd0;

constexpr u32 kArmImplementer = 0x0200043b;  // product 2, revision 0, JEP106 code of Arm
// GICD_PIDR4-7, PIDR0-3 and CIDR0-3 of Arm's GIC-400 (DDI 0471B, 3.3): PIDR2 says architecture version 2.
constexpr std::array<u8, 12> kIdentity{0x04, 0x00, 0x00, 0x00, 0x90, 0xb4, 0x2b, 0x00, 0x0d, 0xf0, 0x05, 0xb1};

// The SGIs' enables are RAO/WI and their triggers fixed; their pending bits only change through the SGI registers.
constexpr BankRules kLocalRules{.fixed_enable = 0xffff, .fixed_pending = 0xffff, .fixed_config = 0xffff};
constexpr BankRules kSharedRules{};

}  // namespace

u32 Gicv2::read_distributor(unsigned cpu, u64 offset) {
    if (const auto which = find_bank_register(offset)) {
        const InterruptBank* bank = bank_of(cpu, which->bank);
        return bank != nullptr ? read_bank(*bank, *which) : 0;
    }
    if (offset >= kTargets && offset < kTargets + kInterrupts) {
        return read_targets(cpu, static_cast<unsigned>(offset - kTargets));
    }
    if (offset >= kClearSgiPending && offset < kSetSgiPending + 16) {
        return read_sgi_sources(cpu, offset & 15);
    }
    if (offset >= kIdentification && offset < kDistributorSize) {
        return kIdentity[(offset - kIdentification) / 4];
    }
    switch (offset) {
        case kControl:
            return state_.control;
        case kType:
            return kSharedBanks | (cpu_count_ - 1) << 5;
        case kImplementer:
            return kArmImplementer;
        default:
            return 0;
    }
}

void Gicv2::write_distributor(unsigned cpu, u64 offset, u32 value, u32 mask) {
    if (const auto which = find_bank_register(offset)) {
        return write_bank_register(cpu, *which, value, mask);
    }
    if (offset >= kTargets + 32 && offset < kTargets + kInterrupts) {
        write_targets(static_cast<unsigned>(offset - kTargets), value, mask);
    } else if (offset >= kClearSgiPending && offset < kSetSgiPending + 16) {
        change_sgi_sources(cpu, offset & 15, value, offset >= kSetSgiPending);
        update(cpu);
        return;
    } else if (offset == kControl) {
        state_.control = bus::merge(state_.control, value, mask) & 3;
    } else if (offset == kSoftwareInterrupt) {
        generate_sgi(cpu, value);
    }
    update_all();
}

void Gicv2::write_bank_register(unsigned cpu, const BankRegister& which, u32 value, u32 mask) {
    InterruptBank* bank = bank_of(cpu, which.bank);
    if (bank == nullptr) {
        return;
    }
    write_bank(*bank, which, value, mask, which.bank == 0 ? kLocalRules : kSharedRules);
    if (which.bank == 0) {
        update(cpu);
    } else {
        update_all();
    }
}

/// GICD_ITARGETSR (4.3.12): the private interrupts' bytes tell a CPU its own number; all is RAZ/WI with one CPU.
u32 Gicv2::read_targets(unsigned cpu, unsigned first) const {
    if (cpu_count_ == 1) {
        return 0;
    }
    if (first < 32) {
        return 0x01010101U << cpu;
    }
    u32 value = 0;
    for (unsigned n = 0; n < 4; ++n) {
        value |= u32{state_.targets[first - 32 + n]} << (8 * n);
    }
    return value;
}

void Gicv2::write_targets(unsigned first, u32 value, u32 mask) {
    if (cpu_count_ == 1) {
        return;
    }
    for (unsigned n = 0; n < 4; ++n) {
        if (bit(mask, 8 * n)) {
            state_.targets[first - 32 + n] = static_cast<u8>((value >> (8 * n)) & low_mask(cpu_count_));
        }
    }
}

/// GICD_SGIR (4.3.15).
void Gicv2::generate_sgi(unsigned cpu, u32 request) {
    const unsigned sgi = request & 15;
    u64 targets = 0;
    switch (bits(request, 25, 24)) {
        case 0:
            targets = bits(request, 23, 16);
            break;
        case 1:
            targets = ~(u64{1} << cpu);
            break;
        case 2:
            targets = u64{1} << cpu;
            break;
        default:
            return;
    }
    for (unsigned target = 0; target < cpu_count_; ++target) {
        if (bit(targets, target)) {
            state_.cpus[target].sgi_sources[sgi] |= static_cast<u8>(1U << cpu);
            state_.cpus[target].local.latched |= 1U << sgi;
        }
    }
}

u32 Gicv2::read_sgi_sources(unsigned cpu, unsigned first) const {
    u32 value = 0;
    for (unsigned n = 0; n < 4; ++n) {
        value |= u32{state_.cpus[cpu].sgi_sources[first + n]} << (8 * n);
    }
    return value;
}

void Gicv2::change_sgi_sources(unsigned cpu, unsigned first, u32 value, bool set) {
    CpuState& self = state_.cpus[cpu];
    for (unsigned n = 0; n < 4; ++n) {
        u8& sources = self.sgi_sources[first + n];
        const u8 changed = static_cast<u8>((value >> (8 * n)) & low_mask(cpu_count_));
        sources = static_cast<u8>(set ? sources | changed : sources & ~changed);
        self.local.latched = static_cast<u32>(with_bits(self.local.latched, first + n, first + n, sources != 0));
    }
}

}  // namespace kelvin::device
