// SPDX-License-Identifier: Apache-2.0
#include "device/intel_ethernet/phy.h"

namespace kelvin::device::intel {

namespace {

// IEEE 802.3, 22.2.4 and 40.5; from 16 on those of Marvell's 88E1011 and its successors.
constexpr u32 kControl = 0;
constexpr u32 kStatus = 1;
constexpr u32 kIdentity1 = 2;
constexpr u32 kIdentity2 = 3;
constexpr u32 kAdvertisement = 4;
constexpr u32 kPartner = 5;
constexpr u32 kExpansion = 6;
constexpr u32 kGigabitControl = 9;
constexpr u32 kGigabitStatus = 10;
constexpr u32 kExtendedStatus = 15;
constexpr u32 kSpecificControl = 16;
constexpr u32 kSpecificStatus = 17;
constexpr u32 kInterruptEnable = 18;
constexpr u32 kExtendedControl = 20;
constexpr u32 kPage = 22;

constexpr u16 kReset = 1U << 15;
constexpr u16 kLoopback = 1U << 14;
constexpr u16 kPowerDown = 1U << 11;
constexpr u16 kRestart = 1U << 9;
constexpr u16 kControlWritable = 0x7d40;
/// 1000 Mbit/s, negotiated, both ways.
constexpr u16 kControlReset = 0x1140;

/// 10 and 100 Mbit/s, extended status, preamble may be left out, can negotiate, extended registers.
constexpr u16 kAbilities = 0x7949;
constexpr u16 kNegotiated = 1U << 5;
constexpr u16 kLinkUp = 1U << 2;

constexpr u16 writable(u32 index) {
    switch (index) {
        case kControl:
            return kControlWritable;
        case kAdvertisement:
            return 0xbfff;
        case kGigabitControl:
            return 0xff00;
        case 7:
        case kSpecificControl:
        case kInterruptEnable:
        case kExtendedControl:
        case 24:
        case 25:
        case 29:
        case 30:
        case 31:
            return 0xffff;
        case kPage:
            return 0x00ff;
        default:
            return 0;
    }
}

/// 16 to 31 but the number of the page itself.
constexpr bool is_paged(u32 index) {
    return index >= 16 && index != kPage;
}

}  // namespace

void Phy::reset() {
    state_ = {};
    state_.registers[kControl] = kControlReset;
    state_.registers[kAdvertisement] = 0x0de1;
    state_.registers[kGigabitControl] = 0x0e00;
    state_.registers[kSpecificControl] = 0x0360;
    state_.registers[kExtendedControl] = 0x0d60;
    state_.link_was_lost = !link();
}

void Phy::set_cable(bool plugged) {
    cable_ = plugged;
    state_.link_was_lost = state_.link_was_lost || !link();
}

bool Phy::link() const {
    return cable_ && (state_.registers[kControl] & kPowerDown) == 0;
}

bool Phy::loops_back() const {
    return (state_.registers[kControl] & kLoopback) != 0;
}

u16& Phy::cell(u32 index) {
    const bool other = is_paged(index) && state_.registers[kPage] != 0;
    return (other ? state_.other_registers : state_.registers).at(index);
}

u16 Phy::read(u32 index) {
    const bool up = link();
    if (is_paged(index) && state_.registers[kPage] != 0) {
        return cell(index);
    }
    switch (index) {
        case kStatus: {
            // 22.2.4.2.13: a link that was lost is told once, even if it is back.
            const bool lost = state_.link_was_lost;
            state_.link_was_lost = !up;
            return static_cast<u16>(kAbilities | (up ? kNegotiated : 0) | (up && !lost ? kLinkUp : 0));
        }
        case kIdentity1:
            return static_cast<u16>(identity_ >> 16);
        case kIdentity2:
            return static_cast<u16>(identity_);
        case kPartner:
            return up ? 0x4de1 : 0;
        case kExpansion:
            return up ? 0x0007 : 0x0004;
        case kGigabitStatus:
            return up ? 0x3c00 : 0;
        case kExtendedStatus:
            return 0x3000;
        case kSpecificStatus:
            return up ? 0xbc00 : 0;
        default:
            return cell(index);
    }
}

bool Phy::write(u32 index, u16 value) {
    if (index == kControl && (value & kReset) != 0) {
        reset();
        return true;
    }
    const bool was_up = link();
    const u16 mask = is_paged(index) && state_.registers[kPage] != 0 ? u16{0xffff} : writable(index);
    u16& stored = cell(index);
    stored = static_cast<u16>((stored & ~mask) | (value & mask));
    state_.link_was_lost = state_.link_was_lost || !link();
    return link() != was_up || (index == kControl && (value & kRestart) != 0);
}

void Phy::restore(const State& saved) {
    reset();
    const State fresh = state_;
    for (u32 index = 0; index < kRegisters; ++index) {
        const u16 mask = writable(index);
        state_.registers[index] = static_cast<u16>((fresh.registers[index] & ~mask) | (saved.registers[index] & mask));
        state_.other_registers[index] = is_paged(index) ? saved.other_registers[index] : u16{0};
    }
    state_.link_was_lost = saved.link_was_lost;
}

}  // namespace kelvin::device::intel
