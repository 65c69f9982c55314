// SPDX-License-Identifier: Apache-2.0
// What the chapters of integer Advanced SIMD share: which elements an encoding works on, and operations written once
// for all forms, vector and scalar.
#pragma once

#include "lift/arm64/decoder.h"
#include "lift/arm64/lifter.h"

namespace kelvin::arm64 {

constexpr ir::Lane doubled(ir::Lane lane) {
    return static_cast<ir::Lane>(static_cast<unsigned>(lane) + 1);
}

/// `content` in every element of 64 bits.
constexpr u64 replicate(u64 content, ir::Lane lane) {
    content &= low_mask(ir::lane_bits(lane));
    for (unsigned width = ir::lane_bits(lane); width < 64; width *= 2) {
        content |= content << width;
    }
    return content;
}

inline ir::Value every(Lifter& t, ir::Lane lane, u64 content) {
    return t.ir.vconstant(replicate(content, lane));
}

/// The element `index` in every lane.
inline ir::Value spread(Lifter& t, ir::Lane lane, ir::Value value, u32 index) {
    return t.ir.vector(ir::Opcode::vdup_lane, lane, value, ir::kNoValue, ir::kNoValue, index);
}

inline ir::Value shifted(Lifter& t, ir::Opcode shift, ir::Lane lane, ir::Value value, unsigned count) {
    return count == 0 ? value : t.ir.vector(shift, lane, value, ir::kNoValue, ir::kNoValue, count);
}

/// How much of a register is meant: its lowest element (scalar forms), its low half, or all. In instructions that widen
/// or narrow, `full` means the second half (their "2" forms).
enum class Extent : u8 { element, half, full };

/// What an instruction works on. The lane of those that widen or narrow is the narrow one.
struct Elements {
    ir::Lane lane;
    Extent extent;

    bool full() const { return extent == Extent::full; }
};

/// `value` with zeros in place of what is not meant: results, and operands whose other elements would have effects.
inline ir::Value clip(Lifter& t, Elements e, ir::Value value) {
    switch (e.extent) {
        case Extent::element:
            return t.ir.vector(ir::Opcode::vlow_lane, e.lane, value);
        case Extent::half:
            return t.ir.vector(ir::Opcode::vlow64, value);
        default:
            return value;
    }
}

/// The narrow operand of an instruction that widens, in the low half.
inline ir::Value part(Lifter& t, Elements e, ir::Value value) {
    return e.full() ? t.ir.vector(ir::Opcode::vcombine_high, value, value) : value;
}

/// The result of an instruction that widens.
inline void set_wide(Lifter& t, Elements e, VReg rd, ir::Value value) {
    t.set(rd, e.extent == Extent::element ? t.ir.vector(ir::Opcode::vlow_lane, doubled(e.lane), value) : value);
}

/// The result of an instruction that narrows; `value` is in the low half, with zeros above.
inline void set_narrow(Lifter& t, Elements e, VReg rd, ir::Value value) {
    if (e.full()) {
        value = t.ir.vector(ir::Opcode::vcombine_low, t.get(rd), value);
    } else if (e.extent == Extent::element) {
        value = clip(t, e, value);
    }
    t.set(rd, value);
}

/// Sets FPSR.QC unless all of `difference`, of a result from what it would be unsaturated, is zero: zero less something
/// saturates.
inline void mark_saturated(Lifter& t, ir::Value difference) {
    t.ir.vector(ir::Opcode::vqsub_u, ir::Lane::h, t.ir.vconstant(0), difference);
}

/// The two operands of a pairwise instruction, as its even and its odd elements.
struct Pairs {
    ir::Value even;
    ir::Value odd;
};
inline Pairs pairs_of(Lifter& t, Elements e, ir::Value low, ir::Value high) {
    if (!e.full()) {
        low = high = t.ir.vector(ir::Opcode::vcombine_low, low, high);
    }
    return {t.ir.vector(ir::Opcode::vuzp1, e.lane, low, high), t.ir.vector(ir::Opcode::vuzp2, e.lane, low, high)};
}

/// Sets of element sizes that an instruction has.
enum LaneSet : u8 {
    kB = 1,
    kH = 2,
    kS = 4,
    kD = 8,
    kBh = kB | kH,
    kHs = kH | kS,
    kBhs = kB | kH | kS,
    kBhsd = kB | kH | kS | kD,
};

/// The entries' semantic functions for the encodings of one operation, a function (Lifter&, Elements, operands...):
/// what decides the elements comes before the operands. Unallocated encodings are UNDEFINED even where SIMD is trapped,
/// as decoding comes first.
template <auto Operation>
struct SimdForms;

template <class... Operands, void (*Operation)(Lifter&, Elements, Operands...)>
struct SimdForms<Operation> {
    template <LaneSet Lanes>
    static void vector(Lifter& t, Q q, Size size, Operands... operands) {
        const bool allocated = ((Lanes >> size.value) & 1) != 0 && (q.full() || size.lane() != ir::Lane::d);
        run(t, allocated, {size.lane(), q.full() ? Extent::full : Extent::half}, operands...);
    }
    template <LaneSet Lanes>
    static void scalar(Lifter& t, Size size, Operands... operands) {
        run(t, ((Lanes >> size.value) & 1) != 0, {size.lane(), Extent::element}, operands...);
    }
    /// Of encodings that name no element size.
    template <ir::Lane L>
    static void vector_of(Lifter& t, Q q, Operands... operands) {
        run(t, true, {L, q.full() ? Extent::full : Extent::half}, operands...);
    }
    template <ir::Lane L>
    static void scalar_of(Lifter& t, Operands... operands) {
        run(t, true, {L, Extent::element}, operands...);
    }

    static void run(Lifter& t, bool allocated, Elements e, Operands... operands) {
        if (!allocated) {
            t.undefined();
        } else if (t.fp_enabled()) {
            Operation(t, e, operands...);
        }
    }
};

// Operations element by element, as functions (Lifter&, Lane, Value...) that give the result; elements that are not
// meant may come out as anything.
template <ir::Opcode Op>
ir::Value unary_op(Lifter& t, ir::Lane lane, ir::Value a) {
    return t.ir.vector(Op, lane, a);
}
template <ir::Opcode Op>
ir::Value binary_op(Lifter& t, ir::Lane lane, ir::Value a, ir::Value b) {
    return t.ir.vector(Op, lane, a, b);
}

/// Rd = f(Rn)
template <auto Function>
void simd_unary(Lifter& t, Elements e, VReg rn, VReg rd) {
    t.set(rd, clip(t, e, Function(t, e.lane, t.get(rn))));
}
/// Rd = f(Rn, Rm)
template <auto Function>
void simd_binary(Lifter& t, Elements e, VReg rm, VReg rn, VReg rd) {
    t.set(rd, clip(t, e, Function(t, e.lane, t.get(rn), t.get(rm))));
}
/// Rd = f(Rd, Rn)
template <auto Function>
void simd_accumulate_unary(Lifter& t, Elements e, VReg rn, VReg rd) {
    t.set(rd, clip(t, e, Function(t, e.lane, t.get(rd), t.get(rn))));
}
/// Rd = f(Rd, Rn, Rm)
template <auto Function>
void simd_accumulate(Lifter& t, Elements e, VReg rm, VReg rn, VReg rd) {
    t.set(rd, clip(t, e, Function(t, e.lane, t.get(rd), t.get(rn), t.get(rm))));
}
// The same of operations that set FPSR.QC: elements that are not meant are zero, which saturates nowhere.
template <auto Function>
void simd_saturating_unary(Lifter& t, Elements e, VReg rn, VReg rd) {
    t.set(rd, clip(t, e, Function(t, e.lane, clip(t, e, t.get(rn)))));
}
template <auto Function>
void simd_saturating_binary(Lifter& t, Elements e, VReg rm, VReg rn, VReg rd) {
    t.set(rd, clip(t, e, Function(t, e.lane, clip(t, e, t.get(rn)), clip(t, e, t.get(rm)))));
}

}  // namespace kelvin::arm64
