// SPDX-License-Identifier: Apache-2.0
// The memory window at A0000: planes, latches, and how the processor writes to several planes at once.
#include <cstring>

#include "device/vga/core.h"

namespace kelvin::device::vga {

namespace {

constexpr u64 kBank = 0x10000;

/// Of each plane that has a bit in `planes`, all bits.
constexpr u32 plane_mask(u8 planes) {
    u32 bytes = 0;
    for (unsigned plane = 0; plane < 4; ++plane) {
        bytes |= (planes >> plane & 1) != 0 ? u32{0xff} << plane * 8 : 0;
    }
    return bytes;
}

constexpr u32 in_all_planes(u8 value) {
    return value * 0x01010101U;
}

}  // namespace

u32 Core::read_word(u64 address) const {
    u32 word = 0;
    std::memcpy(&word, memory_.data() + mask(address * 4), sizeof word);
    return word;
}

void Core::write_word(u64 address, u32 value, u32 written) {
    const u32 word = (read_word(address) & ~written) | (value & written);
    std::memcpy(memory_.data() + mask(address * 4), &word, sizeof word);
}

/// Where in the mapped part of the window `offset` is; none outside of it.
std::optional<u64> Core::window_address(u64 offset) const {
    struct Part {
        u64 base;
        u64 size;
    };
    constexpr Part kParts[] = {{0, 0x20000}, {0, 0x10000}, {0x10000, 0x8000}, {0x18000, 0x8000}};
    const Part& part = kParts[registers_.graphics[graphics::kMiscellaneous] >> 2 & 3];
    return offset - part.base < part.size ? std::optional(offset - part.base) : std::nullopt;
}

u8 Core::read_window(u64 offset) {
    const std::lock_guard lock(lock_);
    Registers& r = registers_;
    const std::optional<u64> found = window_address(offset);
    if (!found) {
        return 0xff;
    }
    const u64 address = *found;
    if (dispi_.enabled() && dispi_[Dispi::bits] != 4) {
        return memory_[mask(dispi_[Dispi::bank] * kBank + address)];
    }
    if ((r.sequencer[sequencer::kMemoryMode] & sequencer::kChain4) != 0) {
        return memory_[mask(address)];
    }
    if ((r.graphics[graphics::kMode] & graphics::kOddEven) != 0) {
        const u64 plane = (r.graphics[graphics::kReadMap] & 2U) | (address & 1);
        return memory_[mask((address & ~u64{1}) << 1 | plane)];
    }
    r.latch = read_word(dispi_[Dispi::bank] * kBank + address);
    if ((r.graphics[graphics::kMode] & graphics::kReadCompare) == 0) {
        return static_cast<u8>(r.latch >> (r.graphics[graphics::kReadMap] & 3) * 8);
    }
    const u32 differ =
        (r.latch ^ plane_mask(r.graphics[graphics::kColorCompare])) & plane_mask(r.graphics[graphics::kColorDontCare]);
    return static_cast<u8>(~(differ | differ >> 8 | differ >> 16 | differ >> 24));
}

void Core::write_window(u64 offset, u8 value) {
    const std::lock_guard lock(lock_);
    const Registers& r = registers_;
    const std::optional<u64> found = window_address(offset);
    if (!found) {
        return;
    }
    const u64 address = *found;
    const u8 planes = r.sequencer[sequencer::kMapMask];
    if (dispi_.enabled() && dispi_[Dispi::bits] != 4) {
        memory_[mask(dispi_[Dispi::bank] * kBank + address)] = value;
    } else if ((r.sequencer[sequencer::kMemoryMode] & sequencer::kChain4) != 0) {
        if ((planes >> (address & 3) & 1) != 0) {
            memory_[mask(address)] = value;
        }
    } else if ((r.graphics[graphics::kMode] & graphics::kOddEven) != 0) {
        const u64 plane = (r.graphics[graphics::kReadMap] & 2U) | (address & 1);
        if ((planes >> plane & 1) != 0) {
            memory_[mask((address & ~u64{1}) << 1 | plane)] = value;
        }
    } else {
        const u32 word = to_write(value);
        write_word(dispi_[Dispi::bank] * kBank + address, word, plane_mask(planes));
    }
}

/// The four write modes, on the latches.
u32 Core::to_write(u8 value) const {
    const auto& g = registers_.graphics;
    const u32 latch = registers_.latch;
    const unsigned turn = g[graphics::kRotate] & 7;
    const u8 turned = static_cast<u8>(value >> turn | value << (8 - turn));
    u32 bits = in_all_planes(g[graphics::kBitMask]);
    u32 word = 0;
    switch (g[graphics::kMode] & 3) {
        case 0: {
            const u32 set = plane_mask(g[graphics::kEnableSetReset]);
            word = (in_all_planes(turned) & ~set) | (plane_mask(g[graphics::kSetReset]) & set);
            break;
        }
        case 1:
            return latch;
        case 2:
            word = plane_mask(value & 0x0f);
            break;
        default:
            word = plane_mask(g[graphics::kSetReset]);
            bits &= in_all_planes(turned);
            break;
    }
    switch (g[graphics::kRotate] >> 3 & 3) {
        case 1:
            word &= latch;
            break;
        case 2:
            word |= latch;
            break;
        case 3:
            word ^= latch;
            break;
        default:
            break;
    }
    return (word & bits) | (latch & ~bits);
}

}  // namespace kelvin::device::vga
