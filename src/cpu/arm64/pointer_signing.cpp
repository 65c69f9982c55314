// SPDX-License-Identifier: Apache-2.0
#include "cpu/arm64/pointer_signing.h"

#include <algorithm>
#include <iterator>

namespace kelvin::arm64 {

namespace {

constexpr unsigned kTbi0 = 37, kTbid0 = 51;  // of TCR_EL1; those for the upper half are one more

/// EffectiveTBI, a bit for each half.
u64 ignored_top_bytes(u64 tcr, bool data) {
    const u64 tbi = bits(tcr, kTbi0 + 1, kTbi0);
    return data ? tbi : tbi & ~bits(tcr, kTbid0 + 1, kTbid0);
}

/// The bits that hold the code: from CalculateBottomPACBit on but for bit 55, which tells the halves apart, and for a
/// top byte that is ignored.
u64 code_bits(u64 tcr, bool upper, bool data) {
    const u64 size = upper ? bits(tcr, 21, 16) : bits(tcr, 5, 0);
    const unsigned bottom = 64 - static_cast<unsigned>(std::clamp<u64>(size, 16, 48));
    const u64 below = low_mask(55) & ~low_mask(bottom);
    return bit(ignored_top_bytes(tcr, data), upper) ? below : below | ~low_mask(56);
}

bool is_data(CodeBitsUse use) {
    return use == CodeBitsUse::data_a || use == CodeBitsUse::data_b || use == CodeBitsUse::strip_data;
}

bool is_enabled(u64 sctlr, CodeBitsUse use) {
    constexpr u8 kEnableBits[] = {31, 30, 27, 13};  // EnIA, EnIB, EnDA, EnDB
    const auto key = static_cast<u8>(use);
    return key >= std::size(kEnableBits) || bit(sctlr, kEnableBits[key]);
}

}  // namespace

void derive_code_bits(State& state) {
    for (unsigned i = 0; i < static_cast<unsigned>(CodeBitsUse::count); i++) {
        const auto use = static_cast<CodeBitsUse>(i);
        const bool enabled = is_enabled(state.sctlr[1], use);
        const u64 lower = enabled ? code_bits(state.tcr[1], false, is_data(use)) : 0;
        const u64 upper = enabled ? code_bits(state.tcr[1], true, is_data(use)) : 0;
        state.code_bits[i] = {lower, lower ^ upper};
    }
}

bool top_byte_counts(u64 tcr, bool data) {
    return ignored_top_bytes(tcr, data) == 0;
}

}  // namespace kelvin::arm64
