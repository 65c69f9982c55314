// SPDX-License-Identifier: Apache-2.0
// IBM's VGA as programs see it (IBM PS/2 Hardware Interface Technical Reference, Video Subsystem): its registers.
#pragma once

#include <array>

#include "base/types.h"

namespace kelvin::device::vga {

struct Registers {
    std::array<u8, 8> sequencer{};
    std::array<u8, 25> crtc{};
    std::array<u8, 16> graphics{};
    std::array<u8, 21> attribute{};
    std::array<u8, 768> palette{};  ///< red, green and blue of each colour, of 6 bits unless Bochs's extension says 8
    u8 sequencer_index = 0;
    u8 crtc_index = 0;
    u8 graphics_index = 0;
    u8 attribute_index = 0;
    bool attribute_data = false;  ///< the next write of 3C0 is data
    u8 miscellaneous = 0;
    u8 feature = 0;
    u8 status1 = 0;
    u8 pixel_mask = 0xff;
    u8 palette_state = 0;  ///< 3C7: 0 while it is written, 3 while it is read
    u8 palette_read = 0;
    u8 palette_write = 0;
    u8 palette_part = 0;                ///< which of a colour's bytes is next
    std::array<u8, 3> palette_cache{};  ///< bytes of a colour that is not complete
    u32 latch = 0;                      ///< a byte of each plane

    template <class Visitor>
    void fields(Visitor& visit) {
        visit("sequencer", sequencer);
        visit("crtc", crtc);
        visit("graphics", graphics);
        visit("attribute", attribute);
        visit("palette", palette);
        visit("sequencer_index", sequencer_index);
        visit("crtc_index", crtc_index);
        visit("graphics_index", graphics_index);
        visit("attribute_index", attribute_index);
        visit("attribute_data", attribute_data);
        visit("miscellaneous", miscellaneous);
        visit("feature", feature);
        visit("status1", status1);
        visit("pixel_mask", pixel_mask);
        visit("palette_state", palette_state);
        visit("palette_read", palette_read);
        visit("palette_write", palette_write);
        visit("palette_part", palette_part);
        visit("palette_cache", palette_cache);
        visit("latch", latch);
    }
};

namespace sequencer {
inline constexpr unsigned kClocking = 1;
inline constexpr unsigned kMapMask = 2;
inline constexpr unsigned kCharacterMap = 3;
inline constexpr unsigned kMemoryMode = 4;
inline constexpr u8 kEightDots = 0x01;
inline constexpr u8 kHalfClock = 0x08;
inline constexpr u8 kScreenOff = 0x20;
inline constexpr u8 kChain4 = 0x08;
}  // namespace sequencer

namespace crtc {
inline constexpr unsigned kHorizontalEnd = 0x01;
inline constexpr unsigned kOverflow = 0x07;
inline constexpr unsigned kPresetRow = 0x08;
inline constexpr unsigned kMaximumScanLine = 0x09;
inline constexpr unsigned kCursorStart = 0x0a;
inline constexpr unsigned kCursorEnd = 0x0b;
inline constexpr unsigned kStartHigh = 0x0c;
inline constexpr unsigned kStartLow = 0x0d;
inline constexpr unsigned kCursorHigh = 0x0e;
inline constexpr unsigned kCursorLow = 0x0f;
inline constexpr unsigned kVerticalRetraceEnd = 0x11;
inline constexpr unsigned kVerticalEnd = 0x12;
inline constexpr unsigned kOffset = 0x13;
inline constexpr unsigned kMode = 0x17;
inline constexpr unsigned kLineCompare = 0x18;
inline constexpr u8 kProtect = 0x80;  ///< of kVerticalRetraceEnd: registers 0 to 7 are read-only
}  // namespace crtc

namespace graphics {
inline constexpr unsigned kSetReset = 0;
inline constexpr unsigned kEnableSetReset = 1;
inline constexpr unsigned kColorCompare = 2;
inline constexpr unsigned kRotate = 3;
inline constexpr unsigned kReadMap = 4;
inline constexpr unsigned kMode = 5;
inline constexpr unsigned kMiscellaneous = 6;
inline constexpr unsigned kColorDontCare = 7;
inline constexpr unsigned kBitMask = 8;
inline constexpr u8 kOddEven = 0x10;
inline constexpr u8 kReadCompare = 0x08;
inline constexpr u8 kGraphics = 0x01;
}  // namespace graphics

namespace attribute {
inline constexpr unsigned kMode = 0x10;
inline constexpr unsigned kPlaneEnable = 0x12;
inline constexpr unsigned kPanning = 0x13;
inline constexpr unsigned kColorSelect = 0x14;
inline constexpr u8 kLineGraphics = 0x04;
inline constexpr u8 kBlink = 0x08;
inline constexpr u8 kPaletteSplit = 0x80;
inline constexpr u8 kVideoEnable = 0x20;  ///< of the index: the palette is the display's, not the processor's
}  // namespace attribute

/// Bochs's extension for linear modes (its iodev/display/vga.h; QEMU's docs/specs/standard-vga.rst).
struct Dispi {
    enum Index : u16 {
        id,
        x,
        y,
        bits,
        enable,
        bank,
        virtual_width,
        virtual_height,
        x_offset,
        y_offset,
        memory,
        kCount
    };
    static constexpr u16 kNewest = 0xb0c5;
    static constexpr u16 kOldest = 0xb0c0;
    static constexpr u16 kEnabled = 0x01;
    static constexpr u16 kCapabilities = 0x02;  ///< reads of x, y and bits give the most there can be
    static constexpr u16 kEightBitPalette = 0x20;
    static constexpr u16 kLinear = 0x40;
    static constexpr u16 kKeepMemory = 0x80;
    static constexpr u16 kMostX = 16000;
    static constexpr u16 kMostY = 12000;
    static constexpr u16 kMostBits = 32;

    u16 index = 0;
    std::array<u16, kCount> values{};

    bool enabled() const { return (values[enable] & kEnabled) != 0; }
    u16 operator[](Index which) const { return values.at(which); }
    /// What one row takes in memory.
    u64 pitch() const {
        const u64 width = values[virtual_width];
        return values[bits] == 4 ? width / 8 * 4 : width * ((values[bits] + 7U) / 8);
    }

    template <class Visitor>
    void fields(Visitor& visit) {
        visit("index", index);
        visit("values", values);
    }
};

}  // namespace kelvin::device::vga
