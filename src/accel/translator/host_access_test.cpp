// SPDX-License-Identifier: Apache-2.0
#include "accel/translator/host_access.h"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cstring>
#include <thread>
#include <vector>

namespace kelvin::translator::host {
namespace {

struct alignas(64) Bytes {
    std::array<u8, 64> b{};
};

V128 filled_with(u8 byte, unsigned size) {
    V128 value{};
    std::memset(value.b, byte, size);
    return value;
}

TEST(HostAccess, EverySizeAtEveryPlace) {
    for (unsigned size = 1; size <= 16; size++) {
        for (unsigned offset = 0; offset < 32; offset++) {
            Bytes memory;
            store(size, &memory.b[offset], filled_with(0xa5, size));
            for (unsigned i = 0; i < memory.b.size(); i++) {
                EXPECT_EQ(memory.b[i], i >= offset && i < offset + size ? 0xa5 : 0) << size << " at " << offset;
            }
            EXPECT_EQ(load(size, &memory.b[offset]), filled_with(0xa5, size)) << size << " at " << offset;
        }
    }
}

TEST(HostAccess, PartsAreJoined) {
    V128 value{};
    for (u8 i = 0; i < 16; i++) {
        value.b[i] = static_cast<u8>(i + 1);
    }
    EXPECT_EQ(first_bytes(value, 16), value);
    EXPECT_EQ(first_bytes(value, 3), v128(0x030201));
    EXPECT_EQ(first_bytes(value, 9), v128(0x0807060504030201, 0x09));
    EXPECT_EQ(shifted_down(value, 0), value);
    for (unsigned count = 1; count < 16; count++) {
        EXPECT_EQ(joined(first_bytes(value, count), count, shifted_down(value, count)), value) << count;
    }
}

// One thread stores values whose bytes are all alike, the other must never see two different ones.
TEST(HostAccess, WhatLiesWithin16BytesIsNeverTorn) {
    for (const auto& [size, offset] :
         std::to_array<std::array<unsigned, 2>>({{2, 7}, {4, 6}, {8, 3}, {8, 8}, {16, 0}})) {
        Bytes memory;
        std::atomic<bool> stop{false};
        std::jthread writer([&, size = size, offset = offset] {
            for (u8 value = 0; !stop; value++) {
                store(size, &memory.b[offset], filled_with(value, size));
            }
        });
        for (unsigned i = 0; i < 200000; i++) {
            const V128 seen = load(size, &memory.b[offset]);
            ASSERT_EQ(seen, filled_with(seen.b[0], size)) << size << " at " << offset;
        }
        stop = true;
    }
}

TEST(HostAccess, NoAdditionIsLost) {
    constexpr unsigned kTimes = 20000;
    for (const auto& [size, offset] : std::to_array<std::array<unsigned, 2>>({{4, 4}, {4, 6}, {8, 8}, {8, 5}})) {
        Bytes memory;
        {
            std::vector<std::jthread> threads;
            for (unsigned n = 0; n < 2; n++) {
                threads.emplace_back([&, size = size, offset = offset] {
                    for (unsigned i = 0; i < kTimes; i++) {
                        read_modify_write(size, &memory.b[offset], ir::AtomicKind::add, 1);
                    }
                });
            }
        }
        EXPECT_EQ(load(size, &memory.b[offset]).d[0], 2 * kTimes) << size << " at " << offset;
    }
}

}  // namespace
}  // namespace kelvin::translator::host
