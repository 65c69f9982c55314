// SPDX-License-Identifier: Apache-2.0
// IEEE 754 arithmetic on raw bits, exactly as an AArch64 processor does it (Arm ARM DDI 0487, J1.3
// shared/functions/float). Integer instructions only: the host's floating-point state is neither read nor written.
// Every function is total, pure but for Environment::exceptions, and may run on any thread.
//
// Not modelled: trapped exceptions (FPCR.IDE..IOE are RES0 for us) and FEAT_AFP (FPCR.AH, FIZ, NEP are 0).
#pragma once

#include "base/types.h"

namespace kelvin::fp {

/// The first four are FPCR.RMode's encoding; the last two are asked for by single instructions (FRINTA, FCVTA*,
/// FCVTXN). `nearest_away` is for conversions to integers only.
enum class Rounding : u8 { nearest_even, plus_infinity, minus_infinity, zero, nearest_away, odd };

/// Cumulative exceptions, at their places in FPSR.
inline constexpr u32 kInvalidOperation = 1u << 0;
inline constexpr u32 kDivideByZero = 1u << 1;
inline constexpr u32 kOverflow = 1u << 2;
inline constexpr u32 kUnderflow = 1u << 3;
inline constexpr u32 kInexact = 1u << 4;
inline constexpr u32 kInputDenormal = 1u << 7;

/// What FPCR asks for, and the exceptions so far (only ever added to; OR them into FPSR).
struct Environment {
    Rounding rounding = Rounding::nearest_even;
    bool flush_to_zero = false;     ///< FZ: single and double
    bool flush_to_zero_16 = false;  ///< FZ16: half, except in conversions between formats
    bool default_nan = false;       ///< DN
    bool alternative_half = false;  ///< AHP: only conversions between formats look at it
    u32 exceptions = 0;
};

constexpr Environment environment_from_fpcr(u32 fpcr) {
    return {
        .rounding = static_cast<Rounding>((fpcr >> 22) & 3),
        .flush_to_zero = ((fpcr >> 24) & 1) != 0,
        .flush_to_zero_16 = ((fpcr >> 19) & 1) != 0,
        .default_nan = ((fpcr >> 25) & 1) != 0,
        .alternative_half = ((fpcr >> 26) & 1) != 0,
    };
}

/// The formats. Every template below exists for these three: `fp::add<fp::Single>(a, b, environment)`.
struct Half {
    using Bits = u16;
    static constexpr unsigned kExponentBits = 5;
    static constexpr unsigned kFractionBits = 10;
};
struct Single {
    using Bits = u32;
    static constexpr unsigned kExponentBits = 8;
    static constexpr unsigned kFractionBits = 23;
};
struct Double {
    using Bits = u64;
    static constexpr unsigned kExponentBits = 11;
    static constexpr unsigned kFractionBits = 52;
};

template <class F>
using Bits = typename F::Bits;

// Arithmetic. FNMUL and the subtracting multiply-adds are these with the sign bit of an operand or the result flipped
// by the caller, as in the manual.
template <class F>
Bits<F> add(Bits<F> a, Bits<F> b, Environment& environment);
template <class F>
Bits<F> sub(Bits<F> a, Bits<F> b, Environment& environment);
template <class F>
Bits<F> mul(Bits<F> a, Bits<F> b, Environment& environment);
/// FMULX: zero times infinity is two.
template <class F>
Bits<F> mulx(Bits<F> a, Bits<F> b, Environment& environment);
template <class F>
Bits<F> div(Bits<F> a, Bits<F> b, Environment& environment);
template <class F>
Bits<F> sqrt(Bits<F> value, Environment& environment);
/// a * b + addend, rounded once. (FPMulAdd: a NaN addend goes before NaN factors.)
template <class F>
Bits<F> mul_add(Bits<F> a, Bits<F> b, Bits<F> addend, Environment& environment);
/// FMLAL: as mul_add, of half factors and a single addend.
u32 mul_add_long(u16 a, u16 b, u32 addend, Environment& environment);
/// FRECPS: 2 - a * b, rounded once.
template <class F>
Bits<F> recip_step(Bits<F> a, Bits<F> b, Environment& environment);
/// FRSQRTS: (3 - a * b) / 2, rounded once.
template <class F>
Bits<F> rsqrt_step(Bits<F> a, Bits<F> b, Environment& environment);

// Estimates, of the 8 bits the manual prescribes.
template <class F>
Bits<F> recip_estimate(Bits<F> value, Environment& environment);
template <class F>
Bits<F> rsqrt_estimate(Bits<F> value, Environment& environment);
/// FRECPX.
template <class F>
Bits<F> recip_exponent(Bits<F> value, Environment& environment);
/// URECPE.
u32 unsigned_recip_estimate(u32 value);
/// URSQRTE.
u32 unsigned_rsqrt_estimate(u32 value);

// FMIN and FMAX: a NaN operand wins, -0 < +0. FMINNM and FMAXNM: a single quiet NaN operand loses.
template <class F>
Bits<F> min(Bits<F> a, Bits<F> b, Environment& environment);
template <class F>
Bits<F> max(Bits<F> a, Bits<F> b, Environment& environment);
template <class F>
Bits<F> minnm(Bits<F> a, Bits<F> b, Environment& environment);
template <class F>
Bits<F> maxnm(Bits<F> a, Bits<F> b, Environment& environment);

enum class Ordering : u8 { less, equal, greater, unordered };

/// FCMP: only a signaling NaN is an invalid operation.
template <class F>
Ordering compare_quiet(Bits<F> a, Bits<F> b, Environment& environment);
/// FCMPE: any NaN is an invalid operation.
template <class F>
Ordering compare_signaling(Bits<F> a, Bits<F> b, Environment& environment);
/// FCMEQ (quiet), FCMGE and FCMGT (signaling); FACGE and FACGT are these on operands with their signs cleared.
template <class F>
bool compare_eq(Bits<F> a, Bits<F> b, Environment& environment);
template <class F>
bool compare_ge(Bits<F> a, Bits<F> b, Environment& environment);
template <class F>
bool compare_gt(Bits<F> a, Bits<F> b, Environment& environment);

/// FRINT*: `exact` (FRINTX) reports a result that differs as inexact. Not for Rounding::odd.
template <class F>
Bits<F> round_to_integral(Bits<F> value, Rounding rounding, bool exact, Environment& environment);
/// FRINT32* and FRINT64* (single and double): `integer_bits` is 32 or 64; what does not fit becomes -2^(integer_bits -
/// 1).
template <class F>
Bits<F> round_to_sized_integral(Bits<F> value, Rounding rounding, unsigned integer_bits, Environment& environment);

/// A two's complement or unsigned integer of `width` bits: 16, 32 or 64.
struct IntegerType {
    u8 width;
    bool is_signed;
};

/// FCVT[NPMZA][SU]: value * 2^fraction_bits as an integer, saturated. The result is in the low `type.width` bits, zeros
/// above. `fraction_bits` is 0 to 64.
template <class F>
u64 to_integer(Bits<F> value, IntegerType type, unsigned fraction_bits, Rounding rounding, Environment& environment);
/// SCVTF: integer / 2^fraction_bits. Narrower integers are sign-extended by the caller.
template <class F>
Bits<F> from_signed(i64 integer, unsigned fraction_bits, Environment& environment);
/// UCVTF. Narrower integers are zero-extended by the caller.
template <class F>
Bits<F> from_unsigned(u64 integer, unsigned fraction_bits, Environment& environment);

struct JavaScriptInteger {
    u32 value;
    bool exact;  ///< PSTATE.Z
};
/// FJCVTZS.
JavaScriptInteger to_javascript_integer(u64 value, Environment& environment);

/// FCVT between two different formats. Exists for all six pairs: `fp::convert<fp::Double, fp::Single>(bits,
/// environment)`.
template <class To, class From>
Bits<To> convert(Bits<From> value, Environment& environment);
/// FCVTXN: double to single, rounded to odd.
u32 convert_to_odd(u64 value, Environment& environment);

}  // namespace kelvin::fp
