// SPDX-License-Identifier: Apache-2.0
// Vector instructions by descriptor: `a.vex(vop::vpaddd, dst, x, y)`. `vector_ops.h` names the operations. Destination
// first; the last source may be an Xmm, a Gpr or a Mem, as the operation wants.
#pragma once

#include "emit/x64/encoder.h"

namespace kelvin::x64 {

/// The part of `Assembler` that is about vectors.
class VectorAssembler : public Encoder {
  public:
    using Encoder::Encoder;

    /// dst = op(src), or op(src, imm) of those operations that want an immediate.
    template <AnyReg D, class S>
    void vex(VexOp op, D dst, const S& src) {
        end(put_two(begin(), op, dst, src, 0));
    }
    template <AnyReg D, class S>
    void vex(VexOp op, D dst, const S& src, u8 imm) {
        end(put8(put_two(begin(), op, dst, src, 1), imm));
    }
    /// Stores.
    void vex(VexOp op, const Mem& dst, Xmm src) { end(put_vex(begin(), op, number(src), 0, dst)); }
    void vex(VexOp op, const Mem& dst, Xmm src, u8 imm) {
        end(put8(put_vex(begin(), op, number(src), 0, dst, 1), imm));
    }
    /// dst = op(a, b), or op(a, b, imm).
    template <AnyReg S>
    void vex(VexOp op, Xmm dst, Xmm a, S b) {
        end(put_vex(begin(), op, number(dst), number(a), b));
    }
    void vex(VexOp op, Xmm dst, Xmm a, const Mem& b) { end(put_vex(begin(), op, number(dst), number(a), b)); }
    template <class S>
    void vex(VexOp op, Xmm dst, Xmm a, const S& b, u8 imm) {
        end(put8(put_vex(begin(), op, number(dst), number(a), b, 1), imm));
    }
    /// All 128 bits. From xmm8 to 15 to a lower one the direction of a store is a byte shorter.
    void vmov(Xmm dst, Xmm src) {
        const bool store = number(src) >> 3 == 1 && number(dst) < 8;
        constexpr u8 kBoth = VexOp::kHasVex | VexOp::kHasEvex;
        const VexOp op{
            .code = static_cast<u8>(store ? 0x29 : 0x28), .form = store ? Form::mr : Form::rvm, .flags = kBoth};
        vex(op, dst, src);
    }
    /// The blends by a fourth register, below xmm16: dst = mask's sign ? b : a.
    template <class S>
    void vex_blendv(VexOp op, Xmm dst, Xmm a, const S& b, Xmm mask) {
        KELVIN_ASSERT(number(mask) < 16);
        end(put8(put_vex(begin(), op, number(dst), number(a), b, 1), number(mask) << 4));
    }
    /// Instructions without a VEX form (SHA); registers below xmm16.
    template <class S>
    void sse(Opcode op, Xmm dst, const S& src) {
        KELVIN_ASSERT((number(dst) | vector_number(src)) < 16);
        end(put(begin(), op, Width::w32, dst, src));
    }
    template <class S>
    void sse(Opcode op, Xmm dst, const S& src, u8 imm) {
        KELVIN_ASSERT((number(dst) | vector_number(src)) < 16);
        end(put8(put(begin(), op, Width::w32, dst, src, 1), imm));
    }

  private:
    template <AnyReg D, AnyReg S>
    u8* put_two(u8* p, VexOp op, D dst, S src, unsigned tail) {
        switch (op.form) {
            case Form::mr:
                return put_vex(p, op, number(src), 0, dst, tail);
            case Form::vmi:
                return put_vex(p, op, number(op.digit), number(dst), src, tail);
            default:
                return put_vex(p, op, number(dst), 0, src, tail);
        }
    }
    template <AnyReg D>
    u8* put_two(u8* p, VexOp op, D dst, const Mem& src, unsigned tail) {
        if (op.form == Form::vmi) {
            op.flags = static_cast<u8>(op.flags & ~VexOp::kHasVex);  // shifts of memory by an immediate came with EVEX
            return put_vex(p, op, number(op.digit), number(dst), src, tail);
        }
        return put_vex(p, op, number(dst), 0, src, tail);
    }
};

}  // namespace kelvin::x64
