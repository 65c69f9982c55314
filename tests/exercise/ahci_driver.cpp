// SPDX-License-Identifier: Apache-2.0
#include "exercise/ahci_driver.h"

namespace kelvin::exercise {

namespace {

// Registers (Serial ATA AHCI 1.3.1, 3).
constexpr u64 kControl = 0x04;
constexpr u64 kPorts = 0x100;
constexpr u64 kPortSize = 0x80;
constexpr unsigned kPortCount = 6;
constexpr u64 kCommandList = 0x00;
constexpr u64 kFrames = 0x08;
constexpr u64 kInterruptEnable = 0x14;
constexpr u64 kInterruptStatus = 0x10;
constexpr u64 kCommand = 0x18;
constexpr u64 kSataControl = 0x2c;
constexpr u64 kSataActive = 0x34;
constexpr u64 kCommandIssue = 0x38;
constexpr u32 kRunning = 1 | 1 << 4;

/// Each port has its list and frames in a part of RAM, and a table for each slot.
constexpr u64 kPart = 0x20000;
constexpr u64 kTables = 0x1000;
constexpr u64 kTableSize = 0x200;
constexpr u64 kRegions = 0x80;

u64 part_of(unsigned number) {
    return Guest::kRam + number * kPart;
}

}  // namespace

void AhciDriver::set(unsigned number, u64 offset, u32 value) {
    if (const auto registers = port_.ahci_registers()) {
        port_.write(*registers + kPorts + number * kPortSize + offset, 4, value);
    }
}

void AhciDriver::start() {
    const auto registers = port_.ahci_registers();
    if (!registers) {
        return;
    }
    port_.write(*registers + kControl, 4, guest_.random.one_in(8) ? 1 : 2);
    for (unsigned number = 0; number < kPortCount; ++number) {
        set(number, kCommand, 0);
        set(number, kCommandList, static_cast<u32>(part_of(number)));
        set(number, kCommandList + 4, 0);
        set(number, kFrames, static_cast<u32>(part_of(number) + 0x400));
        set(number, kFrames + 4, 0);
        set(number, kSataControl, guest_.random.one_in(4) ? 1 : 0);
        set(number, kSataControl, 0);
        set(number, kInterruptStatus, ~u32{0});
        set(number, kInterruptEnable, ~u32{0});
        set(number, kCommand, kRunning);
    }
}

/// Serial ATA 3.1, 10.5.5.
void AhciDriver::frame(u64 at, u8 code, unsigned slot) {
    Random& random = guest_.random;
    const bool queued = code == 0x60 || code == 0x61;
    const bool is_packet = code == 0xa0;
    const u32 count = random.one_in(8) ? static_cast<u32>(random.any()) & 0xffff : static_cast<u32>(random.below(12));
    const u32 low = random.one_in(8) ? static_cast<u32>(random.number(0)) : static_cast<u32>(random.below(540));
    const u32 flags = random.one_in(20) ? static_cast<u32>(random.below(256)) : 0x80;
    const u32 features = queued ? count : static_cast<u32>(random.below(is_packet ? 4 : 256));
    guest_.store<u32>(at, 0x27 | flags << 8 | u32{code} << 16 | features << 24);
    guest_.store<u32>(at + 4, (low & 0xffffff) | 0x40000000);
    guest_.store<u32>(at + 8, (random.one_in(10) ? low >> 24 : 0) | (features & 0xff00) << 16);
    guest_.store<u32>(at + 12,
                      (queued && !random.one_in(10) ? slot << 3 : count) | (random.one_in(2) ? 0x04000000 : 0));
    // SCSI's codes that CD drives know, with small fields behind.
    static constexpr std::array<u8, 16> kPackets = {0x00, 0x03, 0x12, 0x1b, 0x1e, 0x25, 0x28, 0x43,
                                                    0x46, 0x4a, 0x51, 0x5a, 0xa8, 0xbd, 0xbe, 0x52};
    guest_.store<u8>(at + 0x40, random.pick(kPackets));
    for (u64 i = 1; i < 16; ++i) {
        guest_.store<u8>(at + 0x40 + i, static_cast<u8>(random.one_in(6) ? random.any() : random.below(3)));
    }
}

void AhciDriver::command(unsigned number, unsigned slot) {
    static constexpr std::array<u8, 26> kCodes = {0x60, 0x61, 0x60, 0x61, 0xa0, 0xa0, 0xa1, 0x06, 0x20,
                                                  0x25, 0x2f, 0x30, 0x35, 0x39, 0x3d, 0x42, 0x47, 0x91,
                                                  0xc4, 0xc5, 0xc6, 0xc8, 0xca, 0xe7, 0xec, 0xef};
    Random& random = guest_.random;
    const u64 table = part_of(number) + kTables + slot * kTableSize;
    const u32 regions = static_cast<u32>(random.below(random.one_in(20) ? 0x10000 : 6));
    const u64 header = part_of(number) + 32 * u64{slot};
    guest_.store<u32>(header, regions << 16 | 5 | static_cast<u32>(random.below(2)) << 10);
    guest_.store<u64>(header + 8, random.one_in(40) ? random.number(0) : table);
    frame(table, random.one_in(30) ? static_cast<u8>(random.any()) : random.pick(kCodes), slot);
    for (u64 i = 0; i < std::min<u64>(regions, 8); ++i) {
        const u64 address = random.one_in(40) ? random.number(0) : guest_.ram_address();
        const u64 size = random.one_in(40) ? random.any() & 0x3fffff : random.below(4096);
        guest_.store<u64>(table + kRegions + 16 * i, address);
        guest_.store<u64>(table + kRegions + 16 * i + 8, size << 32);
    }
}

void AhciDriver::offer() {
    if (!port_.ahci_registers()) {
        return;
    }
    Random& random = guest_.random;
    // Most have nothing plugged in.
    const unsigned number = random.one_in(6) ? static_cast<unsigned>(random.below(kPortCount)) : 0;
    u32 slots = 0;
    for (u64 count = random.below(6); count != 0; --count) {
        const unsigned slot = static_cast<unsigned>(random.below(32));
        command(number, slot);
        slots |= u32{1} << slot;
    }
    set(number, kSataActive, slots);
    set(number, kCommandIssue, slots);
    if (random.one_in(4)) {
        // As after an error.
        guest_.on_io([] {});
        set(number, kCommand, kRunning & ~1U);
        set(number, kInterruptStatus, ~u32{0});
        set(number, kCommand, kRunning);
    }
}

}  // namespace kelvin::exercise
