// SPDX-License-Identifier: Apache-2.0
// Vector instructions by descriptor: `a.vex(vop::vpaddd, dst, x, y)`. `vector_ops.h` names the operations. Destination
// first; the last source may be an Xmm, a Gpr or a Mem, as the operation wants.
//
// For hosts without AVX the same calls make legacy instructions, whose destination is their first source: a register
// move comes before where it is not. There, 16 bytes of memory must be aligned, but for vmovups and vmovdqu, and
// comparisons have the predicates below 8.
//
// What has no EVEX form may be asked for with registers from xmm16 on; moves to and from lower ones come around it
// then.
#pragma once

#include "emit/x64/encoder.h"

namespace kelvin::x64 {

/// Overwritten where a legacy instruction's destination is its second source; nothing else may be in it.
inline constexpr Xmm kLegacyScratch = Xmm::xmm15;
/// Overwritten where an instruction without EVEX form has an operand from xmm16 on, which is then moved there: the
/// destination and the first source share one, the second source has the other.
inline constexpr Xmm kLowScratch = Xmm::xmm14;
inline constexpr Xmm kLowScratch2 = Xmm::xmm15;

/// The part of `Assembler` that is about vectors.
class VectorAssembler : public Encoder {
  public:
    using Encoder::Encoder;

    /// dst = op(src), or op(src, imm) of those operations that want an immediate.
    template <AnyReg D, class S>
    void vex(VexOp op, D dst, const S& src) {
        const D low = low_destination(op, dst);
        const S from = low_source(op, src, kLowScratch2);
        end(put_two(begin(), op, low, from, 0));
        bring(dst, low);
    }
    template <AnyReg D, class S>
    void vex(VexOp op, D dst, const S& src, u8 imm) {
        const D low = low_destination(op, dst);
        const S from = low_source(op, src, kLowScratch2);
        end(put8(put_two(begin(), op, low, from, 1), imm));
        bring(dst, low);
    }
    /// Stores.
    void vex(VexOp op, const Mem& dst, Xmm src) { end(put_either(begin(), op, src, dst)); }
    void vex(VexOp op, const Mem& dst, Xmm src, u8 imm) { end(put8(put_either(begin(), op, src, dst, 1), imm)); }
    /// dst = op(a, b), or op(a, b, imm).
    template <class S>
    requires AnyReg<S> || std::same_as<S, Mem>
    void vex(VexOp op, Xmm dst, Xmm a, const S& b) {
        const Xmm low = high_without_evex(op, dst) ? kLowScratch : dst;
        const Xmm first = low_source(op, a, kLowScratch);
        end(put_three(op, low, first, low_second(op, b, a, first), 0));
        bring(dst, low);
    }
    template <class S>
    void vex(VexOp op, Xmm dst, Xmm a, const S& b, u8 imm) {
        const Xmm low = high_without_evex(op, dst) ? kLowScratch : dst;
        const Xmm first = low_source(op, a, kLowScratch);
        end(put8(put_three(op, low, first, low_second(op, b, a, first), 1), imm));
        bring(dst, low);
    }
    /// All 128 bits. From xmm8 to 15 to a lower one the direction of a store is a byte shorter.
    void vmov(Xmm dst, Xmm src) {
        const bool store = has_vex() && number(src) >> 3 == 1 && number(dst) < 8;
        constexpr u8 kAll = VexOp::kHasVex | VexOp::kHasEvex | VexOp::kHasLegacy;
        const VexOp op{
            .code = static_cast<u8>(store ? 0x29 : 0x28), .form = store ? Form::mr : Form::rvm, .flags = kAll};
        vex(op, dst, src);
    }
    /// The blends by a fourth register, below xmm16: dst = mask's sign ? b : a. Only with VEX.
    template <class S>
    void vex_blendv(VexOp op, Xmm dst, Xmm a, const S& b, Xmm mask) {
        KELVIN_ASSERT(number(mask) < 16);
        end(put8(put_vex(begin(), op, number(dst), number(a), b, 1), number(mask) << 4));
    }
    /// Instructions without a VEX form (SHA).
    template <class S>
    void sse(Opcode op, Xmm dst, const S& src) {
        const Xmm low = low_destination(VexOp{}, dst);
        const S from = low_source(VexOp{}, src, kLowScratch2);
        end(put(begin(), op, Width::w32, low, from));
        bring(dst, low);
    }
    template <class S>
    void sse(Opcode op, Xmm dst, const S& src, u8 imm) {
        const Xmm low = low_destination(VexOp{}, dst);
        const S from = low_source(VexOp{}, src, kLowScratch2);
        end(put8(put(begin(), op, Width::w32, low, from, 1), imm));
        bring(dst, low);
    }

  private:
    static constexpr bool high_without_evex(VexOp op, Xmm r) { return number(r) >= 16 && !op.has_evex(); }

    template <class S>
    S low_source(VexOp op, const S& src, Xmm scratch) {
        if constexpr (std::same_as<S, Xmm>) {
            if (high_without_evex(op, src)) {
                vmov(scratch, src);
                return scratch;
            }
        }
        return src;
    }
    /// `low_first` is where `first` is now, which may be the same register.
    template <class S>
    S low_second(VexOp op, const S& src, Xmm first, Xmm low_first) {
        if constexpr (std::same_as<S, Xmm>) {
            if (src == first) {
                return low_first;
            }
        }
        return low_source(op, src, kLowScratch2);
    }
    /// The first operand of two, which may be a source too, as that of vptest is.
    template <AnyReg D>
    D low_destination(VexOp op, D dst) {
        return low_source(op, dst, kLowScratch);
    }
    template <AnyReg D>
    void bring(D dst, D from) {
        if constexpr (std::same_as<D, Xmm>) {
            if (dst != from) {
                vmov(dst, from);
            }
        }
    }

    /// Without a second source, in whichever encoding.
    template <class Reg, class Rm>
    u8* put_either(u8* p, VexOp op, Reg reg, const Rm& rm, unsigned tail = 0) {
        return has_vex() ? put_vex(p, op, number(reg), 0, rm, tail) : put_legacy(p, op, reg, rm, tail);
    }

    template <class Reg, class Rm>
    u8* put_legacy(u8* p, VexOp op, Reg reg, const Rm& rm, unsigned tail) {
        KELVIN_ASSERT(op.has_legacy() && (number(reg) | vector_number(rm)) < 16);
        const Width w = (op.flags & VexOp::kLegacyW) != 0 ? Width::w64 : Width::w32;
        return put(p, Opcode{op.code, op.map, op.prefix}, w, reg, rm, tail);
    }

    template <AnyReg D, AnyReg S>
    u8* put_two(u8* p, VexOp op, D dst, S src, unsigned tail) {
        switch (op.form) {
            case Form::mr:
                return put_either(p, op, src, dst, tail);
            case Form::vmi:
                if constexpr (std::same_as<D, Xmm> && std::same_as<S, Xmm>) {
                    if (!has_vex()) {
                        move_before(dst, src);
                        return put_legacy(begin(), op, op.digit, dst, tail);
                    }
                }
                return put_vex(p, op, number(op.digit), number(dst), src, tail);
            default:
                return put_either(p, op, dst, src, tail);
        }
    }
    template <AnyReg D>
    u8* put_two(u8* p, VexOp op, D dst, const Mem& src, unsigned tail) {
        if (op.form == Form::vmi) {
            op.flags = static_cast<u8>(op.flags & ~VexOp::kHasVex);  // shifts of memory by an immediate came with EVEX
            return put_vex(p, op, number(op.digit), number(dst), src, tail);
        }
        return put_either(p, op, dst, src, tail);
    }

    template <class S>
    u8* put_three(VexOp op, Xmm dst, Xmm a, const S& b, unsigned tail) {
        if (has_vex()) {
            return put_vex(begin(), op, number(dst), number(a), b, tail);
        }
        return put_three_legacy(op, dst, a, b, tail);
    }
    u8* put_three_legacy(VexOp op, Xmm dst, Xmm a, Xmm b, unsigned tail) {
        if (dst == b && dst != a) {
            if (op.commutes()) {
                return put_legacy(begin(), op, dst, a, tail);
            }
            vmov(kLegacyScratch, b);
            b = kLegacyScratch;
        }
        move_before(dst, a);
        return put_legacy(begin(), op, dst, b, tail);
    }
    template <class S>
    u8* put_three_legacy(VexOp op, Xmm dst, Xmm a, const S& b, unsigned tail) {
        move_before(dst, a);
        return put_legacy(begin(), op, dst, b, tail);
    }

    void move_before(Xmm dst, Xmm src) {
        if (dst != src) {
            vmov(dst, src);
        }
    }
};

}  // namespace kelvin::x64
