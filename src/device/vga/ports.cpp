// SPDX-License-Identifier: Apache-2.0
// Ports of the VGA, and Bochs's registers.
#include <algorithm>

#include "device/vga/core.h"

namespace kelvin::device::vga {

namespace {

// Offsets from 3B0.
enum Port : u64 {
    kAttribute = 0x10,
    kAttributeRead = 0x11,
    kMiscellaneous = 0x12,  // read: input status 0
    kSequencerIndex = 0x14,
    kSequencerData = 0x15,
    kPixelMask = 0x16,
    kPaletteRead = 0x17,  // read: its state
    kPaletteWrite = 0x18,
    kPaletteData = 0x19,
    kFeature = 0x1a,
    kMiscellaneousRead = 0x1c,
    kGraphicsIndex = 0x1e,
    kGraphicsData = 0x1f,
    kCrtcIndex = 0x04,  // these three also at + 0x20, by which the processor chooses
    kCrtcData = 0x05,
    kStatus1 = 0x0a,
};

constexpr u8 kNothing = 0xff;
constexpr u8 kDisplayDisabled = 0x01;
constexpr u8 kVerticalRetrace = 0x08;
constexpr u8 kSwitchSense = 0x10;
constexpr std::array<u8, 8> kSequencerBits = {0x03, 0x3d, 0x0f, 0x3f, 0x0e, 0, 0, 0};
constexpr std::array<u8, 16> kGraphicsBits = {0x0f, 0x0f, 0x0f, 0x1f, 0x03, 0x7b, 0x0f, 0x0f, 0xff};

}  // namespace

Core::Core(std::span<u8> memory) : memory_(memory) {
    reset();
}

void Core::reset() {
    const std::lock_guard lock(lock_);
    registers_ = {};
    dispi_ = {};
    dispi_.values[Dispi::id] = Dispi::kNewest;
}

u8 Core::read_port(u64 offset) {
    const std::lock_guard lock(lock_);
    Registers& r = registers_;
    switch (offset) {
        case kAttribute:
            return r.attribute_data ? u8{0} : r.attribute_index;
        case kAttributeRead:
            return (r.attribute_index & 0x1f) < r.attribute.size() ? r.attribute[r.attribute_index & 0x1f] : u8{0};
        case kMiscellaneous:
            return kSwitchSense;
        case kSequencerIndex:
            return r.sequencer_index;
        case kSequencerData:
            return r.sequencer[r.sequencer_index];
        case kPixelMask:
            return r.pixel_mask;
        case kPaletteRead:
            return r.palette_state;
        case kPaletteWrite:
            return r.palette_write;
        case kPaletteData:
            return read_palette();
        case kFeature:
            return r.feature;
        case kMiscellaneousRead:
            return r.miscellaneous;
        case kGraphicsIndex:
            return r.graphics_index;
        case kGraphicsData:
            return r.graphics[r.graphics_index];
        default:
            break;
    }
    if (!is_crtc(offset)) {
        return kNothing;
    }
    switch (offset & 0x0f) {
        case kCrtcIndex:
            return r.crtc_index;
        case kCrtcData:
            return r.crtc_index < r.crtc.size() ? r.crtc[r.crtc_index] : u8{0};
        case kStatus1:
            // Who waits for the beam sees it come and go.
            r.attribute_data = false;
            r.status1 ^= kDisplayDisabled | kVerticalRetrace;
            return r.status1;
        default:
            return kNothing;
    }
}

void Core::write_port(u64 offset, u8 value) {
    const std::lock_guard lock(lock_);
    Registers& r = registers_;
    switch (offset) {
        case kAttribute:
            return write_attribute(value);
        case kMiscellaneous:
            r.miscellaneous = value & ~0x10;
            return;
        case kSequencerIndex:
            r.sequencer_index = value & 7;
            return;
        case kSequencerData:
            r.sequencer[r.sequencer_index] = value & kSequencerBits[r.sequencer_index];
            return;
        case kPixelMask:
            r.pixel_mask = value;
            return;
        case kPaletteRead:
            r.palette_read = value;
            r.palette_part = 0;
            r.palette_state = 3;
            return;
        case kPaletteWrite:
            r.palette_write = value;
            r.palette_part = 0;
            r.palette_state = 0;
            return;
        case kPaletteData:
            return write_palette(value);
        case kGraphicsIndex:
            r.graphics_index = value & 0x0f;
            return;
        case kGraphicsData:
            r.graphics[r.graphics_index] = value & kGraphicsBits[r.graphics_index];
            return;
        default:
            break;
    }
    if (!is_crtc(offset)) {
        return;
    }
    switch (offset & 0x0f) {
        case kCrtcIndex:
            r.crtc_index = value;
            return;
        case kCrtcData:
            return write_crtc(value);
        case kStatus1:
            r.feature = value & 0x10;
            return;
        default:
            return;
    }
}

/// The port takes an index and a value in turn.
void Core::write_attribute(u8 value) {
    Registers& r = registers_;
    r.attribute_data = !r.attribute_data;
    if (r.attribute_data) {
        r.attribute_index = value & 0x3f;
        return;
    }
    const unsigned index = r.attribute_index & 0x1f;
    if (index < attribute::kMode) {
        r.attribute[index] = value & 0x3f;
    } else if (index < r.attribute.size()) {
        constexpr std::array<u8, 5> kBits = {0xef, 0xff, 0x3f, 0x0f, 0x0f};
        r.attribute[index] = value & kBits.at(index - attribute::kMode);
    }
}

void Core::write_crtc(u8 value) {
    Registers& r = registers_;
    if (r.crtc_index >= r.crtc.size()) {
        return;
    }
    const bool is_protected = (r.crtc[crtc::kVerticalRetraceEnd] & crtc::kProtect) != 0;
    if (is_protected && r.crtc_index <= crtc::kOverflow) {
        // Line compare's bit can always be written.
        if (r.crtc_index == crtc::kOverflow) {
            r.crtc[crtc::kOverflow] = static_cast<u8>((r.crtc[crtc::kOverflow] & ~0x10) | (value & 0x10));
        }
        return;
    }
    r.crtc[r.crtc_index] = value;
}

u8 Core::read_palette() {
    Registers& r = registers_;
    const u8 value = r.palette[r.palette_read * 3U + r.palette_part];
    if (++r.palette_part == 3) {
        r.palette_part = 0;
        ++r.palette_read;
    }
    return value;
}

void Core::write_palette(u8 value) {
    Registers& r = registers_;
    const bool wide = (dispi_[Dispi::enable] & Dispi::kEightBitPalette) != 0;
    r.palette_cache[r.palette_part] = wide ? value : static_cast<u8>(value & 0x3f);
    if (++r.palette_part == 3) {
        std::ranges::copy(r.palette_cache, r.palette.begin() + r.palette_write * 3);
        r.palette_part = 0;
        ++r.palette_write;
    }
}

u16 Core::read_dispi_index() const {
    const std::lock_guard lock(lock_);
    return dispi_.index;
}

void Core::write_dispi_index(u16 index) {
    const std::lock_guard lock(lock_);
    dispi_.index = index;
}

u16 Core::read_dispi(u16 index) const {
    const std::lock_guard lock(lock_);
    if ((dispi_[Dispi::enable] & Dispi::kCapabilities) != 0 && index >= Dispi::x && index <= Dispi::bits) {
        constexpr std::array<u16, 3> kMost = {Dispi::kMostX, Dispi::kMostY, Dispi::kMostBits};
        return kMost.at(index - Dispi::x);
    }
    if (index == Dispi::memory) {
        return static_cast<u16>(memory_.size() >> 16);
    }
    return index < Dispi::kCount ? dispi_.values[index] : u16{0};
}

void Core::write_dispi(u16 index, u16 value) {
    const std::lock_guard lock(lock_);
    switch (index) {
        case Dispi::id:
            if (value >= Dispi::kOldest && value <= Dispi::kNewest) {
                dispi_.values[Dispi::id] = value;
            }
            return;
        case Dispi::enable:
            return enable_dispi(value);
        case Dispi::bank:
            dispi_.values[Dispi::bank] = static_cast<u16>(value & ((memory_.size() >> 16) - 1));
            return;
        case Dispi::virtual_width:
        case Dispi::x_offset:
        case Dispi::y_offset:
            dispi_.values[index] = value;
            return limit_dispi();
        case Dispi::x:
        case Dispi::y:
        case Dispi::bits:
            // What is displayed has the size that it had when it was switched on.
            if (!dispi_.enabled()) {
                dispi_.values[index] = value;
            }
            return;
        default:
            return;
    }
}

void Core::enable_dispi(u16 value) {
    constexpr u16 kBits =
        Dispi::kEnabled | Dispi::kCapabilities | Dispi::kEightBitPalette | Dispi::kLinear | Dispi::kKeepMemory;
    const bool was_enabled = dispi_.enabled();
    dispi_.values[Dispi::enable] = value & kBits;
    if (!dispi_.enabled() || was_enabled) {
        return;
    }
    dispi_.values[Dispi::virtual_width] = 0;
    dispi_.values[Dispi::x_offset] = 0;
    dispi_.values[Dispi::y_offset] = 0;
    dispi_.values[Dispi::bank] = 0;
    limit_dispi();
    if ((value & Dispi::kKeepMemory) == 0) {
        const u64 bytes = dispi_.pitch() * dispi_[Dispi::y];
        std::ranges::fill(memory_.first(std::min<u64>(bytes, memory_.size())), u8{0});
    }
}

/// To what fits into memory, and to depths that there are.
void Core::limit_dispi() {
    auto& v = dispi_.values;
    constexpr std::array<u16, 6> kDepths = {4, 8, 15, 16, 24, 32};
    if (std::ranges::find(kDepths, v[Dispi::bits]) == kDepths.end()) {
        v[Dispi::bits] = 8;
    }
    v[Dispi::x] = static_cast<u16>(std::clamp<unsigned>(v[Dispi::x] & ~7U, 8, Dispi::kMostX));
    v[Dispi::virtual_width] =
        static_cast<u16>(std::clamp<unsigned>(v[Dispi::virtual_width] & ~7U, v[Dispi::x], 0xfff8));
    const u64 rows = memory_.size() / dispi_.pitch();
    if (rows == 0) {
        v[Dispi::virtual_width] = v[Dispi::x];
    }
    const u64 all = std::clamp<u64>(memory_.size() / dispi_.pitch(), 1, 0xffff);
    v[Dispi::virtual_height] = static_cast<u16>(all);
    const u64 most = std::min<u64>({all, Dispi::kMostY, backend::Picture::kMostPixels / v[Dispi::x]});
    v[Dispi::y] = static_cast<u16>(std::clamp<u64>(v[Dispi::y], 1, most));
    v[Dispi::x_offset] =
        static_cast<u16>(std::min<unsigned>(v[Dispi::x_offset], v[Dispi::virtual_width] - v[Dispi::x]));
    v[Dispi::y_offset] = static_cast<u16>(std::min<u64>(v[Dispi::y_offset], all - v[Dispi::y]));
}

}  // namespace kelvin::device::vga
