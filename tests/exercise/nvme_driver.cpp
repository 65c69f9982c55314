// SPDX-License-Identifier: Apache-2.0
#include "exercise/nvme_driver.h"

namespace kelvin::exercise {

namespace {

// Registers (NVM Express Base Specification 1.4, 3.1).
constexpr u64 kConfiguration = 0x14;
constexpr u64 kAdminAttributes = 0x24;
constexpr u64 kAdminSubmissions = 0x28;
constexpr u64 kAdminCompletions = 0x30;
constexpr u64 kDoorbells = 0x1000;
constexpr u32 kEnable = 1 | 6 << 16 | 4 << 20;

constexpr u64 kPage = 4096;

}  // namespace

/// Each queue has a page for commands, and the one behind it for completions.
u64 NvmeDriver::place(u16 queue) const {
    return Guest::kRam + 2 * kPage * queue;
}

void NvmeDriver::start() {
    const auto registers = port_.nvme_registers();
    if (!registers) {
        return;
    }
    tails_ = {};
    port_.write(*registers + kConfiguration, 4, 0);
    port_.write(*registers + kAdminAttributes, 4, (kEntries - 1) << 16 | (kEntries - 1));
    port_.write(*registers + kAdminSubmissions, 8, place(0));
    port_.write(*registers + kAdminCompletions, 8, place(0) + kPage);
    port_.write(*registers + kConfiguration, 4, kEnable);
    for (u16 queue = 1; queue < kQueues; ++queue) {
        const u32 size = (kEntries - 1) << 16;
        command(0, 5, size | queue, u32{queue} << 16 | 3, place(queue) + kPage);
        command(0, 1, size | queue, u32{queue} << 16 | 1, place(queue));
    }
    ring(0);
    // They are there before anything is in them.
    guest_.on_io([] {});
    guest_.on_io([] {});
}

void NvmeDriver::command(u16 queue, u8 opcode, u32 word10, u32 word11, u64 data) {
    Random& random = guest_.random;
    const u64 at = place(queue) + 64 * u64{tails_[queue]};
    const u32 flags = random.one_in(40) ? static_cast<u32>(random.below(256)) : 0;
    guest_.store<u32>(at, opcode | flags << 8 | static_cast<u32>(random.below(8)) << 16);
    guest_.store<u32>(at + 4, random.one_in(8) ? static_cast<u32>(random.number(0)) : 1);
    guest_.store<u64>(at + 24, data);
    guest_.store<u64>(at + 32,
                      random.one_in(8) ? random.number(guest_.ram_address()) : guest_.ram_address() & ~(kPage - 1));
    guest_.store<u32>(at + 40, word10);
    guest_.store<u32>(at + 44, word11);
    guest_.store<u32>(at + 48, random.one_in(10) ? static_cast<u32>(random.any()) : static_cast<u32>(random.below(40)));
    guest_.store<u64>(at + 52, 0);
    tails_[queue] = (tails_[queue] + 1) % kEntries;
}

void NvmeDriver::any_command(u16 queue) {
    static constexpr std::array<u8, 11> kAdmin = {0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 12};
    static constexpr std::array<u8, 6> kData = {0, 1, 2, 5, 8, 9};
    static constexpr std::array<u32, 7> kSizes = {0,       0xf << 16, 0x3ff << 16,  0x7f << 16,
                                                  3 << 16, 1 << 16,   0xffffU << 16};
    Random& random = guest_.random;
    const u8 opcode = random.one_in(30) ? static_cast<u8>(random.any())
                      : queue == 0      ? random.pick(kAdmin)
                                        : random.pick(kData);
    u64 data = guest_.ram_address();
    data = random.one_in(3) ? data : data & ~(kPage - 1);
    if (queue == 0) {
        const u32 word11 =
            random.one_in(3) ? static_cast<u32>(random.number(0)) : 3 | static_cast<u32>(random.below(5)) << 16;
        return command(queue, opcode, static_cast<u32>(random.below(14)) | random.pick(kSizes), word11, data);
    }
    const u32 block = opcode == 9 ? static_cast<u32>(random.below(4)) : static_cast<u32>(random.below(530));
    command(queue, opcode, block, opcode == 9 ? 4 : 0, data);
}

void NvmeDriver::ring(u16 queue) {
    port_.write(*port_.nvme_registers() + kDoorbells + 8 * u64{queue}, 4, tails_[queue]);
}

void NvmeDriver::offer() {
    const auto registers = port_.nvme_registers();
    if (!registers) {
        return;
    }
    Random& random = guest_.random;
    const u16 queue = static_cast<u16>(random.below(kQueues));
    for (u64 count = random.below(6); count != 0; --count) {
        any_command(queue);
    }
    ring(queue);
    if (!random.one_in(4)) {
        port_.write(*registers + kDoorbells + 8 * u64{queue} + 4, 4, random.below(kEntries));
    }
}

}  // namespace kelvin::exercise
