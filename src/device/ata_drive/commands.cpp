// SPDX-License-Identifier: Apache-2.0
#include "device/ata_drive/commands.h"

#include <algorithm>
#include <array>

namespace kelvin::device::ata {

namespace {

using enum Operation;
using enum bus::ata::Protocol;

constexpr auto kCommands = std::to_array<Command>({
    {0x06, trim, dma_out, true, false},           // DATA SET MANAGEMENT
    {0x20, read, pio_in, false, false},           // READ SECTOR(S)
    {0x21, read, pio_in, false, false},           // the same, as it was called without retries
    {0x24, read, pio_in, true, false},            // READ SECTOR(S) EXT
    {0x25, read, dma_in, true, false},            // READ DMA EXT
    {0x29, read, pio_in, true, true},             // READ MULTIPLE EXT
    {0x2f, read_log, pio_in, true, false},        // READ LOG EXT
    {0x30, write, pio_out, false, false},         // WRITE SECTOR(S)
    {0x31, write, pio_out, false, false},         // the same without retries
    {0x34, write, pio_out, true, false},          // WRITE SECTOR(S) EXT
    {0x35, write, dma_out, true, false},          // WRITE DMA EXT
    {0x39, write, pio_out, true, true},           // WRITE MULTIPLE EXT
    {0x3d, write_through, dma_out, true, false},  // WRITE DMA FUA EXT
    {0x40, verify, none, false, false},           // READ VERIFY SECTOR(S)
    {0x41, verify, none, false, false},           // the same without retries
    {0x42, verify, none, true, false},            // READ VERIFY SECTOR(S) EXT
    {0x47, read_log, dma_in, true, false},        // READ LOG DMA EXT
    {0x60, read, queued_in, true, false},         // READ FPDMA QUEUED
    {0x61, write, queued_out, true, false},       // WRITE FPDMA QUEUED
    {0x91, set_geometry, none, false, false},     // INITIALIZE DEVICE PARAMETERS (ATA-5)
    {0x94, nothing, none, false, false},          // STANDBY IMMEDIATE (ATA-3), as the four that follow
    {0x95, nothing, none, false, false},          // IDLE IMMEDIATE
    {0x96, nothing, none, false, false},          // STANDBY
    {0x97, nothing, none, false, false},          // IDLE
    {0x98, check_power, none, false, false},      // CHECK POWER MODE
    {0xc4, read, pio_in, false, true},            // READ MULTIPLE
    {0xc5, write, pio_out, false, true},          // WRITE MULTIPLE
    {0xc6, set_multiple, none, false, false},     // SET MULTIPLE MODE
    {0xc8, read, dma_in, false, false},           // READ DMA
    {0xc9, read, dma_in, false, false},           // the same without retries
    {0xca, write, dma_out, false, false},         // WRITE DMA
    {0xcb, write, dma_out, false, false},         // the same without retries
    {0xce, write_through, pio_out, true, true},   // WRITE MULTIPLE FUA EXT
    {0xe0, nothing, none, false, false},          // STANDBY IMMEDIATE
    {0xe1, nothing, none, false, false},          // IDLE IMMEDIATE
    {0xe2, nothing, none, false, false},          // STANDBY
    {0xe3, nothing, none, false, false},          // IDLE
    {0xe5, check_power, none, false, false},      // CHECK POWER MODE
    {0xe6, nothing, none, false, false},          // SLEEP
    {0xe7, flush, none, false, false},            // FLUSH CACHE
    {0xea, flush, none, true, false},             // FLUSH CACHE EXT
    {0xec, identify, pio_in, false, false},       // IDENTIFY DEVICE
    {0xef, set_features, none, false, false},     // SET FEATURES
});

}  // namespace

const Command* find_command(u8 code) {
    // ATA-3: RECALIBRATE and SEEK take sixteen codes each.
    static constexpr Command kMove = {0x10, nothing, none, false, false};
    if ((code & 0xf0) == 0x10 || (code & 0xf0) == 0x70) {
        return &kMove;
    }
    const auto found = std::ranges::find(kCommands, code, &Command::code);
    return found != kCommands.end() ? &*found : nullptr;
}

}  // namespace kelvin::device::ata
