// SPDX-License-Identifier: Apache-2.0
// The words of IDENTIFY DEVICE and IDENTIFY PACKET DEVICE that disks and CD drives have in common.
#pragma once

#include <array>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/types.h"

namespace kelvin::device::ata {

using Words = std::array<u16, 256>;

/// Two characters a word, the first in the high half, filled up with spaces.
void store_text(std::span<u16> words, std::size_t at, std::size_t count, std::string_view text);
void store32(std::span<u16> words, std::size_t at, u32 value);
/// Transfer modes (words 63 to 68 and 88); `selected` is as SET FEATURES has it.
void identify_modes(std::span<u16> words, u8 selected);
/// SET FEATURES: PIO to 4, multiword DMA to 2, Ultra DMA to 5 (ATA8-ACS, 7.45.4).
bool is_transfer_mode(u8 mode);
bool is_dma_mode(u8 mode);
/// Serial ATA (words 76 to 79 and 222).
void identify_serial(std::span<u16> words);
/// QEMU's serial numbers of drives that were given none.
std::string numbered_serial(unsigned number);
/// With the checksum.
std::vector<u8> finish_identify(Words& words);

}  // namespace kelvin::device::ata
