// SPDX-License-Identifier: Apache-2.0
#include "exercise/requests.h"

#include <bit>

namespace kelvin::exercise {

namespace {

template <class T>
void append(std::vector<u8>& bytes, T value) {
    const auto raw = std::bit_cast<std::array<u8, sizeof(T)>>(value);
    bytes.insert(bytes.end(), raw.begin(), raw.end());
}

template <class T>
T small(Random& random, u64 end) {
    return static_cast<T>(random.below(end));
}

/// 5.1.6.5: class, command, and what they carry: modes, tables of addresses, a VLAN, pairs, offloads.
std::vector<u8> net_command(Random& random) {
    std::vector<u8> bytes = {small<u8>(random, 6), small<u8>(random, 4)};
    const u32 addresses = small<u32>(random, 5);
    if (random.one_in(2)) {
        for (unsigned table = 0; table < 2; ++table) {
            append<u32>(bytes, addresses);
            for (u32 count = 6 * addresses; count != 0; --count) {
                bytes.push_back(small<u8>(random, 256));
            }
        }
    } else {
        append<u64>(bytes, random.one_in(2) ? random.below(8) : random.any() & 0x7c3f);
    }
    return bytes;
}

/// 5.2.6: type, sector; behind them what discards and clears.
std::vector<u8> block_header(Random& random) {
    static constexpr std::array<u32, 8> kTypes = {0, 1, 4, 8, 11, 13, 0, 1};
    std::vector<u8> bytes;
    append<u32>(bytes, random.pick(kTypes));
    append<u32>(bytes, 0);
    append<u64>(bytes, random.below(600));
    append<u64>(bytes, random.below(600));
    append<u32>(bytes, small<u32>(random, 16));
    append<u32>(bytes, small<u32>(random, 3));
    return bytes;
}

/// 5.3.6.2.
std::vector<u8> console_message(Random& random) {
    std::vector<u8> bytes;
    append<u32>(bytes, small<u32>(random, 3));
    append<u16>(bytes, small<u16>(random, 8));
    append<u16>(bytes, random.one_in(4) ? 0 : 1);
    return bytes;
}

/// 5.5.6: numbers of pages of 4 KiB, or statistics.
std::vector<u8> balloon_pages(Random& random) {
    std::vector<u8> bytes;
    for (unsigned count = 0; count < 30; ++count) {
        append<u32>(bytes, 0x40000 + small<u32>(random, 600));
    }
    return bytes;
}

/// 5.6.6: a unit, an identifier, and a command of SPC, SBC or MMC; or, in the first queue, a function of tasks.
std::vector<u8> scsi_command(Random& random) {
    static constexpr std::array<u8, 30> kCommands = {0x00, 0x03, 0x08, 0x0a, 0x12, 0x15, 0x1a, 0x1b, 0x1e, 0x25,
                                                     0x28, 0x2a, 0x2f, 0x35, 0x41, 0x42, 0x43, 0x46, 0x4a, 0x55,
                                                     0x5a, 0x88, 0x8a, 0x8f, 0x91, 0x93, 0x9e, 0xa0, 0xa8, 0xaa};
    std::vector<u8> bytes;
    if (random.one_in(6)) {
        append<u32>(bytes, 0);
        append<u32>(bytes, small<u32>(random, 9));
    }
    const u8 target = random.one_in(4) ? small<u8>(random, 256) : u8{0};
    bytes.insert(bytes.end(), {1, target, 0x40, 0, 0, 0, 0, 0});
    append<u64>(bytes, random.any());
    bytes.insert(bytes.end(), {0, 0, 0});
    bytes.push_back(random.pick(kCommands));
    const bool is_long = bytes.back() >= 0x80;
    for (unsigned at = 1; at < 32; ++at) {
        // Addresses and lengths have their small bytes at the end.
        const bool is_low = is_long ? at == 8 || at == 9 || at == 13 : at == 4 || at == 5 || at == 8 || at == 7;
        bytes.push_back(is_low && !random.one_in(3) ? small<u8>(random, 20) : u8{0});
        bytes.back() = random.one_in(12) ? small<u8>(random, 256) : bytes.back();
    }
    return bytes;
}

/// 5.7.6.7: a header, and resources, places and offsets that are small; entries of memory behind them.
std::vector<u8> gpu_command(Random& random) {
    static constexpr std::array<u32, 11> kCommands = {0x101, 0x101, 0x103, 0x104, 0x105, 0x106,
                                                      0x106, 0x102, 0x107, 0x300, 0x301};
    const u32 command = random.one_in(8) ? 0x100 + small<u32>(random, 16) : random.pick(kCommands);
    std::vector<u8> bytes;
    append<u32>(bytes, command);
    append<u32>(bytes, small<u32>(random, 2));
    append<u64>(bytes, random.any());
    append<u64>(bytes, 0);
    const bool makes = command == 0x101;
    const bool lends = command == 0x106;
    const bool copies = command == 0x105;
    const u32 resource = small<u32>(random, 5);
    static constexpr std::array<u32, 4> kSides = {1, 16, 64, 300};
    if (makes) {
        append<u32>(bytes, resource);
        append<u32>(bytes, 1 + small<u32>(random, 4));
        append<u32>(bytes, random.pick(kSides));
        append<u32>(bytes, random.pick(kSides));
    } else if (lends) {
        append<u32>(bytes, resource);
        append<u32>(bytes, small<u32>(random, 4));
        for (unsigned count = 0; count < 4; ++count) {
            append<u64>(bytes, 0x40000000 + random.below(u64{1} << 20));
            append<u64>(bytes, random.below(70000));
        }
    } else if (command >= 0x103 && command <= 0x105) {
        for (const u64 end : {20, 20, 80, 80}) {
            append<u32>(bytes, small<u32>(random, random.one_in(2) ? 1 + end / 20 : end));
        }
        append<u32>(bytes, copies ? small<u32>(random, 5000) : command == 0x103 ? 0 : resource);
        append<u32>(bytes, command == 0x103 ? resource : 0);
        append<u32>(bytes, resource);
        append<u32>(bytes, 0);
    } else {
        append<u32>(bytes, command >= 0x300 ? 0 : resource);
        append<u64>(bytes, random.number(100));
        append<u32>(bytes, 0);
        append<u32>(bytes, resource);
        append<u64>(bytes, 0);
    }
    return bytes;
}

}  // namespace

std::vector<u8> make_request(u16 kind, Random& random) {
    switch (kind) {
        case 1:
            return net_command(random);
        case 2:
            return block_header(random);
        case 3:
            return console_message(random);
        case 5:
            return balloon_pages(random);
        case 8:
            return scsi_command(random);
        case 16:
            return gpu_command(random);
        default:
            return {};
    }
}

}  // namespace kelvin::exercise
