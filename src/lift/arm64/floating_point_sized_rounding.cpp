// SPDX-License-Identifier: Apache-2.0
// FEAT_FRINTTS, scalar and vector: rounding to an integral value that fits 32 or 64 bits.
#include "lift/arm64/floating_point.h"

namespace kelvin::arm64 {

namespace {

template <unsigned IntegerBits, bool TowardsZero>
struct SizedRounding {
    static constexpr const char* kName =
        IntegerBits == 32 ? (TowardsZero ? "frint32z" : "frint32x") : (TowardsZero ? "frint64z" : "frint64x");
    template <class F>
    static fp::Bits<F> of(fp::Bits<F> value, fp::Environment& environment) {
        if constexpr (sizeof(value) == 2) {
            return value;  // no such instruction
        } else {
            const fp::Rounding rounding = TowardsZero ? fp::Rounding::zero : environment.rounding;
            return fp::round_to_sized_integral<F>(value, rounding, IntegerBits, environment);
        }
    }
};

template <unsigned IntegerBits, bool TowardsZero>
using Round = Forms<&fp_unary_call<SizedRounding<IntegerBits, TowardsZero>>>;

constexpr auto kInstructions = std::to_array<Instruction>({
    instruction<"000 11110 0 t 1 010000 10000 nnnnn ddddd", &Round<32, true>::scalar>("FRINT32Z (scalar)",
                                                                                      Feature::frint),
    instruction<"000 11110 0 t 1 010001 10000 nnnnn ddddd", &Round<32, false>::scalar>("FRINT32X (scalar)",
                                                                                       Feature::frint),
    instruction<"000 11110 0 t 1 010010 10000 nnnnn ddddd", &Round<64, true>::scalar>("FRINT64Z (scalar)",
                                                                                      Feature::frint),
    instruction<"000 11110 0 t 1 010011 10000 nnnnn ddddd", &Round<64, false>::scalar>("FRINT64X (scalar)",
                                                                                       Feature::frint),

    instruction<"0 q 0 01110 0 s 10000 11110 10 nnnnn ddddd", &Round<32, true>::vector>("FRINT32Z (vector)",
                                                                                        Feature::frint),
    instruction<"0 q 1 01110 0 s 10000 11110 10 nnnnn ddddd", &Round<32, false>::vector>("FRINT32X (vector)",
                                                                                         Feature::frint),
    instruction<"0 q 0 01110 0 s 10000 11111 10 nnnnn ddddd", &Round<64, true>::vector>("FRINT64Z (vector)",
                                                                                        Feature::frint),
    instruction<"0 q 1 01110 0 s 10000 11111 10 nnnnn ddddd", &Round<64, false>::vector>("FRINT64X (vector)",
                                                                                         Feature::frint),
});
static_assert(first_overlap(kInstructions) == kNoOverlap);

}  // namespace

std::span<const Instruction> chapter_floating_point_sized_rounding() {
    return kInstructions;
}

}  // namespace kelvin::arm64
