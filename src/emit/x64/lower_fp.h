// SPDX-License-Identifier: Apache-2.0
// What the emitters of floating-point ops share.
//
// While regions run MXCSR holds the guest's rounding mode, and flushes (FTZ, DAZ) as FPCR.FZ says; its sticky flags are
// the guest's. The host does what Arm asks for bit by bit, exceptions included, except where a NaN comes out, an
// integer does not fit, or, when flushing, rounding makes a number normal. So a result is looked at, and the rare ones
// are made anew by C++ from the operands, which are still there: nothing may overwrite them before. What the host has
// raised by then, Arm raises as well.
//
// Accepted deviations, all in FPSR:
// - Without flushing, a result that rounding makes the smallest normal number underflows on Arm and not here.
// - A flushed operand sets IDC only if C++ makes the result: the host's DAZ reports nothing.
// - A flushed result sets IXC beside UFC.
#pragma once

#include "emit/x64/lower_vector.h"
#include "ir/fp/softfloat.h"

namespace kelvin::x64::lower {

using ir::FpShape;

/// One instruction by format: scalar single and double, packed single and double.
struct FpInstruction {
    VexOp ss, sd, ps, pd;

    VexOp of(FpShape shape) const;
};

constexpr bool is_half(FpShape shape) {
    return ir::fp_lane(shape) == ir::Lane::h;
}
constexpr bool is_scalar(FpShape shape) {
    return ir::fp_lanes(shape) == 1;
}

/// FPCR.FZ. (FZ16 is only of half-precision arithmetic, all of which C++ does.)
inline bool flushes(const Emitter& e) {
    return (e.region().fp.fpcr & 1u << 24) != 0;
}
inline bool default_nan(const Emitter& e) {
    return (e.region().fp.fpcr & (1u << 25)) != 0;
}
inline bool alternative_half(const Emitter& e) {
    return (e.region().fp.fpcr & (1u << 26)) != 0;
}
inline fp::Rounding region_rounding(const Emitter& e) {
    return static_cast<fp::Rounding>(e.region().fp.fpcr >> 22 & 3);
}

/// True if scalars of `value` need no zeros put above them.
bool is_clean(const Emitter& e, Value value, FpShape shape);

/// A path that evaluates the current op by C++. The operands' registers go to `registers` in order, the result's to
/// `registers[kResult]`; `resume` is where to go on.
inline constexpr unsigned kResult = 3;
ColdPath& recomputation(Emitter& e);
/// Bit i of ColdPath::data: operand i has been put into Runtime::arguments already.
constexpr u64 already_passed(unsigned operand) {
    return u64{1} << operand;
}

/// Where C++ looks for operand `i`.
inline Mem argument_place(unsigned i) {
    return Emitter::runtime(offsetof(Runtime, arguments) + sizeof(ir::Datum) * i);
}

/// To `path` if an element of `value` is a NaN. `scratch` is only used for vectors, and may be `value` if that is not
/// wanted afterwards. Overwrites EFLAGS.
void leave_on_nan(Emitter& e, FpShape shape, Xmm value, Xmm scratch, ColdPath& path);
/// To `path` if an element of `a` or `b` is a NaN; signaling ones raise the exception.
void leave_on_unordered(Emitter& e, FpShape shape, Xmm a, Xmm b, Xmm scratch, ColdPath& path);

/// The same for what was just rounded. Under FPCR.FZ also to `path` if an element is the smallest normal number: the
/// host finds tininess after rounding, Arm before it (FPRound), and flushes what rounding has made that. `scratch` is
/// then used for scalars as well, and is not `value`.
void leave_on_misrounded(Emitter& e, FpShape shape, Xmm value, Xmm scratch, ColdPath& path);

/// `out` = the scalar `x` rounded to an integral value, halves away from zero, with zeros above; nothing is reported.
/// To `path` if that is a NaN or so large that it has no fraction. Overwrites `scratch` and EFLAGS.
void round_away(Emitter& e, bool is_double, Xmm out, Xmm x, Xmm scratch, ColdPath& path);

/// The code that goes on after the check is next.
inline void resume_here(Emitter& e, ColdPath& path) {
    path.resume = e.a.cursor();
}

constexpr u8 code_of(Xmm reg) {
    return static_cast<u8>(number(reg));
}
constexpr u8 code_of(Gpr reg) {
    return static_cast<u8>(number(reg));
}

}  // namespace kelvin::x64::lower
