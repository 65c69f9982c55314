// SPDX-License-Identifier: Apache-2.0
// What the VGA displays: each pixel from the address counter, as its registers say, one row after the other.
#include <algorithm>
#include <array>
#include <cstring>

#include "device/vga/code_page.h"
#include "device/vga/core.h"

namespace kelvin::device::vga {

namespace {

constexpr u32 kFallbackWidth = 640;
constexpr u32 kFallbackHeight = 480;

u32 widen(u8 value, bool eight_bits) {
    return eight_bits ? value : static_cast<u32>(value << 2 | value >> 4);
}

/// The registers of one picture, digested.
class Display {
  public:
    Display(const Registers& registers, const Dispi& dispi, std::span<const u8> memory)
        : r_(registers), dispi_(dispi), memory_(memory) {
        const bool wide = (dispi[Dispi::enable] & Dispi::kEightBitPalette) != 0;
        for (unsigned index = 0; index < colors_.size(); ++index) {
            const unsigned at = (index & r_.pixel_mask) * 3;
            colors_[index] = widen(r_.palette[at], wide) << 16 | widen(r_.palette[at + 1], wide) << 8 |
                             widen(r_.palette[at + 2], wide);
        }
        for (unsigned index = 0; index < attributes_.size(); ++index) {
            const u8 select = r_.attribute[attribute::kColorSelect];
            const u8 color = r_.attribute[index];
            const bool split = (r_.attribute[attribute::kMode] & attribute::kPaletteSplit) != 0;
            attributes_[index] =
                colors_[split ? (color & 0xfU) | (select & 0xfU) << 4 : (color & 0x3fU) | (select & 0xcU) << 4];
        }
    }

    bool is_blank() const {
        return (r_.attribute_index & attribute::kVideoEnable) == 0 ||
               (r_.sequencer[sequencer::kClocking] & sequencer::kScreenOff) != 0;
    }
    bool is_text() const { return (r_.graphics[graphics::kMiscellaneous] & graphics::kGraphics) == 0; }
    u32 columns() const { return r_.crtc[crtc::kHorizontalEnd] + 1U; }
    u32 cell_height() const { return (r_.crtc[crtc::kMaximumScanLine] & 0x1fU) + 1; }
    u32 rows() const { return std::max<u32>(1, scan_lines() / cell_height()); }
    /// 7 bits of overflow's carry the counters' higher bits.
    u32 scan_lines() const {
        const u8 overflow = r_.crtc[crtc::kOverflow];
        return (r_.crtc[crtc::kVerticalEnd] | (overflow >> 1 & 1U) << 8 | (overflow >> 6 & 1U) << 9) + 1;
    }
    u32 line_compare() const {
        return r_.crtc[crtc::kLineCompare] | (r_.crtc[crtc::kOverflow] >> 4 & 1U) << 8 |
               (r_.crtc[crtc::kMaximumScanLine] >> 6 & 1U) << 9;
    }
    u64 start() const { return u64{r_.crtc[crtc::kStartHigh]} << 8 | r_.crtc[crtc::kStartLow]; }
    /// Addresses from one row to the next.
    u64 row_step() const { return u64{r_.crtc[crtc::kOffset]} * 2; }
    u8 plane(u64 address, unsigned number) const { return memory_[(address * 4 + number) & (memory_.size() - 1)]; }
    u64 cell(u32 column, u32 row) const { return start() + row * row_step() + column; }

    void draw_text(backend::Picture& picture) const;
    void draw_graphics(backend::Picture& picture) const;
    void draw_linear(backend::Picture& picture) const;

  private:
    u32 dots() const { return (r_.sequencer[sequencer::kClocking] & sequencer::kEightDots) != 0 ? 8 : 9; }
    unsigned halving() const { return (r_.sequencer[sequencer::kClocking] & sequencer::kHalfClock) != 0 ? 1 : 0; }
    u64 font(unsigned bank) const;
    void draw_cell(backend::Picture& picture, u32 column, u32 row, bool has_cursor) const;
    u64 row_address(u32 line) const;
    u32 pixel(u64 row, u32 x) const;
    u32 planar_pixel(u64 row, u32 x) const;
    u32 linear_pixel(const u8* at) const;

    const Registers& r_;
    const Dispi& dispi_;
    const std::span<const u8> memory_;
    std::array<u32, 256> colors_{};
    std::array<u32, 16> attributes_{};
};

/// Where in plane 2 the font for characters with (0) or without (1) bit 3 of their attribute is.
u64 Display::font(unsigned bank) const {
    const u8 map = r_.sequencer[sequencer::kCharacterMap];
    const unsigned low = bank == 0 ? map >> 2 & 3 : map & 3;
    const unsigned high = bank == 0 ? map >> 5 & 1 : map >> 4 & 1;
    return low * u64{0x4000} + high * u64{0x2000};
}

void Display::draw_cell(backend::Picture& picture, u32 column, u32 row, bool has_cursor) const {
    const u64 address = cell(column, row);
    const u8 code = plane(address, 0);
    const u8 color = plane(address, 1);
    const bool blinks = (r_.attribute[attribute::kMode] & attribute::kBlink) != 0;
    const u32 ink = attributes_[color & 0x0f];
    const u32 paper = attributes_[color >> 4 & (blinks ? 7 : 15)];
    const u64 glyph = font((color & 8) != 0 ? 0 : 1) + code * u64{32};
    // Line-drawing characters go on into the ninth column.
    const bool joins = (r_.attribute[attribute::kMode] & attribute::kLineGraphics) != 0 && code >= 0xc0 && code < 0xe0;
    const u32 first = r_.crtc[crtc::kCursorStart] & 0x1f;
    const u32 last = r_.crtc[crtc::kCursorEnd] & 0x1f;
    for (u32 line = 0; line < cell_height(); ++line) {
        u32 bits = u32{plane(glyph + line, 2)} << 1;
        bits |= joins ? bits >> 1 & 1 : 0;
        if (has_cursor && line >= first && line <= last) {
            bits = 0x1ff;
        }
        u32* const out = &picture.pixels[std::size_t{row * cell_height() + line} * picture.width + column * dots()];
        for (u32 x = 0; x < dots(); ++x) {
            out[x] = (bits >> (8 - x) & 1) != 0 ? ink : paper;
        }
    }
}

void Display::draw_text(backend::Picture& picture) const {
    picture.resize(columns() * dots(), rows() * cell_height());
    const u64 cursor = u64{r_.crtc[crtc::kCursorHigh]} << 8 | r_.crtc[crtc::kCursorLow];
    constexpr u8 kCursorOff = 0x20;
    const bool shown = (r_.crtc[crtc::kCursorStart] & kCursorOff) == 0;
    for (u32 row = 0; row < rows(); ++row) {
        for (u32 column = 0; column < columns(); ++column) {
            draw_cell(picture, column, row, shown && cell(column, row) == cursor);
        }
    }
}

/// The address of a scan line's first pixels, what is behind the line compare from the memory's beginning.
u64 Display::row_address(u32 line) const {
    const bool is_split = line > line_compare();
    const u32 from = is_split ? line - line_compare() - 1 : line;
    const bool doubled = (r_.crtc[crtc::kMaximumScanLine] & 0x80) != 0;
    const u32 scan = doubled ? from / 2 : from;
    const u32 row = scan / cell_height();
    const u32 within = scan % cell_height();
    u64 address = (is_split ? 0 : start()) + row * row_step();
    // CGA and Hercules put scan lines into banks: lower bits of the row counter become bits 13 and 14 of the address.
    const u8 mode = r_.crtc[crtc::kMode];
    const unsigned bit = (mode & 0x40) != 0 ? 13 : 12;
    if ((mode & 1) == 0) {
        address = (address & ~(u64{1} << bit)) | u64{within & 1} << bit;
    }
    if ((mode & 2) == 0) {
        address = (address & ~(u64{2} << bit)) | u64{within >> 1 & 1} << (bit + 1);
    }
    return address;
}

u32 Display::planar_pixel(u64 row, u32 x) const {
    const u64 address = row + x / 8;
    unsigned color = 0;
    for (unsigned number = 0; number < 4; ++number) {
        color |= (plane(address, number) >> (7 - x % 8) & 1U) << number;
    }
    return attributes_[color & r_.attribute[attribute::kPlaneEnable]];
}

u32 Display::pixel(u64 row, u32 x) const {
    const u32 at = (x >> halving()) + (r_.attribute[attribute::kPanning] & 7U);
    switch (r_.graphics[graphics::kMode] >> 5 & 3) {
        case 0:
            return planar_pixel(row, at);
        case 1: {
            // Two bits a pixel: four of an even address, which is plane 0, then four of the odd one.
            const unsigned number = at / 4 % 2;
            const unsigned shift = 6 - 2 * (at % 4);
            const u64 address = row + at / 8;
            const unsigned low = plane(address, number) >> shift & 3U;
            const unsigned high = plane(address, number + 2) >> shift & 3U;
            return attributes_[(low | high << 2) & r_.attribute[attribute::kPlaneEnable]];
        }
        default: {
            const u32 source = (x >> halving()) / 2;
            return colors_[plane(row + source / 4, source % 4)];
        }
    }
}

void Display::draw_graphics(backend::Picture& picture) const {
    picture.resize((columns() * 8) << halving(), scan_lines());
    u32* out = picture.pixels.data();
    for (u32 line = 0; line < picture.height; ++line) {
        const u64 row = row_address(line);
        for (u32 x = 0; x < picture.width; ++x) {
            *out++ = pixel(row, x);
        }
    }
}

u32 Display::linear_pixel(const u8* at) const {
    u32 value = 0;
    const unsigned bits = dispi_[Dispi::bits];
    std::memcpy(&value, at, (bits + 7) / 8);
    const auto scale = [&](unsigned shift, unsigned width) {
        const u32 part = value >> shift & ((1U << width) - 1);
        return part << (8 - width) | part >> (2 * width - 8);
    };
    switch (bits) {
        case 8:
            return colors_[value & 0xff];
        case 15:
            return scale(10, 5) << 16 | scale(5, 5) << 8 | scale(0, 5);
        case 16:
            return scale(11, 5) << 16 | scale(5, 6) << 8 | scale(0, 5);
        default:
            return value & 0xff'ffff;
    }
}

/// limit_dispi() has seen to it that all of it lies in memory; saved state may say otherwise.
void Display::draw_linear(backend::Picture& picture) const {
    picture.resize(dispi_[Dispi::x], dispi_[Dispi::y]);
    const u64 bytes = (dispi_[Dispi::bits] + 7U) / 8;
    u32* out = picture.pixels.data();
    for (u64 y = 0; y < picture.height; ++y) {
        const u64 row = (y + dispi_[Dispi::y_offset]) * dispi_.pitch();
        for (u32 x = 0; x < picture.width; ++x) {
            const u64 column = u64{x} + dispi_[Dispi::x_offset];
            if (dispi_[Dispi::bits] == 4) {
                *out++ = planar_pixel(row / 4, static_cast<u32>(column));
                continue;
            }
            const u64 at = row + column * bytes;
            *out++ = at + bytes <= memory_.size() ? linear_pixel(memory_.data() + at) : 0;
        }
    }
}

}  // namespace

Core::Snapshot Core::snapshot() const {
    const std::lock_guard lock(lock_);
    return {registers_, dispi_};
}

void Core::draw(backend::Picture& picture) {
    const Snapshot now = snapshot();
    const Display display(now.registers, now.dispi, memory_);
    if (now.dispi.enabled()) {
        return display.draw_linear(picture);
    }
    if (display.is_blank()) {
        picture.resize(kFallbackWidth, kFallbackHeight);
        std::ranges::fill(picture.pixels, 0U);
        return;
    }
    return display.is_text() ? display.draw_text(picture) : display.draw_graphics(picture);
}

std::optional<std::vector<std::string>> Core::text() {
    const Snapshot now = snapshot();
    const Display display(now.registers, now.dispi, memory_);
    if (now.dispi.enabled() || display.is_blank() || !display.is_text()) {
        return std::nullopt;
    }
    std::vector<std::string> lines(display.rows());
    for (u32 row = 0; row < display.rows(); ++row) {
        std::size_t end = 0;
        for (u32 column = 0; column < display.columns(); ++column) {
            const u8 code = display.plane(display.cell(column, row), 0);
            lines[row] += utf8_of(code);
            end = code != 0 && code != ' ' ? lines[row].size() : end;
        }
        lines[row].resize(end);
    }
    return lines;
}

}  // namespace kelvin::device::vga
