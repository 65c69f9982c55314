// SPDX-License-Identifier: Apache-2.0
// Emitters of conversions between floating-point formats, and to and from integers.
#include "emit/x64/lower_fp.h"

namespace kelvin::x64::lower {

namespace {

using fp::Rounding;

struct IntegerFormat {
    Rounding rounding;  ///< of conversions to integers
    bool is_unsigned;
    unsigned fraction_bits;
};

IntegerFormat integer_format(const Op& op) {
    return {static_cast<Rounding>(op.imm & 7), (op.imm & 8) != 0, static_cast<unsigned>(op.imm >> 8 & 0xff)};
}

/// How the host is made to round a conversion to integers.
enum class Way : u8 {
    truncate,
    as_mode,    ///< MXCSR's mode is the one asked for
    two_steps,  ///< to an integral value first
    away,       ///< the same by round_away; only scalars
    none,
};

Way way_of(const Emitter& e, Rounding rounding) {
    if (rounding == Rounding::zero) {
        return Way::truncate;
    }
    if (rounding == region_rounding(e)) {
        return Way::as_mode;
    }
    if (rounding == Rounding::nearest_away) {
        return Way::away;
    }
    return rounding < Rounding::zero ? Way::two_steps : Way::none;
}

constexpr u8 kHostMode[] = {0, 2, 1, 3, 3};  // by Rounding; away from zero by any, to see whether it is inexact
constexpr u8 kNotInexact = 8;

constexpr FpInstruction kRound = {vop::vroundss, vop::vroundsd, vop::vroundps, vop::vroundpd};

/// Scalar to a general register: [double][64 bits].
using ToGpr = VexOp[2][2];
constexpr ToGpr kTruncate = {{vop::vcvttss2si_32, vop::vcvttss2si_64}, {vop::vcvttsd2si_32, vop::vcvttsd2si_64}};
constexpr ToGpr kConvert = {{vop::vcvtss2si_32, vop::vcvtss2si_64}, {vop::vcvtsd2si_32, vop::vcvtsd2si_64}};
constexpr ToGpr kTruncateUnsigned = {{vop::vcvttss2usi_32, vop::vcvttss2usi_64},
                                     {vop::vcvttsd2usi_32, vop::vcvttsd2usi_64}};
constexpr ToGpr kConvertUnsigned = {{vop::vcvtss2usi_32, vop::vcvtss2usi_64}, {vop::vcvtsd2usi_32, vop::vcvtsd2usi_64}};

/// A conversion of a scalar to an integer.
struct ScalarToInteger {
    bool is_double;
    bool wide;  ///< to 64 bits
    bool is_unsigned;
    Way way;
    u8 mode;  ///< of the first of two steps

    Width width() const { return wide ? Width::w64 : Width::w32; }
    VexOp select(const ToGpr& ops) const { return ops[is_double][wide]; }
};

/// result = x where the host has no unsigned conversions: a signed one of 64 bits, of what is in both ranges.
void truncate_in_range(Emitter& e, const ScalarToInteger& how, Gpr result, Xmm x, ColdPath& path) {
    const u64 limit = how.is_double ? (how.wide ? 0x43e0000000000000 : 0x41f0000000000000)  // 2^63, 2^32
                                    : (how.wide ? 0x5f000000 : 0x4f800000);
    const VexOp compare = how.is_double ? vop::vucomisd : vop::vucomiss;
    e.a.vex(compare, x, in_memory(e, V128{}));
    e.a.jcc(x64::Cond::b, path.entry);
    e.a.vex(compare, x, in_memory(e, v128(limit)));
    e.a.jcc(x64::Cond::ae, path.entry);
    e.a.vex(kTruncate[how.is_double][1], result, x);
}

/// result = x; to `path` if that does not fit (and sometimes if it does).
void scalar_to_integer(Emitter& e, const ScalarToInteger& how, Gpr result, Xmm x, ColdPath& path) {
    if (how.is_unsigned && !e.features().avx512) {
        truncate_in_range(e, how, result, x, path);
        return;
    }
    const bool truncates = how.way != Way::as_mode;
    const VexOp op = how.select(how.is_unsigned ? (truncates ? kTruncateUnsigned : kConvertUnsigned)
                                                : (truncates ? kTruncate : kConvert));
    const VexOp round = how.is_double ? vop::vroundsd : vop::vroundss;
    Xmm source = x;
    if (how.way == Way::two_steps) {
        source = e.temp_xmm();
        e.a.vex(round, source, x, x, static_cast<u8>(how.mode | kNotInexact));
    } else if (how.way == Way::away) {
        source = e.temp_xmm();
        round_away(e, how.is_double, source, x, e.temp_xmm(), path);
    }
    e.a.vex(op, result, source);
    // What does not fit becomes the most negative integer, or unsigned the greatest.
    e.a.cmp(how.width(), result, how.is_unsigned ? -1 : 1);
    e.a.jcc(how.is_unsigned ? x64::Cond::e : x64::Cond::o, path.entry);
    if (how.way >= Way::two_steps) {
        // Only now, as a number that does not fit must not be reported as inexact.
        e.a.vex(round, source, x, x, how.mode);
    }
}

/// False: to be left to C++.
bool plan(const Emitter& e, const Op& op, bool wide, ScalarToInteger& how) {
    const IntegerFormat format = integer_format(op);
    how.is_double = op.shape() == FpShape::d;
    how.wide = wide;
    how.is_unsigned = format.is_unsigned;
    how.way = way_of(e, format.rounding);
    how.mode = how.way == Way::none ? u8{0} : kHostMode[static_cast<unsigned>(format.rounding)];
    if (is_half(op.shape()) || format.fraction_bits != 0 || how.way == Way::none) {
        return false;
    }
    return !format.is_unsigned || e.features().avx512 || how.way == Way::truncate;
}

}  // namespace

void fto_int(Emitter& e) {
    const Op& op = e.current();
    ScalarToInteger how{};
    if (!plan(e, op, op.type == Type::i64, how)) {
        fallback(e);
        return;
    }
    e.clobber_flags();
    const Xmm x = e.use_xmm(op.a);
    const Gpr result = e.define();
    ColdPath& path = recomputation(e);
    path.registers[0] = code_of(x);
    path.registers[kResult] = code_of(result);
    scalar_to_integer(e, how, result, x, path);
    resume_here(e, path);
}

namespace {

void scalar_to_vector_integer(Emitter& e, const ScalarToInteger& how) {
    e.clobber_flags();
    const Xmm x = e.use_xmm(e.current().a);
    const Gpr integer = e.temp();
    const Xmm result = e.define_xmm();
    ColdPath& path = recomputation(e);
    path.registers[0] = code_of(x);
    path.registers[kResult] = code_of(result);
    scalar_to_integer(e, how, integer, x, path);
    e.a.vex(how.wide ? vop::vmovq_gpr : vop::vmovd_gpr, result, integer);
    resume_here(e, path);
}

/// The packed conversion, or one that is not available.
VexOp packed_to_integer(bool is_double, bool is_unsigned, bool truncates) {
    if (is_double) {
        return is_unsigned ? (truncates ? vop::vcvttpd2uqq : vop::vcvtpd2uqq)
                           : (truncates ? vop::vcvttpd2qq : vop::vcvtpd2qq);
    }
    return is_unsigned ? (truncates ? vop::vcvttps2udq : vop::vcvtps2udq)
                       : (truncates ? vop::vcvttps2dq : vop::vcvtps2dq);
}

}  // namespace

void fvto_int(Emitter& e) {
    const Op& op = e.current();
    const FpShape shape = op.shape();
    const bool is_double = ir::fp_lane(shape) == ir::Lane::d;
    ScalarToInteger how{};
    const bool planned = plan(e, op, is_double, how);
    if (planned && is_scalar(shape)) {
        scalar_to_vector_integer(e, how);
        return;
    }
    const VexOp convert = packed_to_integer(is_double, how.is_unsigned, how.way != Way::as_mode);
    // Two steps may report a negative number as inexact that does not fit an unsigned integer. Signed ones that do not
    // fit are integral.
    if (!planned || !available(e, convert) || how.way == Way::away || (how.is_unsigned && how.way == Way::two_steps)) {
        fallback(e);
        return;
    }
    e.clobber_flags();
    const Xmm x = e.use_xmm(op.a);
    const Xmm result = e.define_xmm(true);
    const Xmm bad = e.temp_xmm();
    ColdPath& path = recomputation(e);
    path.registers[0] = code_of(x);
    path.registers[kResult] = code_of(result);
    Xmm source = x;
    if (shape == FpShape::v2s) {
        e.a.vex(vop::vmovq, result, x);
        source = result;
    }
    if (how.way == Way::two_steps) {
        e.a.vex(kRound.of(shape), result, source, how.mode);
        source = result;
    }
    e.a.vex(convert, result, source);
    const ir::Lane lane = ir::fp_lane(shape);
    const u64 misfit = how.is_unsigned ? ~u64{0} : u64{1} << (ir::lane_bits(lane) - 1);
    e.a.vex(is_double ? vop::vpcmpeqq : vop::vpcmpeqd, bad, result, in_memory(e, every_lane(lane, misfit)));
    e.a.vex(vop::vptest, bad, bad);
    e.a.jcc(x64::Cond::ne, path.entry);
    resume_here(e, path);
}

namespace {

/// Divides by 2^fraction_bits, which is exact: nothing comes near the smallest number.
void scale(Emitter& e, FpShape shape, Xmm value, unsigned fraction_bits) {
    constexpr FpInstruction kMul = {vop::vmulss, vop::vmulsd, vop::vmulps, vop::vmulpd};
    if (fraction_bits == 0) {
        return;
    }
    const bool is_double = ir::fp_lane(shape) == ir::Lane::d;
    const V128 factor =
        is_double ? every_double(u64{1023 - fraction_bits} << 52) : every_word((127 - fraction_bits) << 23);
    e.a.vex(kMul.of(shape), value, value, in_memory(e, factor));
}

/// result (zero above) = integer; `unsigned` ones of 32 bits must be zero-extended.
void integer_to_scalar(Emitter& e, bool is_double, bool wide, bool is_unsigned, Xmm result, Gpr integer) {
    constexpr ToGpr kSigned = {{vop::vcvtsi2ss_32, vop::vcvtsi2ss_64}, {vop::vcvtsi2sd_32, vop::vcvtsi2sd_64}};
    constexpr ToGpr kUnsigned = {{vop::vcvtusi2ss_32, vop::vcvtusi2ss_64}, {vop::vcvtusi2sd_32, vop::vcvtusi2sd_64}};
    e.a.vex(vop::vpxor, result, result, result);
    if (is_unsigned && e.features().avx512) {
        e.a.vex(kUnsigned[is_double][wide], result, result, integer);
    } else {
        e.a.vex(kSigned[is_double][wide || is_unsigned], result, result, integer);
    }
}

/// An unsigned integer of 64 bits is beyond the host's signed ones: to C++.
ColdPath* leave_on_negative(Emitter& e, Gpr integer) {
    e.clobber_flags();
    ColdPath& path = recomputation(e);
    e.a.test(Width::w64, integer, integer);
    e.a.jcc(x64::Cond::s, path.entry);
    return &path;
}

}  // namespace

void ffrom_int(Emitter& e) {
    const Op& op = e.current();
    const FpShape shape = op.shape();
    if (is_half(shape)) {
        fallback(e);
        return;
    }
    const IntegerFormat format = integer_format(op);
    const bool wide = (op.imm & 16) != 0;
    Gpr integer = e.use(op.a);
    if (format.is_unsigned && !wide && !e.features().avx512) {
        const Gpr extended = e.temp();
        e.a.mov(Width::w32, extended, integer);
        integer = extended;
    }
    const Xmm result = e.define_xmm();
    ColdPath* path = nullptr;
    if (format.is_unsigned && wide && !e.features().avx512) {
        path = leave_on_negative(e, integer);
        path->registers[0] = code_of(integer);
        path->registers[kResult] = code_of(result);
    }
    integer_to_scalar(e, shape == FpShape::d, wide, format.is_unsigned, result, integer);
    scale(e, shape, result, format.fraction_bits);
    if (path != nullptr) {
        resume_here(e, *path);
    }
}

namespace {

void element_to_scalar(Emitter& e, const IntegerFormat& format) {
    const FpShape shape = e.current().shape();
    const bool wide = shape == FpShape::d;
    const Xmm x = e.use_xmm(e.current().a);
    const Gpr integer = e.temp();
    const Xmm result = e.define_xmm(true);
    e.a.vex(wide ? vop::vmovq_gpr_store : vop::vmovd_store, integer, x);
    ColdPath* path = nullptr;
    if (format.is_unsigned && wide && !e.features().avx512) {
        path = leave_on_negative(e, integer);
        path->registers[0] = code_of(x);
        path->registers[kResult] = code_of(result);
    }
    integer_to_scalar(e, wide, wide, format.is_unsigned, result, integer);
    scale(e, shape, result, format.fraction_bits);
    if (path != nullptr) {
        resume_here(e, *path);
    }
}

/// Two signed doublewords, one by one.
void doublewords_one_by_one(Emitter& e, unsigned fraction_bits) {
    const Xmm x = e.use_xmm(e.current().a);
    const Gpr integer = e.temp();
    const Xmm result = e.define_xmm(true);
    const Xmm upper = e.temp_xmm();
    e.a.vex(vop::vmovq_gpr_store, integer, x);
    integer_to_scalar(e, true, true, false, result, integer);
    e.a.vex(vop::vpextrq, integer, x, u8{1});
    integer_to_scalar(e, true, true, false, upper, integer);
    e.a.vex(vop::vunpcklpd, result, result, upper);
    scale(e, FpShape::v2d, result, fraction_bits);
}

}  // namespace

void fvfrom_int(Emitter& e) {
    const FpShape shape = e.current().shape();
    const IntegerFormat format = integer_format(e.current());
    if (is_half(shape)) {
        fallback(e);
        return;
    }
    if (is_scalar(shape)) {
        element_to_scalar(e, format);
        return;
    }
    const bool is_double = shape == FpShape::v2d;
    const VexOp convert = is_double ? (format.is_unsigned ? vop::vcvtuqq2pd : vop::vcvtqq2pd)
                                    : (format.is_unsigned ? vop::vcvtudq2ps : vop::vcvtdq2ps);
    if (!available(e, convert)) {
        if (is_double && !format.is_unsigned) {
            doublewords_one_by_one(e, format.fraction_bits);
        } else {
            fallback(e);
        }
        return;
    }
    const Xmm x = e.use_xmm(e.current().a);
    const Xmm result = e.define_xmm();
    if (shape == FpShape::v2s) {
        e.a.vex(vop::vmovq, result, x);
        e.a.vex(convert, result, result);
    } else {
        e.a.vex(convert, result, x);
    }
    scale(e, shape, result, format.fraction_bits);
}

namespace {

/// True if the host converts between the formats in one step, or in two of which the first is exact.
bool converts(const Emitter& e, FpShape from, FpShape to) {
    const bool half = is_half(from) || is_half(to);
    if (from == to || (half && (alternative_half(e) || !e.features().v3))) {
        return false;
    }
    return !is_half(to) || (ir::fp_lane(from) == ir::Lane::s && !default_nan(e));
}

constexpr u8 kRoundAsMode = 4;

void convert_scalar(Emitter& e, FpShape from, FpShape to, Xmm result, Xmm x) {
    if (from == FpShape::h) {
        keep_lowest(e, ir::Lane::h, result, x);
        e.a.vex(vop::vcvtph2ps, result, result);
        if (to == FpShape::d) {
            e.a.vex(vop::vcvtss2sd, result, result, result);
        }
    } else if (to == FpShape::h) {
        keep_lowest(e, ir::Lane::s, result, x);
        e.a.vex(vop::vcvtps2ph, result, result, kRoundAsMode);
    } else {
        e.a.vex(vop::vpxor, result, result, result);
        e.a.vex(to == FpShape::d ? vop::vcvtss2sd : vop::vcvtsd2ss, result, result, x);
    }
}

/// NaNs are quieted and cut as on Arm; but a default NaN replaces them if FPCR asks for it.
void check_converted(Emitter& e, FpShape from, FpShape to, Xmm x, Xmm result) {
    const bool may_flush = flushes(e) && ir::fp_lane(from) == ir::Lane::d;
    if (!default_nan(e) && !may_flush) {
        return;
    }
    e.clobber_flags();
    ColdPath& path = recomputation(e);
    path.registers[0] = code_of(x);
    path.registers[kResult] = code_of(result);
    (may_flush ? leave_on_misrounded : leave_on_nan)(e, to, result, e.temp_xmm(), path);
    resume_here(e, path);
}

}  // namespace

void fconvert(Emitter& e) {
    const FpShape from = e.current().shape();
    const FpShape to = static_cast<FpShape>(e.current().imm);
    if (!converts(e, from, to)) {
        fallback(e);
        return;
    }
    const Xmm x = e.use_xmm(e.current().a);
    const Xmm result = e.define_xmm(true);
    convert_scalar(e, from, to, result, x);
    check_converted(e, e.current().shape(), to, x, result);
}

void fvwiden(Emitter& e) {
    const bool from_half = e.current().shape() == FpShape::v4h;
    const FpShape to = from_half ? FpShape::v4s : FpShape::v2d;
    if (!converts(e, e.current().shape(), to)) {
        fallback(e);
        return;
    }
    const Xmm x = e.use_xmm(e.current().a);
    const Xmm result = e.define_xmm(true);
    e.a.vex(from_half ? vop::vcvtph2ps : vop::vcvtps2pd, result, x);
    check_converted(e, e.current().shape(), to, x, result);
}

void fvnarrow(Emitter& e) {
    const bool to_half = e.current().shape() == FpShape::v4s;
    const FpShape to = to_half ? FpShape::v4h : FpShape::v2s;
    if (!converts(e, e.current().shape(), to)) {
        fallback(e);
        return;
    }
    const Xmm x = e.use_xmm(e.current().a);
    const Xmm result = e.define_xmm(true);
    if (to_half) {
        e.a.vex(vop::vcvtps2ph, result, x, kRoundAsMode);
    } else {
        e.a.vex(vop::vcvtpd2ps, result, x);
    }
    check_converted(e, e.current().shape(), to, x, result);
}

}  // namespace kelvin::x64::lower
