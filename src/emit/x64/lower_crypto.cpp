// SPDX-License-Identifier: Apache-2.0
// Emitters of AES, SHA-1 and SHA-256 by the host's instructions (Intel SDM vol. 2, AESENC, SHA256RNDS2 and their kin).
#include "emit/x64/lower_vector.h"

namespace kelvin::x64::lower {

namespace {

/// The mixing of columns that follows one half of a round: the two make one host instruction.
constexpr IrOp mix_after(IrOp half) {
    return half == IrOp::aes_encrypt ? IrOp::aes_mix : IrOp::aes_inverse_mix;
}

/// The next op that does something, from `value` on.
Value next_op(const Emitter& e, Value value) {
    u32 i = index(value) + 1;
    while ((ir::info(e.op(Value{i}).code).effects & ir::kMarker) != 0) {
        i++;
    }
    return Value{i};
}

/// True if `half`, of which no use has been accounted for yet, is wanted for the mixing alone that comes right behind.
bool is_whole_round(const Emitter& e, Value half) {
    const IrOp code = e.op(half).code;
    if (code != IrOp::aes_encrypt && code != IrOp::aes_decrypt) {
        return false;
    }
    const Op& next = e.op(next_op(e, half));
    return next.code == mix_after(code) && next.a == half && e.uses(half) == 1;
}

// The host adds the round key last, Arm first: so the host's key is zero.
void half_round(Emitter& e, VexOp last, VexOp whole) {
    if (!e.features().aes) {
        fallback(e);
        return;
    }
    const bool with_mix = is_whole_round(e, e.current_value());
    const Xmm x = e.use_xmm(e.current().a);
    const Xmm y = e.use_xmm(e.current().b);
    const Xmm result = e.define_over(x);
    e.a.vex(vop::vpxor, result, x, y);
    e.a.vex(with_mix ? whole : last, result, result, in_memory(e, V128{}));
}

/// Nothing to do if half_round has mixed the columns already.
bool was_whole_round(Emitter& e) {
    if (!is_whole_round(e, e.current().a)) {
        return false;
    }
    const Xmm x = e.use_xmm(e.current().a);
    const Xmm result = e.define_over(x);
    if (result != x) {
        e.a.vmov(result, x);
    }
    return true;
}

}  // namespace

void aes_encrypt(Emitter& e) {
    half_round(e, vop::vaesenclast, vop::vaesenc);
}
void aes_decrypt(Emitter& e) {
    half_round(e, vop::vaesdeclast, vop::vaesdec);
}

void aes_mix(Emitter& e) {
    if (!e.features().aes) {
        fallback(e);
        return;
    }
    if (was_whole_round(e)) {
        return;
    }
    const Xmm x = e.use_xmm(e.current().a);
    const Xmm result = e.define_over(x);
    e.a.vex(vop::vaesdeclast, result, x, in_memory(e, V128{}));
    e.a.vex(vop::vaesenc, result, result, in_memory(e, V128{}));
}

void aes_inverse_mix(Emitter& e) {
    if (!e.features().aes) {
        fallback(e);
    } else if (!was_whole_round(e)) {
        unary(e, vop::vaesimc);
    }
}

namespace {

/// Four rounds. The host keeps the working variables as f e b a and h g d c, lowest element first, and does two rounds
/// at a time: the former becomes the latter. `order` is the shuffle that makes a to d or e to h of them.
void four_rounds(Emitter& e, Value abcd, Value efgh, u8 order) {
    using enum Xmm;
    constexpr u8 kHigh = 0xbb;
    constexpr u8 kLow = 0x11;
    constexpr u8 kUpperHalf = 0xee;
    // xmm0 is an operand of the instruction, and all the others are needed, too.
    e.evict_locals();
    e.use_into(xmm1, abcd);
    e.use_into(xmm2, efgh);
    e.use_into(xmm0, e.current().c);
    e.a.vex(vop::vshufps, xmm3, xmm2, xmm1, kLow);
    e.a.vex(vop::vshufps, xmm1, xmm2, xmm1, kHigh);
    e.a.sse(vop::sha256rnds2, xmm1, xmm3);
    e.a.vex(vop::vpshufd, xmm0, xmm0, kUpperHalf);
    e.a.sse(vop::sha256rnds2, xmm3, xmm1);
    e.a.vex(vop::vshufps, e.define_xmm(), xmm3, xmm1, order);
}

constexpr u8 kOrderAbcd = 0xbb;
constexpr u8 kOrderEfgh = 0x11;

}  // namespace

void sha256_hash(Emitter& e) {
    if (e.features().sha) {
        four_rounds(e, e.current().a, e.current().b, kOrderAbcd);
    } else {
        fallback(e);
    }
}

void sha256_hash2(Emitter& e) {
    if (e.features().sha) {
        four_rounds(e, e.current().b, e.current().a, kOrderEfgh);
    } else {
        fallback(e);
    }
}

void sha256_update0(Emitter& e) {
    if (!e.features().sha) {
        fallback(e);
        return;
    }
    const Xmm x = e.use_xmm(e.current().a);
    const Xmm y = e.use_xmm(e.current().b);
    const Xmm result = e.define_xmm(true);
    e.a.vmov(result, x);
    e.a.sse(vop::sha256msg1, result, y);
}

void sha256_update1(Emitter& e) {
    if (!e.features().sha) {
        fallback(e);
        return;
    }
    const Xmm x = e.use_xmm(e.current().a);
    const Xmm y = e.use_xmm(e.current().b);
    const Xmm z = e.use_xmm(e.current().c);
    const Xmm result = e.define_xmm(true);
    e.a.vex(vop::vpalignr, result, z, y, u8{4});
    e.a.vex(vop::vpaddd, result, result, x);
    e.a.sse(vop::sha256msg2, result, z);
}

namespace {

/// Four rounds. The host has a in the highest element, and adds the round's constant itself.
void four_sha1_rounds(Emitter& e, u8 function) {
    using enum Xmm;
    constexpr u32 kConstants[] = {0x5a827999, 0x6ed9eba1, 0x8f1bbcdc};
    constexpr u8 kReverse = 0x1b;
    if (!e.features().sha) {
        fallback(e);
        return;
    }
    e.evict_locals();
    e.use_into(xmm1, e.current().a);
    e.use_into(xmm2, e.current().b);
    e.use_into(xmm3, e.current().c);
    keep_lowest(e, ir::Lane::s, xmm2, xmm2);
    e.a.vex(vop::vpaddd, xmm2, xmm2, xmm3);
    e.a.vex(vop::vpsubd, xmm2, xmm2, in_memory(e, every_word(kConstants[function])));
    e.a.vex(vop::vpshufd, xmm2, xmm2, kReverse);
    e.a.vex(vop::vpshufd, xmm1, xmm1, kReverse);
    e.a.sse(vop::sha1rnds4, xmm1, xmm2, function);
    e.a.vex(vop::vpshufd, e.define_xmm(), xmm1, kReverse);
}

}  // namespace

void sha1_choose(Emitter& e) {
    four_sha1_rounds(e, 0);
}
void sha1_parity(Emitter& e) {
    four_sha1_rounds(e, 1);
}
void sha1_majority(Emitter& e) {
    four_sha1_rounds(e, 2);
}

}  // namespace kelvin::x64::lower
