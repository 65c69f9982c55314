// SPDX-License-Identifier: Apache-2.0
// Estimates of reciprocals and of reciprocal square roots, and the steps that refine them.
#include "lift/arm64/floating_point.h"

namespace kelvin::arm64 {

namespace {

struct RecipEstimate {
    static constexpr const char* kName = "frecpe";
    template <class F>
    static fp::Bits<F> of(fp::Bits<F> value, fp::Environment& environment) {
        return fp::recip_estimate<F>(value, environment);
    }
};
struct RsqrtEstimate {
    static constexpr const char* kName = "frsqrte";
    template <class F>
    static fp::Bits<F> of(fp::Bits<F> value, fp::Environment& environment) {
        return fp::rsqrt_estimate<F>(value, environment);
    }
};
struct RecipExponent {
    static constexpr const char* kName = "frecpx";
    template <class F>
    static fp::Bits<F> of(fp::Bits<F> value, fp::Environment& environment) {
        return fp::recip_exponent<F>(value, environment);
    }
};
struct RecipStep {
    static constexpr const char* kName = "frecps";
    template <class F>
    static fp::Bits<F> of(fp::Bits<F> a, fp::Bits<F> b, fp::Environment& environment) {
        return fp::recip_step<F>(a, b, environment);
    }
};
struct RsqrtStep {
    static constexpr const char* kName = "frsqrts";
    template <class F>
    static fp::Bits<F> of(fp::Bits<F> a, fp::Bits<F> b, fp::Environment& environment) {
        return fp::rsqrt_step<F>(a, b, environment);
    }
};

template <auto Function>
V128 each_word(const V128& value) {
    V128 result{};
    for (unsigned i = 0; i < 4; i++) {
        result.s[i] = Function(value.s[i]);
    }
    return result;
}
constexpr ir::Helper kUrecpe = ir::helper<&each_word<&fp::unsigned_recip_estimate>>("urecpe", ir::kHelperPure);
constexpr ir::Helper kUrsqrte = ir::helper<&each_word<&fp::unsigned_rsqrt_estimate>>("ursqrte", ir::kHelperPure);

/// Integer arithmetic.
template <const ir::Helper& Estimate>
void unsigned_estimate(Lifter& t, Q q, VReg rn, VReg rd) {
    if (t.fp_enabled()) {
        t.set(rd, t.ir.call(Estimate, {t.get(rn)}), q);
    }
}

template <class Operation>
using Estimate = Forms<&fp_unary_call<Operation>>;
template <class Operation>
using Step = Forms<&fp_binary_call<Operation>>;

constexpr auto kInstructions = std::to_array<Instruction>({
    instruction<"0 q 0 01110 1 s 10000 11101 10 nnnnn ddddd", &Estimate<RecipEstimate>::vector>("FRECPE"),
    instruction<"0 q 1 01110 1 s 10000 11101 10 nnnnn ddddd", &Estimate<RsqrtEstimate>::vector>("FRSQRTE"),

    instruction<"01 0 11110 1 s 10000 11101 10 nnnnn ddddd", &Estimate<RecipEstimate>::scalar>("FRECPE"),
    instruction<"01 1 11110 1 s 10000 11101 10 nnnnn ddddd", &Estimate<RsqrtEstimate>::scalar>("FRSQRTE"),
    instruction<"01 0 11110 1 s 10000 11111 10 nnnnn ddddd", &Estimate<RecipExponent>::scalar>("FRECPX"),

    instruction<"0 q 0 01110 1 111100 11101 10 nnnnn ddddd", &Estimate<RecipEstimate>::vector_half>("FRECPE",
                                                                                                    Feature::fp16),
    instruction<"0 q 1 01110 1 111100 11101 10 nnnnn ddddd", &Estimate<RsqrtEstimate>::vector_half>("FRSQRTE",
                                                                                                    Feature::fp16),

    instruction<"01 0 11110 1 111100 11101 10 nnnnn ddddd", &Estimate<RecipEstimate>::scalar_half>("FRECPE",
                                                                                                   Feature::fp16),
    instruction<"01 1 11110 1 111100 11101 10 nnnnn ddddd", &Estimate<RsqrtEstimate>::scalar_half>("FRSQRTE",
                                                                                                   Feature::fp16),
    instruction<"01 0 11110 1 111100 11111 10 nnnnn ddddd", &Estimate<RecipExponent>::scalar_half>("FRECPX",
                                                                                                   Feature::fp16),

    instruction<"0 q 0 01110 0 s 1 mmmmm 11111 1 nnnnn ddddd", &Step<RecipStep>::vector>("FRECPS"),
    instruction<"0 q 0 01110 1 s 1 mmmmm 11111 1 nnnnn ddddd", &Step<RsqrtStep>::vector>("FRSQRTS"),

    instruction<"01 0 11110 0 s 1 mmmmm 11111 1 nnnnn ddddd", &Step<RecipStep>::scalar>("FRECPS"),
    instruction<"01 0 11110 1 s 1 mmmmm 11111 1 nnnnn ddddd", &Step<RsqrtStep>::scalar>("FRSQRTS"),

    instruction<"0 q 0 01110 0 10 mmmmm 00 111 1 nnnnn ddddd", &Step<RecipStep>::vector_half>("FRECPS", Feature::fp16),
    instruction<"0 q 0 01110 1 10 mmmmm 00 111 1 nnnnn ddddd", &Step<RsqrtStep>::vector_half>("FRSQRTS", Feature::fp16),

    instruction<"01 0 11110 0 10 mmmmm 00 111 1 nnnnn ddddd", &Step<RecipStep>::scalar_half>("FRECPS", Feature::fp16),
    instruction<"01 0 11110 1 10 mmmmm 00 111 1 nnnnn ddddd", &Step<RsqrtStep>::scalar_half>("FRSQRTS", Feature::fp16),

    instruction<"0 q 0 01110 1 0 10000 11100 10 nnnnn ddddd", &unsigned_estimate<kUrecpe>>("URECPE"),
    instruction<"0 q 1 01110 1 0 10000 11100 10 nnnnn ddddd", &unsigned_estimate<kUrsqrte>>("URSQRTE"),
});
static_assert(first_overlap(kInstructions) == kNoOverlap);

}  // namespace

std::span<const Instruction> chapter_advanced_simd_fp_estimate() {
    return kInstructions;
}

}  // namespace kelvin::arm64
