// SPDX-License-Identifier: Apache-2.0
#include "device/vga/edid.h"

#include <algorithm>
#include <numeric>
#include <span>
#include <string_view>

namespace kelvin::device {

namespace {

constexpr std::size_t kFirstDescriptor = 54;
constexpr std::size_t kDescriptor = 18;

/// 3.10.2: a detailed timing with the blanking of a reduced-blanking monitor.
void put_timing(std::span<u8> out, u32 width, u32 height) {
    constexpr u32 kBlankX = 160;
    constexpr u32 kBlankY = 30;
    constexpr u32 kRefresh = 60;
    constexpr u32 kFrontX = 48, kSyncX = 32, kFrontY = 3, kSyncY = 6;
    constexpr u32 kDotsPerMillimetre = 4;
    const u32 clock = std::min<u32>((width + kBlankX) * (height + kBlankY) * kRefresh / 10'000, 0xffff);
    const u32 wide = width / kDotsPerMillimetre;
    const u32 high = height / kDotsPerMillimetre;
    const std::array<u32, kDescriptor> bytes = {clock,
                                                clock >> 8,
                                                width,
                                                kBlankX,
                                                width >> 8 << 4 | kBlankX >> 8,
                                                height,
                                                kBlankY,
                                                height >> 8 << 4 | kBlankY >> 8,
                                                kFrontX,
                                                kSyncX,
                                                kFrontY << 4 | kSyncY,
                                                0,
                                                wide,
                                                high,
                                                wide >> 8 << 4 | high >> 8,
                                                0,
                                                0,
                                                0x18 /* digital separate sync */};
    std::ranges::transform(bytes, out.begin(), [](u32 byte) { return static_cast<u8>(byte); });
}

/// 3.10.3: a text of 13 characters at most.
void put_text(std::span<u8> out, u8 kind, std::string_view text) {
    out[3] = kind;
    std::ranges::fill(out.subspan(5), u8{' '});
    std::ranges::copy(text, out.begin() + 5);
    if (text.size() < kDescriptor - 5) {
        out[5 + text.size()] = '\n';
    }
}

/// 3.10.3.3: any refresh from 50 to 125 Hz, and any line rate a picture of that size may need.
void put_range(std::span<u8> out) {
    constexpr std::array<u8, 10> kRange = {50, 125, 30, 160, 255, 0, '\n', ' ', ' ', ' '};
    out[3] = 0xfd;
    std::ranges::copy(kRange, out.begin() + 5);
    std::ranges::fill(out.subspan(15), u8{' '});
}

}  // namespace

std::array<u8, 128> make_edid(u32 width, u32 height) {
    std::array<u8, 128> edid{};
    constexpr std::array<u8, 24> kHead = {
        0,    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0,  // the header
        0x2d, 0x97,                                   // "KLW", five bits a letter
        0x01, 0x00, 0,    0,    0,    0,              // product and serial number
        1,    30,                                     // week, and year from 1990
        1,    4,                                      // 1.4
        0xa5, 32,   24,   120,                        // digital, 8 bits a colour, DisplayPort; size in cm; gamma 2.2
    };
    constexpr std::array<u8, 11> kColor = {0x06, 0xee, 0x91, 0xa3, 0x54, 0x4c, 0x99, 0x26, 0x0f, 0x50, 0x54};
    std::ranges::copy(kHead, edid.begin());
    edid[24] = 0x06;  // sRGB, and the preferred timing is the monitor's own
    std::ranges::copy(std::span(kColor).first(10), edid.begin() + 25);
    // 3.8: 640x480, 800x600 and 1024x768 at 60 Hz.
    edid[35] = 0x21;
    edid[36] = 0x08;
    std::fill(edid.begin() + 38, edid.begin() + 54, u8{1});  // no standard timings
    const std::span<u8> all(edid);
    const auto descriptor = [&](std::size_t number) {
        return all.subspan(kFirstDescriptor + number * kDescriptor, kDescriptor);
    };
    put_timing(descriptor(0), width, height);
    put_range(descriptor(1));
    put_text(descriptor(2), 0xfc, "Kelvin");
    put_text(descriptor(3), 0xff, "1");
    edid[127] = static_cast<u8>(-std::accumulate(edid.begin(), edid.end() - 1, 0));
    return edid;
}

}  // namespace kelvin::device
