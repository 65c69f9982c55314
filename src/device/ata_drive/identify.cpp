// SPDX-License-Identifier: Apache-2.0
#include "device/ata_drive/identify.h"

#include <fmt/format.h>

namespace kelvin::device::ata {

void store_text(std::span<u16> words, std::size_t at, std::size_t count, std::string_view text) {
    const auto character = [&](std::size_t i) { return i < text.size() ? static_cast<u8>(text[i]) : u8{' '}; };
    for (std::size_t i = 0; i < count; ++i) {
        words[at + i] = static_cast<u16>(character(2 * i) << 8 | character(2 * i + 1));
    }
}

void store32(std::span<u16> words, std::size_t at, u32 value) {
    words[at] = static_cast<u16>(value);
    words[at + 1] = static_cast<u16>(value >> 16);
}

void identify_modes(std::span<u16> words, u8 selected) {
    const unsigned number = selected & 7U;
    const unsigned family = selected >> 3;
    words[63] = static_cast<u16>(0x07 | (family == 4 ? 0x100 << number : 0));  // multiword DMA 0 to 2
    words[64] = 3;                                                             // PIO 3 and 4
    for (std::size_t at = 65; at <= 68; ++at) {
        words[at] = 120;  // nanoseconds a word
    }
    words[88] = static_cast<u16>(0x3f | (family == 8 ? 0x100 << number : 0));  // Ultra DMA 0 to 5
}

bool is_transfer_mode(u8 mode) {
    const unsigned number = mode & 7U;
    const unsigned family = mode >> 3;
    return (family == 0 && number <= 1) || (family == 1 && number <= 4) || (family == 4 && number <= 2) ||
           (family == 8 && number <= 5);
}

bool is_dma_mode(u8 mode) {
    return mode >> 3 >= 4;
}

void identify_serial(std::span<u16> words) {
    words[76] = 0x0002;   // 1.5 Gbit/s
    words[222] = 0x1020;  // Serial ATA, revision 2.6
}

std::string numbered_serial(unsigned number) {
    return fmt::format("QM{:05}", number + 1);
}

std::vector<u8> finish_identify(Words& words) {
    std::vector<u8> bytes;
    bytes.reserve(2 * words.size());
    words.back() = 0x00a5;
    for (const u16 word : words) {
        bytes.push_back(static_cast<u8>(word));
        bytes.push_back(static_cast<u8>(word >> 8));
    }
    u8 sum = 0;
    for (const u8 byte : bytes) {
        sum = static_cast<u8>(sum + byte);
    }
    bytes.back() = static_cast<u8>(-sum);
    return bytes;
}

}  // namespace kelvin::device::ata
