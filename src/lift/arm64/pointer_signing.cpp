// SPDX-License-Identifier: Apache-2.0
#include "lift/arm64/pointer_signing.h"

#include <algorithm>

namespace kelvin::arm64 {

namespace {

constexpr unsigned kTcrTbi0 = 37, kTcrTbi1 = 38, kTcrTbid0 = 51, kTcrTbid1 = 52;

bool enabled(const State& state, SigningKey key) {
    constexpr u8 kEnableBits[] = {31, 30, 27, 13};  ///< SCTLR_EL1.EnIA, EnIB, EnDA, EnDB
    return bit(state.sctlr[1], kEnableBits[static_cast<u8>(key)]);
}

bool is_data(SigningKey key) {
    return key == SigningKey::data_a || key == SigningKey::data_b;
}

/// ComputePAC.
u64 compute_code(const State& state, u64 pointer, u64 modifier, SigningKey key) {
    const u64* halves = state.apkey[static_cast<u8>(key)];
    u64 hash = (pointer ^ halves[0]) * 0x9e3779b97f4a7c15;
    hash ^= hash >> 32;
    hash = (hash ^ modifier ^ halves[1]) * 0xbf58476d1ce4e5b9;
    hash ^= hash >> 29;
    hash *= 0x94d049bb133111eb;
    return hash ^ hash >> 32;
}

/// EffectiveTBI for the half of the address space that `upper` names.
bool top_byte_ignored(const State& state, bool upper, bool data) {
    const u64 tcr = state.tcr[1];
    return bit(tcr, upper ? kTcrTbi1 : kTcrTbi0) && (data || !bit(tcr, upper ? kTcrTbid1 : kTcrTbid0));
}

/// CalculateBottomPACBit.
unsigned bottom_bit(const State& state, bool upper) {
    const u64 size = upper ? bits(state.tcr[1], 21, 16) : bits(state.tcr[1], 5, 0);
    return 64 - static_cast<unsigned>(std::clamp<u64>(size, 16, 48));
}

/// The bits of a pointer that hold the code (bit 55 tells the halves apart and stays).
u64 code_mask(bool tbi, unsigned bottom) {
    const u64 low = low_mask(55) & ~low_mask(bottom);
    return tbi ? low : low | ~low_mask(56);
}

/// `pointer` as it would be without a code: copies of bit 55 from the bottom bit on, but for an ignored top byte.
u64 extended(u64 pointer, bool upper, bool tbi, unsigned bottom) {
    const u64 mask = ~low_mask(bottom) & (tbi ? low_mask(56) : ~u64{0});
    return upper ? pointer | mask : pointer & ~mask;
}

}  // namespace

u64 sign_pointer(const State& state, u64 pointer, u64 modifier, SigningKey key) {
    if (!enabled(state, key)) {
        return pointer;
    }
    const bool data = is_data(key);
    const bool any_tbi = top_byte_ignored(state, false, data) || top_byte_ignored(state, true, data);
    const bool upper = bit(pointer, any_tbi ? 55 : 63);
    const bool tbi = top_byte_ignored(state, bit(pointer, 55), data);
    const unsigned bottom = bottom_bit(state, upper);
    u64 code = compute_code(state, extended(pointer, upper, tbi, bottom), modifier, key);
    const u64 unused = ~low_mask(bottom) & (tbi ? low_mask(56) : ~u64{0});
    if ((pointer & unused) != 0 && (pointer & unused) != unused) {
        code ^= u64{1} << (tbi ? 54 : 62);
    }
    const u64 mask = code_mask(tbi, bottom);
    return with_bits((pointer & ~mask) | (code & mask), 55, 55, upper);
}

u64 authenticate_pointer(const State& state, u64 pointer, u64 modifier, SigningKey key) {
    if (!enabled(state, key)) {
        return pointer;
    }
    const bool upper = bit(pointer, 55);
    const bool tbi = top_byte_ignored(state, upper, is_data(key));
    const unsigned bottom = bottom_bit(state, upper);
    const u64 original = extended(pointer, upper, tbi, bottom);
    const u64 mask = code_mask(tbi, bottom);
    if (((compute_code(state, original, modifier, key) ^ pointer) & mask) == 0) {
        return original;
    }
    const bool key_b = (static_cast<u8>(key) & 1) != 0;
    const u64 error = key_b ? 2 : 1;
    return tbi ? with_bits(original, 54, 53, error) : with_bits(original, 62, 61, error);
}

u64 strip_pointer(const State& state, u64 pointer, bool data) {
    const bool upper = bit(pointer, 55);
    return extended(pointer, upper, top_byte_ignored(state, upper, data), bottom_bit(state, upper));
}

u64 generic_code(const State& state, u64 value, u64 modifier) {
    return compute_code(state, value, modifier, SigningKey::generic) & ~low_mask(32);
}

}  // namespace kelvin::arm64
