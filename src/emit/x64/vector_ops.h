// SPDX-License-Identifier: Apache-2.0
// The vector operations of `Assembler::vex`, by the manual's mnemonics (Intel SDM vol. 2), 128-bit and scalar forms.
// Table file: one line, one encoding. Names are lower case like an enumeration's, since they are the instruction set's.
//
// Operations made by `both` take any register and choose VEX below xmm16, EVEX otherwise (AVX-512 VL, DQ, BW and the
// extension's own feature bit); those made by `vex` are only for xmm0 to xmm15, those by `evex` always need AVX-512.
// Those that are not `avx` have a legacy form too, with one operand less.
// A suffix tells apart forms of one mnemonic: _imm (shift by immediate), _store (memory or register is the
// destination), _gpr (a general register is an operand).
#pragma once

#include "emit/x64/encoder.h"

namespace kelvin::x64::vop {

inline constexpr Prefix np = Prefix::none;
inline constexpr Prefix p66 = Prefix::p66;
inline constexpr Prefix pF3 = Prefix::pF3;
inline constexpr Prefix pF2 = Prefix::pF2;
inline constexpr Map m0F = Map::m0F;
inline constexpr Map m38 = Map::m0F38;
inline constexpr Map m3A = Map::m0F3A;

/// VEX only. `w` is VEX.W, 0 where the manual says WIG.
constexpr VexOp vex(Prefix prefix, Map map, u8 code, unsigned w = 0) {
    const unsigned flags = VexOp::kHasVex | VexOp::kHasLegacy | (w != 0 ? VexOp::kVexW | VexOp::kLegacyW : 0u);
    return {.code = code, .prefix = prefix, .map = map, .flags = static_cast<u8>(flags)};
}
/// EVEX only. `size` is the bytes a memory operand has.
constexpr VexOp evex(Prefix prefix, Map map, u8 code, unsigned w = 0, unsigned size = 16) {
    const unsigned flags = VexOp::kHasEvex | (w != 0 ? VexOp::kEvexW : 0u);
    return {.code = code,
            .prefix = prefix,
            .map = map,
            .flags = static_cast<u8>(flags),
            .disp8_shift = static_cast<u8>(std::countr_zero(size))};
}
/// Both; W differs where VEX ignores it and EVEX means the element size.
constexpr VexOp both(Prefix prefix, Map map, u8 code, unsigned evex_w = 0, unsigned size = 16, unsigned vex_w = 0) {
    VexOp op = evex(prefix, map, code, evex_w, size);
    op.flags = static_cast<u8>(op.flags | vex(prefix, map, code, vex_w).flags);
    return op;
}

// clang-format off

// Integer add, subtract, multiply
inline constexpr VexOp vpaddb = both(p66, m0F, 0xfc).commutative();
inline constexpr VexOp vpaddw = both(p66, m0F, 0xfd).commutative();
inline constexpr VexOp vpaddd = both(p66, m0F, 0xfe).commutative();
inline constexpr VexOp vpaddq = both(p66, m0F, 0xd4, 1).commutative();
inline constexpr VexOp vpsubb = both(p66, m0F, 0xf8);
inline constexpr VexOp vpsubw = both(p66, m0F, 0xf9);
inline constexpr VexOp vpsubd = both(p66, m0F, 0xfa);
inline constexpr VexOp vpsubq = both(p66, m0F, 0xfb, 1);
inline constexpr VexOp vpaddsb = both(p66, m0F, 0xec).commutative();
inline constexpr VexOp vpaddsw = both(p66, m0F, 0xed).commutative();
inline constexpr VexOp vpaddusb = both(p66, m0F, 0xdc).commutative();
inline constexpr VexOp vpaddusw = both(p66, m0F, 0xdd).commutative();
inline constexpr VexOp vpsubsb = both(p66, m0F, 0xe8);
inline constexpr VexOp vpsubsw = both(p66, m0F, 0xe9);
inline constexpr VexOp vpsubusb = both(p66, m0F, 0xd8);
inline constexpr VexOp vpsubusw = both(p66, m0F, 0xd9);
inline constexpr VexOp vpmullw = both(p66, m0F, 0xd5).commutative();
inline constexpr VexOp vpmulhw = both(p66, m0F, 0xe5).commutative();
inline constexpr VexOp vpmulhuw = both(p66, m0F, 0xe4).commutative();
inline constexpr VexOp vpmulhrsw = both(p66, m38, 0x0b).commutative();
inline constexpr VexOp vpmulld = both(p66, m38, 0x40).commutative();
inline constexpr VexOp vpmullq = evex(p66, m38, 0x40, 1);
inline constexpr VexOp vpmuludq = both(p66, m0F, 0xf4, 1).commutative();
inline constexpr VexOp vpmuldq = both(p66, m38, 0x28, 1).commutative();
inline constexpr VexOp vpmaddwd = both(p66, m0F, 0xf5).commutative();
inline constexpr VexOp vpmaddubsw = both(p66, m38, 0x04);
inline constexpr VexOp vpsadbw = both(p66, m0F, 0xf6).commutative();
inline constexpr VexOp vpavgb = both(p66, m0F, 0xe0).commutative();
inline constexpr VexOp vpavgw = both(p66, m0F, 0xe3).commutative();
inline constexpr VexOp vpabsb = both(p66, m38, 0x1c);
inline constexpr VexOp vpabsw = both(p66, m38, 0x1d);
inline constexpr VexOp vpabsd = both(p66, m38, 0x1e);
inline constexpr VexOp vpabsq = evex(p66, m38, 0x1f, 1);
inline constexpr VexOp vphaddw = vex(p66, m38, 0x01);
inline constexpr VexOp vphaddd = vex(p66, m38, 0x02);
inline constexpr VexOp vphsubw = vex(p66, m38, 0x05);
inline constexpr VexOp vphsubd = vex(p66, m38, 0x06);
inline constexpr VexOp vpsignb = vex(p66, m38, 0x08);
inline constexpr VexOp vpsignw = vex(p66, m38, 0x09);
inline constexpr VexOp vpsignd = vex(p66, m38, 0x0a);
inline constexpr VexOp vphminposuw = vex(p66, m38, 0x41);

// Logic. The EVEX forms are called vpandd and so on
inline constexpr VexOp vpand = both(p66, m0F, 0xdb).commutative();
inline constexpr VexOp vpandn = both(p66, m0F, 0xdf);
inline constexpr VexOp vpor = both(p66, m0F, 0xeb).commutative();
inline constexpr VexOp vpxor = both(p66, m0F, 0xef).commutative();
inline constexpr VexOp vandps = both(np, m0F, 0x54).commutative();
inline constexpr VexOp vandpd = both(p66, m0F, 0x54, 1).commutative();
inline constexpr VexOp vandnps = both(np, m0F, 0x55);
inline constexpr VexOp vandnpd = both(p66, m0F, 0x55, 1);
inline constexpr VexOp vorps = both(np, m0F, 0x56).commutative();
inline constexpr VexOp vorpd = both(p66, m0F, 0x56, 1).commutative();
inline constexpr VexOp vxorps = both(np, m0F, 0x57).commutative();
inline constexpr VexOp vxorpd = both(p66, m0F, 0x57, 1).commutative();
inline constexpr VexOp vpternlogd = evex(p66, m3A, 0x25, 0);
inline constexpr VexOp vpternlogq = evex(p66, m3A, 0x25, 1);
inline constexpr VexOp vptest = vex(p66, m38, 0x17);
inline constexpr VexOp vtestps = vex(p66, m38, 0x0e).avx();
inline constexpr VexOp vtestpd = vex(p66, m38, 0x0f).avx();

// Compare, minimum, maximum
inline constexpr VexOp vpcmpeqb = vex(p66, m0F, 0x74).commutative();
inline constexpr VexOp vpcmpeqw = vex(p66, m0F, 0x75).commutative();
inline constexpr VexOp vpcmpeqd = vex(p66, m0F, 0x76).commutative();
inline constexpr VexOp vpcmpeqq = vex(p66, m38, 0x29).commutative();
inline constexpr VexOp vpcmpgtb = vex(p66, m0F, 0x64);
inline constexpr VexOp vpcmpgtw = vex(p66, m0F, 0x65);
inline constexpr VexOp vpcmpgtd = vex(p66, m0F, 0x66);
inline constexpr VexOp vpcmpgtq = vex(p66, m38, 0x37);
inline constexpr VexOp vpminsb = both(p66, m38, 0x38).commutative();
inline constexpr VexOp vpminsw = both(p66, m0F, 0xea).commutative();
inline constexpr VexOp vpminsd = both(p66, m38, 0x39).commutative();
inline constexpr VexOp vpminsq = evex(p66, m38, 0x39, 1);
inline constexpr VexOp vpminub = both(p66, m0F, 0xda).commutative();
inline constexpr VexOp vpminuw = both(p66, m38, 0x3a).commutative();
inline constexpr VexOp vpminud = both(p66, m38, 0x3b).commutative();
inline constexpr VexOp vpminuq = evex(p66, m38, 0x3b, 1);
inline constexpr VexOp vpmaxsb = both(p66, m38, 0x3c).commutative();
inline constexpr VexOp vpmaxsw = both(p66, m0F, 0xee).commutative();
inline constexpr VexOp vpmaxsd = both(p66, m38, 0x3d).commutative();
inline constexpr VexOp vpmaxsq = evex(p66, m38, 0x3d, 1);
inline constexpr VexOp vpmaxub = both(p66, m0F, 0xde).commutative();
inline constexpr VexOp vpmaxuw = both(p66, m38, 0x3e).commutative();
inline constexpr VexOp vpmaxud = both(p66, m38, 0x3f).commutative();
inline constexpr VexOp vpmaxuq = evex(p66, m38, 0x3f, 1);

// Shifts: by the low 64 bits of a vector, by an immediate, and each element by its own count
inline constexpr VexOp vpsllw = both(p66, m0F, 0xf1);
inline constexpr VexOp vpslld = both(p66, m0F, 0xf2);
inline constexpr VexOp vpsllq = both(p66, m0F, 0xf3, 1);
inline constexpr VexOp vpsrlw = both(p66, m0F, 0xd1);
inline constexpr VexOp vpsrld = both(p66, m0F, 0xd2);
inline constexpr VexOp vpsrlq = both(p66, m0F, 0xd3, 1);
inline constexpr VexOp vpsraw = both(p66, m0F, 0xe1);
inline constexpr VexOp vpsrad = both(p66, m0F, 0xe2);
inline constexpr VexOp vpsraq = evex(p66, m0F, 0xe2, 1);
inline constexpr VexOp vpsllw_imm = both(p66, m0F, 0x71).with_digit(6);
inline constexpr VexOp vpslld_imm = both(p66, m0F, 0x72).with_digit(6);
inline constexpr VexOp vpsllq_imm = both(p66, m0F, 0x73, 1).with_digit(6);
inline constexpr VexOp vpsrlw_imm = both(p66, m0F, 0x71).with_digit(2);
inline constexpr VexOp vpsrld_imm = both(p66, m0F, 0x72).with_digit(2);
inline constexpr VexOp vpsrlq_imm = both(p66, m0F, 0x73, 1).with_digit(2);
inline constexpr VexOp vpsraw_imm = both(p66, m0F, 0x71).with_digit(4);
inline constexpr VexOp vpsrad_imm = both(p66, m0F, 0x72).with_digit(4);
inline constexpr VexOp vpsraq_imm = evex(p66, m0F, 0x72, 1).with_digit(4);
inline constexpr VexOp vpslldq = both(p66, m0F, 0x73).with_digit(7);
inline constexpr VexOp vpsrldq = both(p66, m0F, 0x73).with_digit(3);
inline constexpr VexOp vprold = evex(p66, m0F, 0x72, 0).with_digit(1);
inline constexpr VexOp vprolq = evex(p66, m0F, 0x72, 1).with_digit(1);
inline constexpr VexOp vprord = evex(p66, m0F, 0x72, 0).with_digit(0);
inline constexpr VexOp vprorq = evex(p66, m0F, 0x72, 1).with_digit(0);
inline constexpr VexOp vpsllvw = evex(p66, m38, 0x12, 1);
inline constexpr VexOp vpsllvd = both(p66, m38, 0x47).avx();
inline constexpr VexOp vpsllvq = both(p66, m38, 0x47, 1, 16, 1).avx();
inline constexpr VexOp vpsrlvw = evex(p66, m38, 0x10, 1);
inline constexpr VexOp vpsrlvd = both(p66, m38, 0x45).avx();
inline constexpr VexOp vpsrlvq = both(p66, m38, 0x45, 1, 16, 1).avx();
inline constexpr VexOp vpsravw = evex(p66, m38, 0x11, 1);
inline constexpr VexOp vpsravd = both(p66, m38, 0x46).avx();
inline constexpr VexOp vpsravq = evex(p66, m38, 0x46, 1);
inline constexpr VexOp vprolvd = evex(p66, m38, 0x15, 0);
inline constexpr VexOp vprolvq = evex(p66, m38, 0x15, 1);
inline constexpr VexOp vprorvd = evex(p66, m38, 0x14, 0);
inline constexpr VexOp vprorvq = evex(p66, m38, 0x14, 1);
inline constexpr VexOp vpshldw = evex(p66, m3A, 0x70, 1);
inline constexpr VexOp vpshldd = evex(p66, m3A, 0x71, 0);
inline constexpr VexOp vpshldq = evex(p66, m3A, 0x71, 1);
inline constexpr VexOp vpshrdw = evex(p66, m3A, 0x72, 1);
inline constexpr VexOp vpshrdd = evex(p66, m3A, 0x73, 0);
inline constexpr VexOp vpshrdq = evex(p66, m3A, 0x73, 1);

// Bits of each element
inline constexpr VexOp vpopcntb = evex(p66, m38, 0x54, 0);
inline constexpr VexOp vpopcntw = evex(p66, m38, 0x54, 1);
inline constexpr VexOp vpopcntd = evex(p66, m38, 0x55, 0);
inline constexpr VexOp vpopcntq = evex(p66, m38, 0x55, 1);
inline constexpr VexOp vplzcntd = evex(p66, m38, 0x44, 0);
inline constexpr VexOp vplzcntq = evex(p66, m38, 0x44, 1);
inline constexpr VexOp vgf2p8affineqb = both(p66, m3A, 0xce, 1, 16, 1).legacy_w0();
inline constexpr VexOp vgf2p8affineinvqb = both(p66, m3A, 0xcf, 1, 16, 1).legacy_w0();
inline constexpr VexOp vgf2p8mulb = both(p66, m38, 0xcf);

// Permutations, blends, packs
inline constexpr VexOp vpshufb = both(p66, m38, 0x00);
inline constexpr VexOp vpshufd = both(p66, m0F, 0x70);
inline constexpr VexOp vpshuflw = both(pF2, m0F, 0x70);
inline constexpr VexOp vpshufhw = both(pF3, m0F, 0x70);
inline constexpr VexOp vpalignr = both(p66, m3A, 0x0f);
inline constexpr VexOp vpunpcklbw = both(p66, m0F, 0x60);
inline constexpr VexOp vpunpcklwd = both(p66, m0F, 0x61);
inline constexpr VexOp vpunpckldq = both(p66, m0F, 0x62);
inline constexpr VexOp vpunpcklqdq = both(p66, m0F, 0x6c, 1);
inline constexpr VexOp vpunpckhbw = both(p66, m0F, 0x68);
inline constexpr VexOp vpunpckhwd = both(p66, m0F, 0x69);
inline constexpr VexOp vpunpckhdq = both(p66, m0F, 0x6a);
inline constexpr VexOp vpunpckhqdq = both(p66, m0F, 0x6d, 1);
inline constexpr VexOp vpacksswb = both(p66, m0F, 0x63);
inline constexpr VexOp vpackssdw = both(p66, m0F, 0x6b);
inline constexpr VexOp vpackuswb = both(p66, m0F, 0x67);
inline constexpr VexOp vpackusdw = both(p66, m38, 0x2b);
inline constexpr VexOp vpblendw = vex(p66, m3A, 0x0e);
inline constexpr VexOp vpblendd = vex(p66, m3A, 0x02).avx();
inline constexpr VexOp vblendps = vex(p66, m3A, 0x0c);
inline constexpr VexOp vblendpd = vex(p66, m3A, 0x0d);
inline constexpr VexOp vpblendvb = vex(p66, m3A, 0x4c).avx();  // the three for Assembler::vex_blendv
inline constexpr VexOp vblendvps = vex(p66, m3A, 0x4a).avx();
inline constexpr VexOp vblendvpd = vex(p66, m3A, 0x4b).avx();
inline constexpr VexOp vshufps = both(np, m0F, 0xc6);
inline constexpr VexOp vshufpd = both(p66, m0F, 0xc6, 1);
inline constexpr VexOp vunpcklps = both(np, m0F, 0x14);
inline constexpr VexOp vunpcklpd = both(p66, m0F, 0x14, 1);
inline constexpr VexOp vunpckhps = both(np, m0F, 0x15);
inline constexpr VexOp vunpckhpd = both(p66, m0F, 0x15, 1);
inline constexpr VexOp vpermilps = both(p66, m38, 0x0c).avx();
inline constexpr VexOp vpermilpd = both(p66, m38, 0x0d, 1).avx();
inline constexpr VexOp vpermilps_imm = both(p66, m3A, 0x04).avx();
inline constexpr VexOp vpermilpd_imm = both(p66, m3A, 0x05, 1).avx();
inline constexpr VexOp vinsertps = both(p66, m3A, 0x21, 0, 4);
inline constexpr VexOp vpermb = evex(p66, m38, 0x8d, 0);
inline constexpr VexOp vpermw = evex(p66, m38, 0x8d, 1);
inline constexpr VexOp vpermt2b = evex(p66, m38, 0x7d, 0);
inline constexpr VexOp vpermt2w = evex(p66, m38, 0x7d, 1);
inline constexpr VexOp vpermt2d = evex(p66, m38, 0x7e, 0);
inline constexpr VexOp vpermt2q = evex(p66, m38, 0x7e, 1);
inline constexpr VexOp vpermi2b = evex(p66, m38, 0x75, 0);
inline constexpr VexOp vpermi2w = evex(p66, m38, 0x75, 1);
inline constexpr VexOp vpermi2d = evex(p66, m38, 0x76, 0);
inline constexpr VexOp vpermi2q = evex(p66, m38, 0x76, 1);
inline constexpr VexOp vpmultishiftqb = evex(p66, m38, 0x83, 1);

// Elements in and out
inline constexpr VexOp vpinsrb = both(p66, m3A, 0x20, 0, 1);
inline constexpr VexOp vpinsrw = both(p66, m0F, 0xc4, 0, 2);
inline constexpr VexOp vpinsrd = both(p66, m3A, 0x22, 0, 4);
inline constexpr VexOp vpinsrq = both(p66, m3A, 0x22, 1, 8, 1);
inline constexpr VexOp vpextrb = both(p66, m3A, 0x14, 0, 1).as(Form::mr);
inline constexpr VexOp vpextrw = both(p66, m3A, 0x15, 0, 2).as(Form::mr);
inline constexpr VexOp vpextrw_gpr = both(p66, m0F, 0xc5, 0, 2);  // the shorter encoding, for registers only
inline constexpr VexOp vpextrd = both(p66, m3A, 0x16, 0, 4).as(Form::mr);
inline constexpr VexOp vpextrq = both(p66, m3A, 0x16, 1, 8, 1).as(Form::mr);
inline constexpr VexOp vextractps = both(p66, m3A, 0x17, 0, 4).as(Form::mr);
inline constexpr VexOp vpmovmskb = vex(p66, m0F, 0xd7);
inline constexpr VexOp vmovmskps = vex(np, m0F, 0x50);
inline constexpr VexOp vmovmskpd = vex(p66, m0F, 0x50);
inline constexpr VexOp vpbroadcastb = both(p66, m38, 0x78, 0, 1).avx();
inline constexpr VexOp vpbroadcastw = both(p66, m38, 0x79, 0, 2).avx();
inline constexpr VexOp vpbroadcastd = both(p66, m38, 0x58, 0, 4).avx();
inline constexpr VexOp vpbroadcastq = both(p66, m38, 0x59, 1, 8).avx();
inline constexpr VexOp vbroadcastss = both(p66, m38, 0x18, 0, 4).avx();
inline constexpr VexOp vpbroadcastb_gpr = evex(p66, m38, 0x7a, 0);
inline constexpr VexOp vpbroadcastw_gpr = evex(p66, m38, 0x7b, 0);
inline constexpr VexOp vpbroadcastd_gpr = evex(p66, m38, 0x7c, 0);
inline constexpr VexOp vpbroadcastq_gpr = evex(p66, m38, 0x7c, 1);

// Widening and narrowing
inline constexpr VexOp vpmovsxbw = both(p66, m38, 0x20, 0, 8);
inline constexpr VexOp vpmovsxbd = both(p66, m38, 0x21, 0, 4);
inline constexpr VexOp vpmovsxbq = both(p66, m38, 0x22, 0, 2);
inline constexpr VexOp vpmovsxwd = both(p66, m38, 0x23, 0, 8);
inline constexpr VexOp vpmovsxwq = both(p66, m38, 0x24, 0, 4);
inline constexpr VexOp vpmovsxdq = both(p66, m38, 0x25, 0, 8);
inline constexpr VexOp vpmovzxbw = both(p66, m38, 0x30, 0, 8);
inline constexpr VexOp vpmovzxbd = both(p66, m38, 0x31, 0, 4);
inline constexpr VexOp vpmovzxbq = both(p66, m38, 0x32, 0, 2);
inline constexpr VexOp vpmovzxwd = both(p66, m38, 0x33, 0, 8);
inline constexpr VexOp vpmovzxwq = both(p66, m38, 0x34, 0, 4);
inline constexpr VexOp vpmovzxdq = both(p66, m38, 0x35, 0, 8);
inline constexpr VexOp vpmovwb = evex(pF3, m38, 0x30, 0, 8).as(Form::mr);
inline constexpr VexOp vpmovdb = evex(pF3, m38, 0x31, 0, 4).as(Form::mr);
inline constexpr VexOp vpmovqb = evex(pF3, m38, 0x32, 0, 2).as(Form::mr);
inline constexpr VexOp vpmovdw = evex(pF3, m38, 0x33, 0, 8).as(Form::mr);
inline constexpr VexOp vpmovqw = evex(pF3, m38, 0x34, 0, 4).as(Form::mr);
inline constexpr VexOp vpmovqd = evex(pF3, m38, 0x35, 0, 8).as(Form::mr);
inline constexpr VexOp vpmovswb = evex(pF3, m38, 0x20, 0, 8).as(Form::mr);
inline constexpr VexOp vpmovsdb = evex(pF3, m38, 0x21, 0, 4).as(Form::mr);
inline constexpr VexOp vpmovsqb = evex(pF3, m38, 0x22, 0, 2).as(Form::mr);
inline constexpr VexOp vpmovsdw = evex(pF3, m38, 0x23, 0, 8).as(Form::mr);
inline constexpr VexOp vpmovsqw = evex(pF3, m38, 0x24, 0, 4).as(Form::mr);
inline constexpr VexOp vpmovsqd = evex(pF3, m38, 0x25, 0, 8).as(Form::mr);
inline constexpr VexOp vpmovuswb = evex(pF3, m38, 0x10, 0, 8).as(Form::mr);
inline constexpr VexOp vpmovusdb = evex(pF3, m38, 0x11, 0, 4).as(Form::mr);
inline constexpr VexOp vpmovusqb = evex(pF3, m38, 0x12, 0, 2).as(Form::mr);
inline constexpr VexOp vpmovusdw = evex(pF3, m38, 0x13, 0, 8).as(Form::mr);
inline constexpr VexOp vpmovusqw = evex(pF3, m38, 0x14, 0, 4).as(Form::mr);
inline constexpr VexOp vpmovusqd = evex(pF3, m38, 0x15, 0, 8).as(Form::mr);

// Moves. vmovss and vmovsd load (the rest becomes zero) or, with three registers, merge
inline constexpr VexOp vmovd_gpr = both(p66, m0F, 0x6e, 0, 4);
inline constexpr VexOp vmovq_gpr = both(p66, m0F, 0x6e, 1, 8, 1);
inline constexpr VexOp vmovd_store = both(p66, m0F, 0x7e, 0, 4).as(Form::mr);
inline constexpr VexOp vmovq_gpr_store = both(p66, m0F, 0x7e, 1, 8, 1).as(Form::mr);
inline constexpr VexOp vmovq = both(pF3, m0F, 0x7e, 1, 8);
inline constexpr VexOp vmovq_store = both(p66, m0F, 0xd6, 1, 8).as(Form::mr);
inline constexpr VexOp vmovdqu = both(pF3, m0F, 0x6f);
inline constexpr VexOp vmovdqu_store = both(pF3, m0F, 0x7f).as(Form::mr);
inline constexpr VexOp vmovdqa = both(p66, m0F, 0x6f);
inline constexpr VexOp vmovdqa_store = both(p66, m0F, 0x7f).as(Form::mr);
inline constexpr VexOp vmovups = both(np, m0F, 0x10);
inline constexpr VexOp vmovups_store = both(np, m0F, 0x11).as(Form::mr);
inline constexpr VexOp vmovaps = both(np, m0F, 0x28);
inline constexpr VexOp vmovaps_store = both(np, m0F, 0x29).as(Form::mr);
inline constexpr VexOp vmovss = both(pF3, m0F, 0x10, 0, 4);
inline constexpr VexOp vmovss_store = both(pF3, m0F, 0x11, 0, 4).as(Form::mr);
inline constexpr VexOp vmovsd = both(pF2, m0F, 0x10, 1, 8);
inline constexpr VexOp vmovsd_store = both(pF2, m0F, 0x11, 1, 8).as(Form::mr);
inline constexpr VexOp vmovlhps = both(np, m0F, 0x16, 0, 8);  // with memory: vmovhps
inline constexpr VexOp vmovhlps = both(np, m0F, 0x12, 0, 8);  // with memory: vmovlps
inline constexpr VexOp vmovhps_store = both(np, m0F, 0x17, 0, 8).as(Form::mr);
inline constexpr VexOp vmovlps_store = both(np, m0F, 0x13, 0, 8).as(Form::mr);
inline constexpr VexOp vmovddup = both(pF2, m0F, 0x12, 1, 8);
inline constexpr VexOp vmovshdup = both(pF3, m0F, 0x16);
inline constexpr VexOp vmovsldup = both(pF3, m0F, 0x12);

// Floating-point arithmetic
inline constexpr VexOp vaddps = both(np, m0F, 0x58).commutative();
inline constexpr VexOp vaddpd = both(p66, m0F, 0x58, 1).commutative();
inline constexpr VexOp vaddss = both(pF3, m0F, 0x58, 0, 4);
inline constexpr VexOp vaddsd = both(pF2, m0F, 0x58, 1, 8);
inline constexpr VexOp vmulps = both(np, m0F, 0x59).commutative();
inline constexpr VexOp vmulpd = both(p66, m0F, 0x59, 1).commutative();
inline constexpr VexOp vmulss = both(pF3, m0F, 0x59, 0, 4);
inline constexpr VexOp vmulsd = both(pF2, m0F, 0x59, 1, 8);
inline constexpr VexOp vsubps = both(np, m0F, 0x5c);
inline constexpr VexOp vsubpd = both(p66, m0F, 0x5c, 1);
inline constexpr VexOp vsubss = both(pF3, m0F, 0x5c, 0, 4);
inline constexpr VexOp vsubsd = both(pF2, m0F, 0x5c, 1, 8);
inline constexpr VexOp vminps = both(np, m0F, 0x5d);
inline constexpr VexOp vminpd = both(p66, m0F, 0x5d, 1);
inline constexpr VexOp vminss = both(pF3, m0F, 0x5d, 0, 4);
inline constexpr VexOp vminsd = both(pF2, m0F, 0x5d, 1, 8);
inline constexpr VexOp vdivps = both(np, m0F, 0x5e);
inline constexpr VexOp vdivpd = both(p66, m0F, 0x5e, 1);
inline constexpr VexOp vdivss = both(pF3, m0F, 0x5e, 0, 4);
inline constexpr VexOp vdivsd = both(pF2, m0F, 0x5e, 1, 8);
inline constexpr VexOp vmaxps = both(np, m0F, 0x5f);
inline constexpr VexOp vmaxpd = both(p66, m0F, 0x5f, 1);
inline constexpr VexOp vmaxss = both(pF3, m0F, 0x5f, 0, 4);
inline constexpr VexOp vmaxsd = both(pF2, m0F, 0x5f, 1, 8);
inline constexpr VexOp vsqrtps = both(np, m0F, 0x51);
inline constexpr VexOp vsqrtpd = both(p66, m0F, 0x51, 1);
inline constexpr VexOp vsqrtss = both(pF3, m0F, 0x51, 0, 4);
inline constexpr VexOp vsqrtsd = both(pF2, m0F, 0x51, 1, 8);
inline constexpr VexOp vcmpps = vex(np, m0F, 0xc2);
inline constexpr VexOp vcmppd = vex(p66, m0F, 0xc2);
inline constexpr VexOp vcmpss = vex(pF3, m0F, 0xc2);
inline constexpr VexOp vcmpsd = vex(pF2, m0F, 0xc2);
inline constexpr VexOp vucomiss = both(np, m0F, 0x2e, 0, 4);
inline constexpr VexOp vucomisd = both(p66, m0F, 0x2e, 1, 8);
inline constexpr VexOp vcomiss = both(np, m0F, 0x2f, 0, 4);
inline constexpr VexOp vcomisd = both(p66, m0F, 0x2f, 1, 8);
inline constexpr VexOp vroundps = both(p66, m3A, 0x08);  // EVEX: vrndscale, which is the same for immediates below 16
inline constexpr VexOp vroundpd = both(p66, m3A, 0x09, 1);
inline constexpr VexOp vroundss = both(p66, m3A, 0x0a, 0, 4);
inline constexpr VexOp vroundsd = both(p66, m3A, 0x0b, 1, 8);
inline constexpr VexOp vrndscaleps = evex(p66, m3A, 0x08, 0);
inline constexpr VexOp vrndscalepd = evex(p66, m3A, 0x09, 1);
inline constexpr VexOp vrndscaless = evex(p66, m3A, 0x0a, 0, 4);
inline constexpr VexOp vrndscalesd = evex(p66, m3A, 0x0b, 1, 8);
inline constexpr VexOp vrangeps = evex(p66, m3A, 0x50, 0);
inline constexpr VexOp vrangepd = evex(p66, m3A, 0x50, 1);
inline constexpr VexOp vrangess = evex(p66, m3A, 0x51, 0, 4);
inline constexpr VexOp vrangesd = evex(p66, m3A, 0x51, 1, 8);
inline constexpr VexOp vfixupimmps = evex(p66, m3A, 0x54, 0);
inline constexpr VexOp vfixupimmpd = evex(p66, m3A, 0x54, 1);
inline constexpr VexOp vfixupimmss = evex(p66, m3A, 0x55, 0, 4);
inline constexpr VexOp vfixupimmsd = evex(p66, m3A, 0x55, 1, 8);

// Fused multiply-add: the digits say which operands are multiplied (132: dst * b + a, 213: a * dst + b, 231: a * b + dst)
inline constexpr VexOp vfmadd132ps = both(p66, m38, 0x98).avx();
inline constexpr VexOp vfmadd132pd = both(p66, m38, 0x98, 1, 16, 1).avx();
inline constexpr VexOp vfmadd132ss = both(p66, m38, 0x99, 0, 4).avx();
inline constexpr VexOp vfmadd132sd = both(p66, m38, 0x99, 1, 8, 1).avx();
inline constexpr VexOp vfmsub132ps = both(p66, m38, 0x9a).avx();
inline constexpr VexOp vfmsub132pd = both(p66, m38, 0x9a, 1, 16, 1).avx();
inline constexpr VexOp vfmsub132ss = both(p66, m38, 0x9b, 0, 4).avx();
inline constexpr VexOp vfmsub132sd = both(p66, m38, 0x9b, 1, 8, 1).avx();
inline constexpr VexOp vfnmadd132ps = both(p66, m38, 0x9c).avx();
inline constexpr VexOp vfnmadd132pd = both(p66, m38, 0x9c, 1, 16, 1).avx();
inline constexpr VexOp vfnmadd132ss = both(p66, m38, 0x9d, 0, 4).avx();
inline constexpr VexOp vfnmadd132sd = both(p66, m38, 0x9d, 1, 8, 1).avx();
inline constexpr VexOp vfnmsub132ps = both(p66, m38, 0x9e).avx();
inline constexpr VexOp vfnmsub132pd = both(p66, m38, 0x9e, 1, 16, 1).avx();
inline constexpr VexOp vfnmsub132ss = both(p66, m38, 0x9f, 0, 4).avx();
inline constexpr VexOp vfnmsub132sd = both(p66, m38, 0x9f, 1, 8, 1).avx();
inline constexpr VexOp vfmadd213ps = both(p66, m38, 0xa8).avx();
inline constexpr VexOp vfmadd213pd = both(p66, m38, 0xa8, 1, 16, 1).avx();
inline constexpr VexOp vfmadd213ss = both(p66, m38, 0xa9, 0, 4).avx();
inline constexpr VexOp vfmadd213sd = both(p66, m38, 0xa9, 1, 8, 1).avx();
inline constexpr VexOp vfmsub213ps = both(p66, m38, 0xaa).avx();
inline constexpr VexOp vfmsub213pd = both(p66, m38, 0xaa, 1, 16, 1).avx();
inline constexpr VexOp vfmsub213ss = both(p66, m38, 0xab, 0, 4).avx();
inline constexpr VexOp vfmsub213sd = both(p66, m38, 0xab, 1, 8, 1).avx();
inline constexpr VexOp vfnmadd213ps = both(p66, m38, 0xac).avx();
inline constexpr VexOp vfnmadd213pd = both(p66, m38, 0xac, 1, 16, 1).avx();
inline constexpr VexOp vfnmadd213ss = both(p66, m38, 0xad, 0, 4).avx();
inline constexpr VexOp vfnmadd213sd = both(p66, m38, 0xad, 1, 8, 1).avx();
inline constexpr VexOp vfnmsub213ps = both(p66, m38, 0xae).avx();
inline constexpr VexOp vfnmsub213pd = both(p66, m38, 0xae, 1, 16, 1).avx();
inline constexpr VexOp vfnmsub213ss = both(p66, m38, 0xaf, 0, 4).avx();
inline constexpr VexOp vfnmsub213sd = both(p66, m38, 0xaf, 1, 8, 1).avx();
inline constexpr VexOp vfmadd231ps = both(p66, m38, 0xb8).avx();
inline constexpr VexOp vfmadd231pd = both(p66, m38, 0xb8, 1, 16, 1).avx();
inline constexpr VexOp vfmadd231ss = both(p66, m38, 0xb9, 0, 4).avx();
inline constexpr VexOp vfmadd231sd = both(p66, m38, 0xb9, 1, 8, 1).avx();
inline constexpr VexOp vfmsub231ps = both(p66, m38, 0xba).avx();
inline constexpr VexOp vfmsub231pd = both(p66, m38, 0xba, 1, 16, 1).avx();
inline constexpr VexOp vfmsub231ss = both(p66, m38, 0xbb, 0, 4).avx();
inline constexpr VexOp vfmsub231sd = both(p66, m38, 0xbb, 1, 8, 1).avx();
inline constexpr VexOp vfnmadd231ps = both(p66, m38, 0xbc).avx();
inline constexpr VexOp vfnmadd231pd = both(p66, m38, 0xbc, 1, 16, 1).avx();
inline constexpr VexOp vfnmadd231ss = both(p66, m38, 0xbd, 0, 4).avx();
inline constexpr VexOp vfnmadd231sd = both(p66, m38, 0xbd, 1, 8, 1).avx();
inline constexpr VexOp vfnmsub231ps = both(p66, m38, 0xbe).avx();
inline constexpr VexOp vfnmsub231pd = both(p66, m38, 0xbe, 1, 16, 1).avx();
inline constexpr VexOp vfnmsub231ss = both(p66, m38, 0xbf, 0, 4).avx();
inline constexpr VexOp vfnmsub231sd = both(p66, m38, 0xbf, 1, 8, 1).avx();

// Conversions. _32 and _64 are the general register's width
inline constexpr VexOp vcvtsi2ss_32 = both(pF3, m0F, 0x2a, 0, 4);
inline constexpr VexOp vcvtsi2ss_64 = both(pF3, m0F, 0x2a, 1, 8, 1);
inline constexpr VexOp vcvtsi2sd_32 = both(pF2, m0F, 0x2a, 0, 4);
inline constexpr VexOp vcvtsi2sd_64 = both(pF2, m0F, 0x2a, 1, 8, 1);
inline constexpr VexOp vcvtss2si_32 = both(pF3, m0F, 0x2d, 0, 4);
inline constexpr VexOp vcvtss2si_64 = both(pF3, m0F, 0x2d, 1, 4, 1);
inline constexpr VexOp vcvtsd2si_32 = both(pF2, m0F, 0x2d, 0, 8);
inline constexpr VexOp vcvtsd2si_64 = both(pF2, m0F, 0x2d, 1, 8, 1);
inline constexpr VexOp vcvttss2si_32 = both(pF3, m0F, 0x2c, 0, 4);
inline constexpr VexOp vcvttss2si_64 = both(pF3, m0F, 0x2c, 1, 4, 1);
inline constexpr VexOp vcvttsd2si_32 = both(pF2, m0F, 0x2c, 0, 8);
inline constexpr VexOp vcvttsd2si_64 = both(pF2, m0F, 0x2c, 1, 8, 1);
inline constexpr VexOp vcvtusi2ss_32 = evex(pF3, m0F, 0x7b, 0, 4);
inline constexpr VexOp vcvtusi2ss_64 = evex(pF3, m0F, 0x7b, 1, 8);
inline constexpr VexOp vcvtusi2sd_32 = evex(pF2, m0F, 0x7b, 0, 4);
inline constexpr VexOp vcvtusi2sd_64 = evex(pF2, m0F, 0x7b, 1, 8);
inline constexpr VexOp vcvtss2usi_32 = evex(pF3, m0F, 0x79, 0, 4);
inline constexpr VexOp vcvtss2usi_64 = evex(pF3, m0F, 0x79, 1, 4);
inline constexpr VexOp vcvtsd2usi_32 = evex(pF2, m0F, 0x79, 0, 8);
inline constexpr VexOp vcvtsd2usi_64 = evex(pF2, m0F, 0x79, 1, 8);
inline constexpr VexOp vcvttss2usi_32 = evex(pF3, m0F, 0x78, 0, 4);
inline constexpr VexOp vcvttss2usi_64 = evex(pF3, m0F, 0x78, 1, 4);
inline constexpr VexOp vcvttsd2usi_32 = evex(pF2, m0F, 0x78, 0, 8);
inline constexpr VexOp vcvttsd2usi_64 = evex(pF2, m0F, 0x78, 1, 8);
inline constexpr VexOp vcvtss2sd = both(pF3, m0F, 0x5a, 0, 4);
inline constexpr VexOp vcvtsd2ss = both(pF2, m0F, 0x5a, 1, 8);
inline constexpr VexOp vcvtps2pd = both(np, m0F, 0x5a, 0, 8);
inline constexpr VexOp vcvtpd2ps = both(p66, m0F, 0x5a, 1);
inline constexpr VexOp vcvtph2ps = both(p66, m38, 0x13, 0, 8).avx();
inline constexpr VexOp vcvtps2ph = both(p66, m3A, 0x1d, 0, 8).as(Form::mr).avx();
inline constexpr VexOp vcvtdq2ps = both(np, m0F, 0x5b);
inline constexpr VexOp vcvtps2dq = both(p66, m0F, 0x5b);
inline constexpr VexOp vcvttps2dq = both(pF3, m0F, 0x5b);
inline constexpr VexOp vcvtdq2pd = both(pF3, m0F, 0xe6, 0, 8);
inline constexpr VexOp vcvtpd2dq = both(pF2, m0F, 0xe6, 1);
inline constexpr VexOp vcvttpd2dq = both(p66, m0F, 0xe6, 1);
inline constexpr VexOp vcvtqq2pd = evex(pF3, m0F, 0xe6, 1);
inline constexpr VexOp vcvtqq2ps = evex(np, m0F, 0x5b, 1);
inline constexpr VexOp vcvtudq2ps = evex(pF2, m0F, 0x7a, 0);
inline constexpr VexOp vcvtudq2pd = evex(pF3, m0F, 0x7a, 0, 8);
inline constexpr VexOp vcvtuqq2ps = evex(pF2, m0F, 0x7a, 1);
inline constexpr VexOp vcvtuqq2pd = evex(pF3, m0F, 0x7a, 1);
inline constexpr VexOp vcvtps2udq = evex(np, m0F, 0x79, 0);
inline constexpr VexOp vcvttps2udq = evex(np, m0F, 0x78, 0);
inline constexpr VexOp vcvtpd2udq = evex(np, m0F, 0x79, 1);
inline constexpr VexOp vcvttpd2udq = evex(np, m0F, 0x78, 1);
inline constexpr VexOp vcvtpd2qq = evex(p66, m0F, 0x7b, 1);
inline constexpr VexOp vcvttpd2qq = evex(p66, m0F, 0x7a, 1);
inline constexpr VexOp vcvtpd2uqq = evex(p66, m0F, 0x79, 1);
inline constexpr VexOp vcvttpd2uqq = evex(p66, m0F, 0x78, 1);
inline constexpr VexOp vcvttps2qq = evex(p66, m0F, 0x7a, 0, 8);
inline constexpr VexOp vcvttps2uqq = evex(p66, m0F, 0x78, 0, 8);

// Cryptography
inline constexpr VexOp vaesenc = both(p66, m38, 0xdc);
inline constexpr VexOp vaesenclast = both(p66, m38, 0xdd);
inline constexpr VexOp vaesdec = both(p66, m38, 0xde);
inline constexpr VexOp vaesdeclast = both(p66, m38, 0xdf);
inline constexpr VexOp vaesimc = vex(p66, m38, 0xdb);
inline constexpr VexOp vaeskeygenassist = vex(p66, m3A, 0xdf);
inline constexpr VexOp vpclmulqdq = both(p66, m3A, 0x44);

// For Assembler::sse, which has neither a third operand nor xmm16 and above; sha256rnds2 also reads xmm0
inline constexpr Opcode sha1rnds4{0xcc, m3A};
inline constexpr Opcode sha1nexte{0xc8, m38};
inline constexpr Opcode sha1msg1{0xc9, m38};
inline constexpr Opcode sha1msg2{0xca, m38};
inline constexpr Opcode sha256rnds2{0xcb, m38};
inline constexpr Opcode sha256msg1{0xcc, m38};
inline constexpr Opcode sha256msg2{0xcd, m38};

// clang-format on

}  // namespace kelvin::x64::vop
