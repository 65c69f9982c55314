// SPDX-License-Identifier: Apache-2.0
// What a disk says of itself: IDENTIFY DEVICE (ATA8-ACS, 7.16) and logs (A).
#include <fmt/format.h>

#include <algorithm>
#include <bit>

#include "base/bits.h"
#include "device/ata_drive/ata_disk.h"
#include "device/ata_drive/identify.h"

namespace kelvin::device {

using bus::ata::kSectorSize;

namespace {

constexpr u64 kMaxLba28 = low_mask(28);
constexpr u16 kMaxCylinders = 16383;

}  // namespace

/// CHS is what hosts of old see: the first 8 GiB at most, with 16 heads and 63 sectors.
void AtaDisk::identify_size(std::span<u16> words) const {
    const u64 sectors = sector_count();
    const auto cylinders = [&](u64 heads, u64 track) {
        return static_cast<u16>(std::min<u64>(sectors / (heads * track), kMaxCylinders));
    };
    words[1] = cylinders(16, 63);
    words[3] = 16;
    words[6] = 63;
    words[54] = cylinders(state_.heads, state_.sectors);
    words[55] = state_.heads;
    words[56] = state_.sectors;
    ata::store32(words, 57, static_cast<u32>(words[54]) * words[55] * words[56]);
    ata::store32(words, 60, static_cast<u32>(std::min(sectors, kMaxLba28)));
    for (unsigned i = 0; i < 4; ++i) {
        words[100 + i] = static_cast<u16>(sectors >> (16 * i));
    }
    const u32 ratio = options_.physical_block_size / static_cast<u32>(kSectorSize);
    words[106] = static_cast<u16>(0x4000 | (ratio > 1 ? 0x2000 | std::countr_zero(ratio) : 0));
}

void AtaDisk::identify_features(std::span<u16> words) const {
    const bool named = options_.wwn != 0;
    words[47] = 0x8010;  // 16 sectors in a block at most
    words[48] = 0x4000;
    words[49] = 0x0b00;  // IORDY, LBA, DMA
    words[50] = 0x4000;
    words[53] = 7;  // words 54 to 58, 64 to 70 and 88 are valid
    words[59] = static_cast<u16>(0x100 | state_.multiple);
    ata::identify_modes(words, state_.transfer_mode);
    words[69] = discards() ? 0x4020 : 0;  // what was given back reads as zeroes, always
    if (connection_.is_serial) {
        ata::identify_serial(words);
        words[75] = 31;                                    // commands in a queue, counted from 0
        words[76] = static_cast<u16>(words[76] | 0x0100);  // NCQ
    } else {
        words[93] = connection_.number % 2 == 0 ? 0x600b : 0x6b00;  // a cable of 80 wires; it passed its diagnostics
    }
    words[80] = 0x01f0;                                           // ATA/ATAPI-4 to ATA8-ACS
    words[82] = 0x0068;                                           // look-ahead, write cache, power management
    words[83] = 0x7400;                                           // 48-bit addresses, both FLUSH CACHE
    words[84] = static_cast<u16>(0x4060 | (named ? 0x0100 : 0));  // WRITE DMA FUA EXT, logs
    words[85] = static_cast<u16>(0x0048 | (state_.cached ? 0x0020 : 0));
    words[86] = 0x3400;
    words[87] = words[84];
    words[105] = discards() ? 8 : 0;
    if (named) {
        for (unsigned i = 0; i < 4; ++i) {
            words[108 + i] = static_cast<u16>(options_.wwn >> (48 - 16 * i));
        }
    }
    words[119] = 0x4000;
    words[120] = 0x4000;
    words[169] = discards() ? 1 : 0;
    words[217] = options_.rotation_rate;
}

std::vector<u8> AtaDisk::identify() const {
    ata::Words words{};
    words[0] = 0x0040;
    ata::store_text(words, 10, 10, serial().empty() ? ata::numbered_serial(connection_.number) : serial());
    ata::store_text(words, 23, 4, options_.ver);
    ata::store_text(words, 27, 20, options_.model.empty() ? "QEMU HARDDISK" : options_.model);
    identify_size(words);
    identify_features(words);
    return ata::finish_identify(words);
}

/// The directory and the log of queued commands' errors; `pages` of 512 bytes from its beginning.
std::optional<std::vector<u8>> AtaDisk::log_page(u8 log, u64 pages) const {
    constexpr u8 kDirectory = 0x00;
    constexpr u8 kQueuedErrors = 0x10;
    std::vector<u8> data(kSectorSize);
    if (pages != 1) {
        return std::nullopt;
    }
    if (log == kDirectory) {
        data[0] = 1;                               // its version
        data[std::size_t{2} * kQueuedErrors] = 1;  // pages
        return data;
    }
    if (log != kQueuedErrors) {
        return std::nullopt;
    }
    if (!state_.queue_error.empty()) {
        return state_.queue_error;
    }
    data[0] = 0x80;  // of no queued command
    data.back() = 0x80;
    return data;
}

}  // namespace kelvin::device
