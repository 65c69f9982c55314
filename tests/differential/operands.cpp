// SPDX-License-Identifier: Apache-2.0
#include "differential/operands.h"

#include <cstring>

#include "base/bits.h"

namespace kelvin::differential {

namespace {

/// DC ZVA and structures of four registers reach furthest.
constexpr u64 kReach = 128;

u64 integer(std::mt19937_64& random) {
    const u64 dice = random();
    const u64 value = random();
    switch (dice % 16) {
        case 0:
            return 0;
        case 1:
            return ~u64{0};
        case 2:
            return 1;
        case 3:
            return u64{1} << 63;
        case 4:
            return low_mask(63);
        case 5:
            return u64{1} << 31;
        case 6:
            return low_mask(31);
        case 7:
            return low_mask(32);
        case 8:
            return u64{1} << (value % 64);
        case 9:
            return (u64{1} << (value % 64)) - 1;
        case 10:
            return value % 64;
        case 11:
            return window_address(random) | (value % 8 == 0 ? value << 56 : 0);
        case 12:
            return static_cast<u64>(static_cast<i64>(value) >> (dice >> 8) % 64);
        default:
            return value >> (dice >> 8) % 64;
    }
}

/// An element of `width` bits whose value is at an edge of its integer range.
u64 integer_element(std::mt19937_64& random, unsigned width) {
    const u64 dice = random();
    const u64 value = random() & low_mask(width);
    switch (dice % 8) {
        case 0:
            return 0;
        case 1:
            return low_mask(width);
        case 2:
            return u64{1} << (width - 1);
        case 3:
            return low_mask(width - 1);
        case 4:
            return value % (2 * width);
        case 5:
            return (0 - value % (2 * width)) & low_mask(width);
        default:
            return value;
    }
}

struct Format {
    unsigned width, fraction;
    unsigned exponent() const { return width - 1 - fraction; }
};

u64 exponent_near(std::mt19937_64& random, Format format) {
    const u64 most = low_mask(format.exponent());
    const u64 bias = most / 2;
    const u64 value = random();
    switch (random() % 8) {
        case 0:
            return most;  // infinities and NaNs
        case 1:
            return 0;  // zeros and denormals
        case 2:
            return 1;
        case 3:
            return most - 1;
        case 4:
            return bias + value % 8 - 4;
        case 5:
            return (bias + value % 70) & most;  // integers up to the largest
        case 6:
            return (bias - value % 40) & most;
        default:
            return value & most;
    }
}

u64 fp_element(std::mt19937_64& random, unsigned width) {
    const Format format{width, width == 16 ? 10u : width == 32 ? 23u : 52u};
    const u64 dice = random();
    u64 fraction = random() & low_mask(format.fraction);
    switch (dice % 8) {
        case 0:
            fraction = 0;
            break;
        case 1:
            fraction = low_mask(format.fraction);
            break;
        case 2:
            fraction = 1;
            break;
        case 3:
            fraction = u64{1} << (format.fraction - 1);
            break;
        case 4:
            fraction &= ~low_mask(format.fraction - 4);
            break;
        default:
            break;
    }
    const u64 sign = (dice >> 8) & 1;
    return sign << (width - 1) | exponent_near(random, format) << format.fraction | fraction;
}

u64 half(std::mt19937_64& random, unsigned width, bool floating) {
    u64 value = 0;
    for (unsigned i = 0; i < 64; i += width) {
        value |= (floating ? fp_element(random, width) : integer_element(random, width)) << i;
    }
    return value;
}

}  // namespace

u64 window_address(std::mt19937_64& random) {
    const u64 dice = random();
    const u64 middle = CASE_WINDOW + CASE_WINDOW_BYTES / 2;
    if (dice % 4 == 0) {
        return middle - (dice >> 8) % 40;
    }
    const u64 address = CASE_MEMORY_START + kReach + (dice >> 8) % (CASE_MEMORY - 2 * kReach);
    return dice % 4 == 1 ? address : align_down(address, 16);
}

void randomize(std::mt19937_64& random, Case& c) {
    for (u64& x : c.x) {
        x = random() % 4 == 0 ? window_address(random) : integer(random);
    }
    // What vectors hold, so that most of a case's operands suit most of its instructions.
    constexpr unsigned kWidths[] = {8, 16, 32, 64};
    const bool floating = random() % 4 != 0;
    const unsigned width = kWidths[floating ? 1 + random() % 3 : random() % 4];
    for (unsigned i = 0; i < 32; i++) {
        if (i % 2 == 1 && random() % 4 == 0) {
            std::memcpy(c.v[i], c.v[i - 1], sizeof c.v[i]);
            continue;
        }
        c.v[i][0] = half(random, width, floating);
        c.v[i][1] = half(random, width, floating);
    }
    constexpr u64 kFpcr = 0x07c80000;  // AHP DN FZ RMode FZ16
    c.sp = align_down(window_address(random), 16);
    c.nzcv = (random() & 15) << 28;
    c.fpcr = random() % 3 == 0 ? 0 : random() & kFpcr;
    c.fpsr = 0;
    c.signal = c.fault = 0;
    for (unsigned i = 0; i < CASE_MEMORY; i += 8) {
        const u64 value = random() % 8 == 0 ? half(random, width, floating) : random();
        std::memcpy(c.memory + i, &value, 8);
    }
}

}  // namespace kelvin::differential
