// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <array>
#include <numeric>
#include <vector>

#include "device/vga/code_page.h"
#include "device/vga/core.h"
#include "device/vga/edid.h"

namespace kelvin::device::vga {
namespace {

constexpr u32 kWhite = 0xffffff;

struct Card {
    void put(u64 port, u8 value) { core.write_port(port - 0x3b0, value); }
    u8 get(u64 port) { return core.read_port(port - 0x3b0); }
    void put_indexed(u64 port, u8 index, u8 value) {
        put(port, index);
        put(port + 1, value);
    }
    void put_attribute(u8 index, u8 value) {
        get(0x3da);
        put(0x3c0, index);
        put(0x3c0, value);
    }
    void put_color(u8 index, u8 red, u8 green, u8 blue) {
        put(0x3c8, index);
        for (const u8 part : {red, green, blue}) {
            put(0x3c9, part);
        }
    }
    void window(u64 address, u8 value) { core.write_window(address - 0xa0000, value); }
    u8 window(u64 address) { return core.read_window(address - 0xa0000); }
    u32 pixel(u32 x, u32 y) {
        core.draw(picture);
        return picture.pixels.at(std::size_t{y} * picture.width + x);
    }

    /// A palette in which colour 1 is blue and 15 is white, each attribute its own colour, and the display on.
    void set_colors() {
        for (u8 index = 0; index < 16; ++index) {
            put_attribute(index, index);
        }
        put_color(1, 0, 0, 63);
        put_color(15, 63, 63, 63);
        put_attribute(0x12, 0x0f);
        get(0x3da);
        put(0x3c0, 0x20);
    }
    /// CRTC registers for `columns` characters and `lines` scan lines, `height` of them a row.
    void set_size(u32 columns, u32 lines, u32 height, u8 offset) {
        put(0x3c2, 0x67);
        put_indexed(0x3d4, 0x11, 0);
        put_indexed(0x3d4, 1, static_cast<u8>(columns - 1));
        put_indexed(0x3d4, 0x12, static_cast<u8>(lines - 1));
        put_indexed(0x3d4, 7, static_cast<u8>(((lines - 1) >> 8 & 1) << 1 | ((lines - 1) >> 9 & 1) << 6 | 0x10));
        put_indexed(0x3d4, 9, static_cast<u8>((height - 1) | 0x40));
        put_indexed(0x3d4, 0x18, 0xff);
        put_indexed(0x3d4, 0x13, offset);
        put_indexed(0x3d4, 0x17, 0xa3);
    }
    void set_text_mode() {
        set_size(80, 400, 16, 40);
        put_indexed(0x3c4, 1, 0);
        put_indexed(0x3c4, 2, 3);
        put_indexed(0x3c4, 4, 2);
        put_indexed(0x3ce, 5, 0x10);
        put_indexed(0x3ce, 6, 0x0e);
        put_attribute(0x10, 0x0c);
        put_indexed(0x3d4, 0x0a, 0x20);
        set_colors();
    }
    /// The font's first line of character `code` becomes `bits`.
    void put_glyph(u8 code, u8 bits) { memory[code * 32U * 4 + 2] = bits; }

    std::vector<u8> memory = std::vector<u8>(1 << 20);
    Core core{memory};
    backend::Picture picture;
};

TEST(Vga, ShowsBlackUntilItIsTold) {
    Card card;
    EXPECT_EQ(card.pixel(639, 479), 0U);
    EXPECT_EQ(card.picture.width, 640U);
    EXPECT_FALSE(card.core.text());
}

TEST(Vga, PortsKeepWhatTheyHaveBitsFor) {
    Card card;
    card.put_indexed(0x3c4, 4, 0xff);
    EXPECT_EQ(card.get(0x3c5), 0x0e);
    card.put_indexed(0x3ce, 8, 0xa5);
    EXPECT_EQ(card.get(0x3cf), 0xa5);
    card.put(0x3c2, 0xff);
    EXPECT_EQ(card.get(0x3cc), 0xef);
    EXPECT_EQ(card.get(0x3b5), 0xff) << "colour: the CRTC is at 3D4";
    card.put_indexed(0x3d4, 0x11, 0x80);
    card.put_indexed(0x3d4, 0, 0x55);
    EXPECT_EQ(card.get(0x3d5), 0) << "protected";
    card.put_indexed(0x3d4, 0x13, 0x55);
    EXPECT_EQ(card.get(0x3d5), 0x55);
    card.put_attribute(0x10, 0xff);
    EXPECT_EQ(card.get(0x3c1), 0xef);
    EXPECT_NE(card.get(0x3da), card.get(0x3da)) << "the beam moves";
}

TEST(Vga, PaletteIsReadBackByte) {
    Card card;
    card.put_color(7, 1, 2, 0xff);
    card.put(0x3c7, 7);
    EXPECT_EQ(card.get(0x3c7), 3);
    EXPECT_EQ(card.get(0x3c9), 1);
    EXPECT_EQ(card.get(0x3c9), 2);
    EXPECT_EQ(card.get(0x3c9), 0x3f) << "six bits";
}

TEST(Vga, TextInItsFontAndAsText) {
    Card card;
    card.set_text_mode();
    card.put_glyph('A', 0x81);
    card.put_glyph(0xc4, 0xff);
    card.window(0xb8000, 'A');
    card.window(0xb8001, 0x1f);
    card.window(0xb8000 + 160, 0xc4);
    card.window(0xb8001 + 160, 0x1f);
    EXPECT_EQ(card.window(0xb8000), 'A');
    EXPECT_EQ(card.pixel(0, 0), kWhite);
    EXPECT_EQ(card.picture.width, 720U);
    EXPECT_EQ(card.picture.height, 400U);
    EXPECT_EQ(card.pixel(1, 0), 0xffU) << "its paper";
    EXPECT_EQ(card.pixel(7, 0), kWhite);
    EXPECT_EQ(card.pixel(8, 0), 0xffU);
    EXPECT_EQ(card.pixel(0, 1), 0xffU);
    EXPECT_EQ(card.pixel(8, 16), kWhite) << "lines join";
    const auto text = card.core.text();
    ASSERT_TRUE(text);
    EXPECT_EQ(text->size(), 25U);
    EXPECT_EQ(text->at(0), "A");
    EXPECT_EQ(text->at(1), "─");
    EXPECT_EQ(text->at(2), "");
}

TEST(Vga, TextScrollsByTheStartAddressAndHasACursor) {
    Card card;
    card.set_text_mode();
    card.window(0xb8000 + 160, 'x');
    card.put_indexed(0x3d4, 0x0d, 80);
    EXPECT_EQ(card.core.text()->at(0), "x");
    card.window(0xb8001 + 162, 0x0f);
    card.put_indexed(0x3d4, 0x0f, 81);
    card.put_indexed(0x3d4, 0x0a, 14);
    card.put_indexed(0x3d4, 0x0b, 15);
    EXPECT_EQ(card.pixel(9, 13), 0U);
    EXPECT_EQ(card.pixel(9, 14), kWhite);
    EXPECT_EQ(card.pixel(17, 15), kWhite);
    EXPECT_EQ(card.pixel(18, 15), 0U);
}

struct PlanarCard : Card {
    PlanarCard() {
        set_size(80, 480, 1, 40);
        put_indexed(0x3d4, 0x17, 0xe3);
        put_indexed(0x3c4, 1, 1);
        put_indexed(0x3c4, 2, 0x0f);
        put_indexed(0x3c4, 4, 6);
        put_indexed(0x3ce, 5, 0);
        put_indexed(0x3ce, 6, 5);
        put_indexed(0x3ce, 8, 0xff);
        set_colors();
    }
};

TEST(Vga, PlanesMakeColors) {
    PlanarCard card;
    card.put_indexed(0x3c4, 2, 1);
    card.window(0xa0000, 0x80);
    EXPECT_EQ(card.pixel(0, 0), 0xffU);
    EXPECT_EQ(card.picture.width, 640U);
    EXPECT_EQ(card.picture.height, 480U);
    card.put_indexed(0x3c4, 2, 0x0f);
    card.window(0xa0000 + 80, 0x01);
    EXPECT_EQ(card.pixel(7, 1), kWhite);
    EXPECT_EQ(card.pixel(6, 1), 0U);
}

TEST(Vga, WriteModes) {
    PlanarCard card;
    const auto planes = [&] {
        std::array<u8, 4> bytes{};
        for (u8 plane = 0; plane < 4; ++plane) {
            card.put_indexed(0x3ce, 4, plane);
            bytes.at(plane) = card.window(0xa0000);
        }
        return bytes;
    };
    using Planes = std::array<u8, 4>;
    card.put_indexed(0x3ce, 5, 2);
    card.window(0xa0000, 0x05);
    EXPECT_EQ(planes(), (Planes{0xff, 0, 0xff, 0}));
    card.put_indexed(0x3ce, 8, 0x0f);
    card.window(0xa0000, 0x02);
    EXPECT_EQ(planes(), (Planes{0xf0, 0x0f, 0xf0, 0}));
    card.put_indexed(0x3ce, 8, 0xff);
    card.put_indexed(0x3ce, 5, 0);
    card.put_indexed(0x3ce, 3, 0x18 | 4);  // exclusive or, turned by four
    card.window(0xa0000, 0x1f);
    EXPECT_EQ(planes(), (Planes{0x01, 0xfe, 0x01, 0xf1}));
    card.put_indexed(0x3ce, 3, 0);
    card.put_indexed(0x3ce, 0, 0x01);  // set/reset: plane 0 becomes ones, plane 1 zeros, the others the byte
    card.put_indexed(0x3ce, 1, 0x03);
    card.window(0xa0000, 0xaa);
    EXPECT_EQ(planes(), (Planes{0xff, 0, 0xaa, 0xaa}));
    card.put_indexed(0x3ce, 5, 1);
    card.window(0xa0000);
    card.window(0xa0001, 0);
    EXPECT_EQ(card.memory[4], 0xff);
    EXPECT_EQ(card.memory[6], 0xaa);
    card.put_indexed(0x3ce, 5, 3);
    card.put_indexed(0x3ce, 0, 0x08);
    card.window(0xa0000);
    card.window(0xa0000, 0x0f);
    EXPECT_EQ(planes(), (Planes{0xf0, 0, 0xa0, 0xaf}));
    card.put_indexed(0x3ce, 5, 8);
    card.put_indexed(0x3ce, 2, 0x01);
    card.put_indexed(0x3ce, 7, 0x01);
    EXPECT_EQ(card.window(0xa0000), 0xf0) << "where plane 0 has what is compared";
}

TEST(Vga, TwoHundredLinesOf256Colors) {
    Card card;
    card.set_size(80, 400, 2, 40);
    card.put_indexed(0x3c4, 1, 1);
    card.put_indexed(0x3c4, 2, 0x0f);
    card.put_indexed(0x3c4, 4, 0x0e);
    card.put_indexed(0x3ce, 5, 0x40);
    card.put_indexed(0x3ce, 6, 5);
    card.set_colors();
    card.put_color(200, 0, 63, 0);
    card.window(0xa0000 + 320 + 5, 200);
    EXPECT_EQ(card.pixel(10, 2), 0xff00U);
    EXPECT_EQ(card.pixel(11, 3), 0xff00U);
    EXPECT_EQ(card.pixel(12, 2), 0U);
    EXPECT_EQ(card.pixel(10, 1), 0U);
    EXPECT_EQ(card.window(0xa0000 + 325), 200);
}

TEST(Vga, CgaInFourColors) {
    Card card;
    card.set_size(40, 400, 2, 20);
    card.put_indexed(0x3d4, 0x17, 0xa2);
    card.put_indexed(0x3c4, 1, 9);
    card.put_indexed(0x3c4, 2, 3);
    card.put_indexed(0x3c4, 4, 2);
    card.put_indexed(0x3ce, 5, 0x30);
    card.put_indexed(0x3ce, 6, 0x0f);
    card.set_colors();
    card.window(0xb8000, 0x40);
    card.window(0xb8001, 0x01);
    card.window(0xba000, 0x10);  // the odd lines' bank
    EXPECT_EQ(card.pixel(0, 0), 0xffU);
    EXPECT_EQ(card.picture.width, 640U);
    EXPECT_EQ(card.pixel(1, 0), 0xffU) << "two dots a pixel";
    EXPECT_EQ(card.pixel(14, 0), 0xffU);
    EXPECT_EQ(card.pixel(2, 1), 0xffU);
    EXPECT_EQ(card.pixel(2, 0), 0U);
}

TEST(Dispi, LinearModes) {
    Card card;
    Core& core = card.core;
    EXPECT_EQ(core.read_dispi(Dispi::id), 0xb0c5);
    EXPECT_EQ(core.read_dispi(Dispi::memory), 16);
    core.write_dispi(Dispi::x, 160);
    core.write_dispi(Dispi::y, 100);
    core.write_dispi(Dispi::bits, 32);
    card.memory[0] = 7;
    core.write_dispi(Dispi::enable, Dispi::kEnabled | Dispi::kLinear);
    EXPECT_EQ(card.memory[0], 0) << "cleared";
    card.memory[(160 + 3) * 4 + 2] = 0x80;
    EXPECT_EQ(card.pixel(3, 1), 0x800000U);
    EXPECT_EQ(card.picture.width, 160U);
    EXPECT_EQ(card.picture.height, 100U);
    core.write_dispi(Dispi::y_offset, 1);
    EXPECT_EQ(card.pixel(3, 0), 0x800000U);
    core.write_dispi(Dispi::x, 320);
    EXPECT_EQ(core.read_dispi(Dispi::x), 160) << "not while it is displayed";
    core.write_dispi(Dispi::enable, 0);
    core.write_dispi(Dispi::bits, 16);
    core.write_dispi(Dispi::enable, Dispi::kEnabled | Dispi::kKeepMemory);
    card.memory[1] = 0xf8;
    EXPECT_EQ(card.pixel(0, 0), 0xff0000U);
    core.write_dispi(Dispi::bank, 1);
    card.window(0xa0000, 0x55);
    EXPECT_EQ(card.memory[0x10000], 0x55);
}

TEST(Dispi, SizesAreLimitedToMemory) {
    Card card;
    Core& core = card.core;
    core.write_dispi(Dispi::x, 0xffff);
    core.write_dispi(Dispi::y, 0xffff);
    core.write_dispi(Dispi::bits, 32);
    core.write_dispi(Dispi::enable, Dispi::kEnabled);
    core.draw(card.picture);
    EXPECT_LE(u64{card.picture.width} * card.picture.height * 4, card.memory.size());
    core.write_dispi(Dispi::virtual_width, 0xffff);
    core.write_dispi(Dispi::x_offset, 0xffff);
    core.write_dispi(Dispi::y_offset, 0xffff);
    core.draw(card.picture);
    core.write_dispi(Dispi::enable, Dispi::kCapabilities);
    EXPECT_EQ(core.read_dispi(Dispi::bits), 32);
    EXPECT_EQ(core.read_dispi(Dispi::x), 16000);
}

TEST(Dispi, APictureHasItsLimitToo) {
    std::vector<u8> memory(256 << 20);
    Core core(memory);
    core.write_dispi(Dispi::x, Dispi::kMostX);
    core.write_dispi(Dispi::y, Dispi::kMostY);
    core.write_dispi(Dispi::bits, 8);
    core.write_dispi(Dispi::enable, Dispi::kEnabled);
    EXPECT_LE(u64{core.read_dispi(Dispi::x)} * core.read_dispi(Dispi::y), backend::Picture::kMostPixels);
}

TEST(Vga, IsSavedWhole) {
    PlanarCard card;
    card.window(0xa0000, 0x12);
    card.memory[0x5000] = 9;
    const CoreState state = card.core.save();
    EXPECT_EQ(state.memory.size(), 2U);
    Card other;
    other.memory[0x9000] = 1;
    other.core.restore(state);
    EXPECT_EQ(other.memory, card.memory);
    card.core.draw(card.picture);
    other.core.draw(other.picture);
    EXPECT_EQ(other.picture, card.picture);
}

TEST(CodePage, IsUtf8) {
    EXPECT_EQ(utf8_of('A'), "A");
    EXPECT_EQ(utf8_of(0), " ");
    EXPECT_EQ(utf8_of(0x01), "☺");
    EXPECT_EQ(utf8_of(0xdb), "█");
    EXPECT_EQ(utf8_of(0xff), " ");
}

TEST(Edid, HasItsSumAndItsSize) {
    const auto edid = make_edid(1280, 800);
    EXPECT_EQ(std::accumulate(edid.begin(), edid.end(), 0) & 0xff, 0);
    EXPECT_EQ(edid[54 + 2] | (edid[54 + 4] & 0xf0) << 4, 1280);
    EXPECT_EQ(edid[54 + 5] | (edid[54 + 7] & 0xf0) << 4, 800);
}

}  // namespace
}  // namespace kelvin::device::vga
