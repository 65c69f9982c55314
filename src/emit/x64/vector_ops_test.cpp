// SPDX-License-Identifier: Apache-2.0
// Every operation of vector_ops.h against GNU as, in each operand form it has. Table file.
#include "emit/x64/vector_ops.h"

#include <string_view>
#include <variant>

#include "emit/x64/assembler_oracle.h"

namespace kelvin::x64 {
namespace {

struct Row {
    const char* mnemonic;
    VexOp op;
    /// The operands, destination first: x xmm, m memory, o xmm or memory, r and q 32- and 64-bit general, R and Q the
    /// same or memory, i immediate.
    std::string_view operands;
    const char* evex_mnemonic = nullptr;  ///< where it is another
};

// clang-format off
constexpr Row kRows[] = {
    {"vpaddb", vop::vpaddb, "xxo"},
    {"vpaddw", vop::vpaddw, "xxo"},
    {"vpaddd", vop::vpaddd, "xxo"},
    {"vpaddq", vop::vpaddq, "xxo"},
    {"vpsubb", vop::vpsubb, "xxo"},
    {"vpsubw", vop::vpsubw, "xxo"},
    {"vpsubd", vop::vpsubd, "xxo"},
    {"vpsubq", vop::vpsubq, "xxo"},
    {"vpaddsb", vop::vpaddsb, "xxo"},
    {"vpaddsw", vop::vpaddsw, "xxo"},
    {"vpaddusb", vop::vpaddusb, "xxo"},
    {"vpaddusw", vop::vpaddusw, "xxo"},
    {"vpsubsb", vop::vpsubsb, "xxo"},
    {"vpsubsw", vop::vpsubsw, "xxo"},
    {"vpsubusb", vop::vpsubusb, "xxo"},
    {"vpsubusw", vop::vpsubusw, "xxo"},
    {"vpmullw", vop::vpmullw, "xxo"},
    {"vpmulhw", vop::vpmulhw, "xxo"},
    {"vpmulhuw", vop::vpmulhuw, "xxo"},
    {"vpmulhrsw", vop::vpmulhrsw, "xxo"},
    {"vpmulld", vop::vpmulld, "xxo"},
    {"vpmullq", vop::vpmullq, "xxo"},
    {"vpmuludq", vop::vpmuludq, "xxo"},
    {"vpmuldq", vop::vpmuldq, "xxo"},
    {"vpmaddwd", vop::vpmaddwd, "xxo"},
    {"vpmaddubsw", vop::vpmaddubsw, "xxo"},
    {"vpsadbw", vop::vpsadbw, "xxo"},
    {"vpavgb", vop::vpavgb, "xxo"},
    {"vpavgw", vop::vpavgw, "xxo"},
    {"vpabsb", vop::vpabsb, "xo"},
    {"vpabsw", vop::vpabsw, "xo"},
    {"vpabsd", vop::vpabsd, "xo"},
    {"vpabsq", vop::vpabsq, "xo"},
    {"vphaddw", vop::vphaddw, "xxo"},
    {"vphaddd", vop::vphaddd, "xxo"},
    {"vphaddsw", vop::vphaddsw, "xxo"},
    {"vphsubw", vop::vphsubw, "xxo"},
    {"vphsubd", vop::vphsubd, "xxo"},
    {"vphsubsw", vop::vphsubsw, "xxo"},
    {"vpsignb", vop::vpsignb, "xxo"},
    {"vpsignw", vop::vpsignw, "xxo"},
    {"vpsignd", vop::vpsignd, "xxo"},
    {"vphminposuw", vop::vphminposuw, "xo"},
    {"vpand", vop::vpand, "xxo", "vpandd"},
    {"vpandn", vop::vpandn, "xxo", "vpandnd"},
    {"vpor", vop::vpor, "xxo", "vpord"},
    {"vpxor", vop::vpxor, "xxo", "vpxord"},
    {"vandps", vop::vandps, "xxo"},
    {"vandpd", vop::vandpd, "xxo"},
    {"vandnps", vop::vandnps, "xxo"},
    {"vandnpd", vop::vandnpd, "xxo"},
    {"vorps", vop::vorps, "xxo"},
    {"vorpd", vop::vorpd, "xxo"},
    {"vxorps", vop::vxorps, "xxo"},
    {"vxorpd", vop::vxorpd, "xxo"},
    {"vpternlogd", vop::vpternlogd, "xxoi"},
    {"vpternlogq", vop::vpternlogq, "xxoi"},
    {"vptest", vop::vptest, "xo"},
    {"vtestps", vop::vtestps, "xo"},
    {"vtestpd", vop::vtestpd, "xo"},
    {"vpcmpeqb", vop::vpcmpeqb, "xxo"},
    {"vpcmpeqw", vop::vpcmpeqw, "xxo"},
    {"vpcmpeqd", vop::vpcmpeqd, "xxo"},
    {"vpcmpeqq", vop::vpcmpeqq, "xxo"},
    {"vpcmpgtb", vop::vpcmpgtb, "xxo"},
    {"vpcmpgtw", vop::vpcmpgtw, "xxo"},
    {"vpcmpgtd", vop::vpcmpgtd, "xxo"},
    {"vpcmpgtq", vop::vpcmpgtq, "xxo"},
    {"vpminsb", vop::vpminsb, "xxo"},
    {"vpminsw", vop::vpminsw, "xxo"},
    {"vpminsd", vop::vpminsd, "xxo"},
    {"vpminsq", vop::vpminsq, "xxo"},
    {"vpminub", vop::vpminub, "xxo"},
    {"vpminuw", vop::vpminuw, "xxo"},
    {"vpminud", vop::vpminud, "xxo"},
    {"vpminuq", vop::vpminuq, "xxo"},
    {"vpmaxsb", vop::vpmaxsb, "xxo"},
    {"vpmaxsw", vop::vpmaxsw, "xxo"},
    {"vpmaxsd", vop::vpmaxsd, "xxo"},
    {"vpmaxsq", vop::vpmaxsq, "xxo"},
    {"vpmaxub", vop::vpmaxub, "xxo"},
    {"vpmaxuw", vop::vpmaxuw, "xxo"},
    {"vpmaxud", vop::vpmaxud, "xxo"},
    {"vpmaxuq", vop::vpmaxuq, "xxo"},
    {"vpsllw", vop::vpsllw, "xxo"},
    {"vpslld", vop::vpslld, "xxo"},
    {"vpsllq", vop::vpsllq, "xxo"},
    {"vpsrlw", vop::vpsrlw, "xxo"},
    {"vpsrld", vop::vpsrld, "xxo"},
    {"vpsrlq", vop::vpsrlq, "xxo"},
    {"vpsraw", vop::vpsraw, "xxo"},
    {"vpsrad", vop::vpsrad, "xxo"},
    {"vpsraq", vop::vpsraq, "xxo"},
    {"vpsllw", vop::vpsllw_imm, "xoi"},
    {"vpslld", vop::vpslld_imm, "xoi"},
    {"vpsllq", vop::vpsllq_imm, "xoi"},
    {"vpsrlw", vop::vpsrlw_imm, "xoi"},
    {"vpsrld", vop::vpsrld_imm, "xoi"},
    {"vpsrlq", vop::vpsrlq_imm, "xoi"},
    {"vpsraw", vop::vpsraw_imm, "xoi"},
    {"vpsrad", vop::vpsrad_imm, "xoi"},
    {"vpsraq", vop::vpsraq_imm, "xoi"},
    {"vpslldq", vop::vpslldq, "xoi"},
    {"vpsrldq", vop::vpsrldq, "xoi"},
    {"vprold", vop::vprold, "xoi"},
    {"vprolq", vop::vprolq, "xoi"},
    {"vprord", vop::vprord, "xoi"},
    {"vprorq", vop::vprorq, "xoi"},
    {"vpsllvw", vop::vpsllvw, "xxo"},
    {"vpsllvd", vop::vpsllvd, "xxo"},
    {"vpsllvq", vop::vpsllvq, "xxo"},
    {"vpsrlvw", vop::vpsrlvw, "xxo"},
    {"vpsrlvd", vop::vpsrlvd, "xxo"},
    {"vpsrlvq", vop::vpsrlvq, "xxo"},
    {"vpsravw", vop::vpsravw, "xxo"},
    {"vpsravd", vop::vpsravd, "xxo"},
    {"vpsravq", vop::vpsravq, "xxo"},
    {"vprolvd", vop::vprolvd, "xxo"},
    {"vprolvq", vop::vprolvq, "xxo"},
    {"vprorvd", vop::vprorvd, "xxo"},
    {"vprorvq", vop::vprorvq, "xxo"},
    {"vpshldw", vop::vpshldw, "xxoi"},
    {"vpshldd", vop::vpshldd, "xxoi"},
    {"vpshldq", vop::vpshldq, "xxoi"},
    {"vpshrdw", vop::vpshrdw, "xxoi"},
    {"vpshrdd", vop::vpshrdd, "xxoi"},
    {"vpshrdq", vop::vpshrdq, "xxoi"},
    {"vpopcntb", vop::vpopcntb, "xo"},
    {"vpopcntw", vop::vpopcntw, "xo"},
    {"vpopcntd", vop::vpopcntd, "xo"},
    {"vpopcntq", vop::vpopcntq, "xo"},
    {"vplzcntd", vop::vplzcntd, "xo"},
    {"vplzcntq", vop::vplzcntq, "xo"},
    {"vgf2p8affineqb", vop::vgf2p8affineqb, "xxoi"},
    {"vgf2p8affineinvqb", vop::vgf2p8affineinvqb, "xxoi"},
    {"vgf2p8mulb", vop::vgf2p8mulb, "xxo"},
    {"vpshufb", vop::vpshufb, "xxo"},
    {"vpshufd", vop::vpshufd, "xoi"},
    {"vpshuflw", vop::vpshuflw, "xoi"},
    {"vpshufhw", vop::vpshufhw, "xoi"},
    {"vpalignr", vop::vpalignr, "xxoi"},
    {"vpunpcklbw", vop::vpunpcklbw, "xxo"},
    {"vpunpcklwd", vop::vpunpcklwd, "xxo"},
    {"vpunpckldq", vop::vpunpckldq, "xxo"},
    {"vpunpcklqdq", vop::vpunpcklqdq, "xxo"},
    {"vpunpckhbw", vop::vpunpckhbw, "xxo"},
    {"vpunpckhwd", vop::vpunpckhwd, "xxo"},
    {"vpunpckhdq", vop::vpunpckhdq, "xxo"},
    {"vpunpckhqdq", vop::vpunpckhqdq, "xxo"},
    {"vpacksswb", vop::vpacksswb, "xxo"},
    {"vpackssdw", vop::vpackssdw, "xxo"},
    {"vpackuswb", vop::vpackuswb, "xxo"},
    {"vpackusdw", vop::vpackusdw, "xxo"},
    {"vpblendw", vop::vpblendw, "xxoi"},
    {"vpblendd", vop::vpblendd, "xxoi"},
    {"vblendps", vop::vblendps, "xxoi"},
    {"vblendpd", vop::vblendpd, "xxoi"},
    {"vshufps", vop::vshufps, "xxoi"},
    {"vshufpd", vop::vshufpd, "xxoi"},
    {"vunpcklps", vop::vunpcklps, "xxo"},
    {"vunpcklpd", vop::vunpcklpd, "xxo"},
    {"vunpckhps", vop::vunpckhps, "xxo"},
    {"vunpckhpd", vop::vunpckhpd, "xxo"},
    {"vpermilps", vop::vpermilps, "xxo"},
    {"vpermilpd", vop::vpermilpd, "xxo"},
    {"vpermilps", vop::vpermilps_imm, "xoi"},
    {"vpermilpd", vop::vpermilpd_imm, "xoi"},
    {"vinsertps", vop::vinsertps, "xxoi"},
    {"vpermb", vop::vpermb, "xxo"},
    {"vpermw", vop::vpermw, "xxo"},
    {"vpermt2b", vop::vpermt2b, "xxo"},
    {"vpermt2w", vop::vpermt2w, "xxo"},
    {"vpermt2d", vop::vpermt2d, "xxo"},
    {"vpermt2q", vop::vpermt2q, "xxo"},
    {"vpermi2b", vop::vpermi2b, "xxo"},
    {"vpermi2w", vop::vpermi2w, "xxo"},
    {"vpermi2d", vop::vpermi2d, "xxo"},
    {"vpermi2q", vop::vpermi2q, "xxo"},
    {"vpmultishiftqb", vop::vpmultishiftqb, "xxo"},
    {"vpinsrb", vop::vpinsrb, "xxRi"},
    {"vpinsrw", vop::vpinsrw, "xxRi"},
    {"vpinsrd", vop::vpinsrd, "xxRi"},
    {"vpinsrq", vop::vpinsrq, "xxQi"},
    {"vpextrb", vop::vpextrb, "Rxi"},
    {"vpextrw", vop::vpextrw, "mxi"},
    {"vpextrw", vop::vpextrw_gpr, "rxi"},
    {"vpextrd", vop::vpextrd, "Rxi"},
    {"vpextrq", vop::vpextrq, "Qxi"},
    {"vextractps", vop::vextractps, "Rxi"},
    {"vpmovmskb", vop::vpmovmskb, "rx"},
    {"vmovmskps", vop::vmovmskps, "rx"},
    {"vmovmskpd", vop::vmovmskpd, "rx"},
    {"vpbroadcastb", vop::vpbroadcastb, "xo"},
    {"vpbroadcastw", vop::vpbroadcastw, "xo"},
    {"vpbroadcastd", vop::vpbroadcastd, "xo"},
    {"vpbroadcastq", vop::vpbroadcastq, "xo"},
    {"vbroadcastss", vop::vbroadcastss, "xo"},
    {"vpbroadcastb", vop::vpbroadcastb_gpr, "xr"},
    {"vpbroadcastw", vop::vpbroadcastw_gpr, "xr"},
    {"vpbroadcastd", vop::vpbroadcastd_gpr, "xr"},
    {"vpbroadcastq", vop::vpbroadcastq_gpr, "xq"},
    {"vpmovsxbw", vop::vpmovsxbw, "xo"},
    {"vpmovsxbd", vop::vpmovsxbd, "xo"},
    {"vpmovsxbq", vop::vpmovsxbq, "xo"},
    {"vpmovsxwd", vop::vpmovsxwd, "xo"},
    {"vpmovsxwq", vop::vpmovsxwq, "xo"},
    {"vpmovsxdq", vop::vpmovsxdq, "xo"},
    {"vpmovzxbw", vop::vpmovzxbw, "xo"},
    {"vpmovzxbd", vop::vpmovzxbd, "xo"},
    {"vpmovzxbq", vop::vpmovzxbq, "xo"},
    {"vpmovzxwd", vop::vpmovzxwd, "xo"},
    {"vpmovzxwq", vop::vpmovzxwq, "xo"},
    {"vpmovzxdq", vop::vpmovzxdq, "xo"},
    {"vpmovwb", vop::vpmovwb, "ox"},
    {"vpmovdb", vop::vpmovdb, "ox"},
    {"vpmovqb", vop::vpmovqb, "ox"},
    {"vpmovdw", vop::vpmovdw, "ox"},
    {"vpmovqw", vop::vpmovqw, "ox"},
    {"vpmovqd", vop::vpmovqd, "ox"},
    {"vpmovswb", vop::vpmovswb, "ox"},
    {"vpmovsdb", vop::vpmovsdb, "ox"},
    {"vpmovsqb", vop::vpmovsqb, "ox"},
    {"vpmovsdw", vop::vpmovsdw, "ox"},
    {"vpmovsqw", vop::vpmovsqw, "ox"},
    {"vpmovsqd", vop::vpmovsqd, "ox"},
    {"vpmovuswb", vop::vpmovuswb, "ox"},
    {"vpmovusdb", vop::vpmovusdb, "ox"},
    {"vpmovusqb", vop::vpmovusqb, "ox"},
    {"vpmovusdw", vop::vpmovusdw, "ox"},
    {"vpmovusqw", vop::vpmovusqw, "ox"},
    {"vpmovusqd", vop::vpmovusqd, "ox"},
    {"vmovd", vop::vmovd_gpr, "xR"},
    {"vmovq", vop::vmovq_gpr, "xq"},
    {"vmovd", vop::vmovd_store, "Rx"},
    {"vmovq", vop::vmovq_gpr_store, "qx"},
    {"{load} vmovdqu", vop::vmovdqu, "xo", "{load} vmovdqu32"},
    {"vmovdqu", vop::vmovdqu_store, "mx", "vmovdqu32"},
    {"{load} vmovdqa", vop::vmovdqa, "xo", "{load} vmovdqa32"},
    {"vmovdqa", vop::vmovdqa_store, "mx", "vmovdqa32"},
    {"{load} vmovups", vop::vmovups, "xo"},
    {"vmovups", vop::vmovups_store, "mx"},
    {"{load} vmovaps", vop::vmovaps, "xo"},
    {"vmovaps", vop::vmovaps_store, "mx"},
    {"vmovss", vop::vmovss, "xm"},
    {"{load} vmovss", vop::vmovss, "xxx"},
    {"vmovss", vop::vmovss_store, "mx"},
    {"vmovsd", vop::vmovsd, "xm"},
    {"{load} vmovsd", vop::vmovsd, "xxx"},
    {"vmovsd", vop::vmovsd_store, "mx"},
    {"vmovlhps", vop::vmovlhps, "xxx"},
    {"vmovhps", vop::vmovlhps, "xxm"},
    {"vmovhlps", vop::vmovhlps, "xxx"},
    {"vmovlps", vop::vmovhlps, "xxm"},
    {"vmovhps", vop::vmovhps_store, "mx"},
    {"vmovlps", vop::vmovlps_store, "mx"},
    {"vmovddup", vop::vmovddup, "xo"},
    {"vmovshdup", vop::vmovshdup, "xo"},
    {"vmovsldup", vop::vmovsldup, "xo"},
    {"vaddps", vop::vaddps, "xxo"},
    {"vaddpd", vop::vaddpd, "xxo"},
    {"vaddss", vop::vaddss, "xxo"},
    {"vaddsd", vop::vaddsd, "xxo"},
    {"vmulps", vop::vmulps, "xxo"},
    {"vmulpd", vop::vmulpd, "xxo"},
    {"vmulss", vop::vmulss, "xxo"},
    {"vmulsd", vop::vmulsd, "xxo"},
    {"vsubps", vop::vsubps, "xxo"},
    {"vsubpd", vop::vsubpd, "xxo"},
    {"vsubss", vop::vsubss, "xxo"},
    {"vsubsd", vop::vsubsd, "xxo"},
    {"vminps", vop::vminps, "xxo"},
    {"vminpd", vop::vminpd, "xxo"},
    {"vminss", vop::vminss, "xxo"},
    {"vminsd", vop::vminsd, "xxo"},
    {"vdivps", vop::vdivps, "xxo"},
    {"vdivpd", vop::vdivpd, "xxo"},
    {"vdivss", vop::vdivss, "xxo"},
    {"vdivsd", vop::vdivsd, "xxo"},
    {"vmaxps", vop::vmaxps, "xxo"},
    {"vmaxpd", vop::vmaxpd, "xxo"},
    {"vmaxss", vop::vmaxss, "xxo"},
    {"vmaxsd", vop::vmaxsd, "xxo"},
    {"vsqrtps", vop::vsqrtps, "xo"},
    {"vsqrtpd", vop::vsqrtpd, "xo"},
    {"vsqrtss", vop::vsqrtss, "xxo"},
    {"vsqrtsd", vop::vsqrtsd, "xxo"},
    {"vhaddps", vop::vhaddps, "xxo"},
    {"vhaddpd", vop::vhaddpd, "xxo"},
    {"vcmpps", vop::vcmpps, "xxoi"},
    {"vcmppd", vop::vcmppd, "xxoi"},
    {"vcmpss", vop::vcmpss, "xxoi"},
    {"vcmpsd", vop::vcmpsd, "xxoi"},
    {"vucomiss", vop::vucomiss, "xo"},
    {"vucomisd", vop::vucomisd, "xo"},
    {"vcomiss", vop::vcomiss, "xo"},
    {"vcomisd", vop::vcomisd, "xo"},
    {"vroundps", vop::vroundps, "xoi", "vrndscaleps"},
    {"vroundpd", vop::vroundpd, "xoi", "vrndscalepd"},
    {"vroundss", vop::vroundss, "xxoi", "vrndscaless"},
    {"vroundsd", vop::vroundsd, "xxoi", "vrndscalesd"},
    {"vrndscaleps", vop::vrndscaleps, "xoi"},
    {"vrndscalepd", vop::vrndscalepd, "xoi"},
    {"vrndscaless", vop::vrndscaless, "xxoi"},
    {"vrndscalesd", vop::vrndscalesd, "xxoi"},
    {"vrangeps", vop::vrangeps, "xxoi"},
    {"vrangepd", vop::vrangepd, "xxoi"},
    {"vrangess", vop::vrangess, "xxoi"},
    {"vrangesd", vop::vrangesd, "xxoi"},
    {"vfixupimmps", vop::vfixupimmps, "xxoi"},
    {"vfixupimmpd", vop::vfixupimmpd, "xxoi"},
    {"vfixupimmss", vop::vfixupimmss, "xxoi"},
    {"vfixupimmsd", vop::vfixupimmsd, "xxoi"},
    {"vfmadd132ps", vop::vfmadd132ps, "xxo"},
    {"vfmadd132pd", vop::vfmadd132pd, "xxo"},
    {"vfmadd132ss", vop::vfmadd132ss, "xxo"},
    {"vfmadd132sd", vop::vfmadd132sd, "xxo"},
    {"vfmsub132ps", vop::vfmsub132ps, "xxo"},
    {"vfmsub132pd", vop::vfmsub132pd, "xxo"},
    {"vfmsub132ss", vop::vfmsub132ss, "xxo"},
    {"vfmsub132sd", vop::vfmsub132sd, "xxo"},
    {"vfnmadd132ps", vop::vfnmadd132ps, "xxo"},
    {"vfnmadd132pd", vop::vfnmadd132pd, "xxo"},
    {"vfnmadd132ss", vop::vfnmadd132ss, "xxo"},
    {"vfnmadd132sd", vop::vfnmadd132sd, "xxo"},
    {"vfnmsub132ps", vop::vfnmsub132ps, "xxo"},
    {"vfnmsub132pd", vop::vfnmsub132pd, "xxo"},
    {"vfnmsub132ss", vop::vfnmsub132ss, "xxo"},
    {"vfnmsub132sd", vop::vfnmsub132sd, "xxo"},
    {"vfmadd213ps", vop::vfmadd213ps, "xxo"},
    {"vfmadd213pd", vop::vfmadd213pd, "xxo"},
    {"vfmadd213ss", vop::vfmadd213ss, "xxo"},
    {"vfmadd213sd", vop::vfmadd213sd, "xxo"},
    {"vfmsub213ps", vop::vfmsub213ps, "xxo"},
    {"vfmsub213pd", vop::vfmsub213pd, "xxo"},
    {"vfmsub213ss", vop::vfmsub213ss, "xxo"},
    {"vfmsub213sd", vop::vfmsub213sd, "xxo"},
    {"vfnmadd213ps", vop::vfnmadd213ps, "xxo"},
    {"vfnmadd213pd", vop::vfnmadd213pd, "xxo"},
    {"vfnmadd213ss", vop::vfnmadd213ss, "xxo"},
    {"vfnmadd213sd", vop::vfnmadd213sd, "xxo"},
    {"vfnmsub213ps", vop::vfnmsub213ps, "xxo"},
    {"vfnmsub213pd", vop::vfnmsub213pd, "xxo"},
    {"vfnmsub213ss", vop::vfnmsub213ss, "xxo"},
    {"vfnmsub213sd", vop::vfnmsub213sd, "xxo"},
    {"vfmadd231ps", vop::vfmadd231ps, "xxo"},
    {"vfmadd231pd", vop::vfmadd231pd, "xxo"},
    {"vfmadd231ss", vop::vfmadd231ss, "xxo"},
    {"vfmadd231sd", vop::vfmadd231sd, "xxo"},
    {"vfmsub231ps", vop::vfmsub231ps, "xxo"},
    {"vfmsub231pd", vop::vfmsub231pd, "xxo"},
    {"vfmsub231ss", vop::vfmsub231ss, "xxo"},
    {"vfmsub231sd", vop::vfmsub231sd, "xxo"},
    {"vfnmadd231ps", vop::vfnmadd231ps, "xxo"},
    {"vfnmadd231pd", vop::vfnmadd231pd, "xxo"},
    {"vfnmadd231ss", vop::vfnmadd231ss, "xxo"},
    {"vfnmadd231sd", vop::vfnmadd231sd, "xxo"},
    {"vfnmsub231ps", vop::vfnmsub231ps, "xxo"},
    {"vfnmsub231pd", vop::vfnmsub231pd, "xxo"},
    {"vfnmsub231ss", vop::vfnmsub231ss, "xxo"},
    {"vfnmsub231sd", vop::vfnmsub231sd, "xxo"},
    {"vcvtsi2ss", vop::vcvtsi2ss_32, "xxR"},
    {"vcvtsi2ss", vop::vcvtsi2ss_64, "xxQ"},
    {"vcvtsi2sd", vop::vcvtsi2sd_32, "xxR"},
    {"vcvtsi2sd", vop::vcvtsi2sd_64, "xxQ"},
    {"vcvtss2si", vop::vcvtss2si_32, "ro"},
    {"vcvtss2si", vop::vcvtss2si_64, "qo"},
    {"vcvtsd2si", vop::vcvtsd2si_32, "ro"},
    {"vcvtsd2si", vop::vcvtsd2si_64, "qo"},
    {"vcvttss2si", vop::vcvttss2si_32, "ro"},
    {"vcvttss2si", vop::vcvttss2si_64, "qo"},
    {"vcvttsd2si", vop::vcvttsd2si_32, "ro"},
    {"vcvttsd2si", vop::vcvttsd2si_64, "qo"},
    {"vcvtusi2ss", vop::vcvtusi2ss_32, "xxR"},
    {"vcvtusi2ss", vop::vcvtusi2ss_64, "xxQ"},
    {"vcvtusi2sd", vop::vcvtusi2sd_32, "xxR"},
    {"vcvtusi2sd", vop::vcvtusi2sd_64, "xxQ"},
    {"vcvtss2usi", vop::vcvtss2usi_32, "ro"},
    {"vcvtss2usi", vop::vcvtss2usi_64, "qo"},
    {"vcvtsd2usi", vop::vcvtsd2usi_32, "ro"},
    {"vcvtsd2usi", vop::vcvtsd2usi_64, "qo"},
    {"vcvttss2usi", vop::vcvttss2usi_32, "ro"},
    {"vcvttss2usi", vop::vcvttss2usi_64, "qo"},
    {"vcvttsd2usi", vop::vcvttsd2usi_32, "ro"},
    {"vcvttsd2usi", vop::vcvttsd2usi_64, "qo"},
    {"vcvtss2sd", vop::vcvtss2sd, "xxo"},
    {"vcvtsd2ss", vop::vcvtsd2ss, "xxo"},
    {"vcvtps2pd", vop::vcvtps2pd, "xo"},
    {"vcvtpd2ps", vop::vcvtpd2ps, "xo"},
    {"vcvtph2ps", vop::vcvtph2ps, "xo"},
    {"vcvtps2ph", vop::vcvtps2ph, "oxi"},
    {"vcvtdq2ps", vop::vcvtdq2ps, "xo"},
    {"vcvtps2dq", vop::vcvtps2dq, "xo"},
    {"vcvttps2dq", vop::vcvttps2dq, "xo"},
    {"vcvtdq2pd", vop::vcvtdq2pd, "xo"},
    {"vcvtpd2dq", vop::vcvtpd2dq, "xo"},
    {"vcvttpd2dq", vop::vcvttpd2dq, "xo"},
    {"vcvtqq2pd", vop::vcvtqq2pd, "xo"},
    {"vcvtqq2ps", vop::vcvtqq2ps, "xo"},
    {"vcvtudq2ps", vop::vcvtudq2ps, "xo"},
    {"vcvtudq2pd", vop::vcvtudq2pd, "xo"},
    {"vcvtuqq2ps", vop::vcvtuqq2ps, "xo"},
    {"vcvtuqq2pd", vop::vcvtuqq2pd, "xo"},
    {"vcvtps2udq", vop::vcvtps2udq, "xo"},
    {"vcvttps2udq", vop::vcvttps2udq, "xo"},
    {"vcvtpd2udq", vop::vcvtpd2udq, "xo"},
    {"vcvttpd2udq", vop::vcvttpd2udq, "xo"},
    {"vcvtpd2qq", vop::vcvtpd2qq, "xo"},
    {"vcvttpd2qq", vop::vcvttpd2qq, "xo"},
    {"vcvtpd2uqq", vop::vcvtpd2uqq, "xo"},
    {"vcvttpd2uqq", vop::vcvttpd2uqq, "xo"},
    {"vcvttps2qq", vop::vcvttps2qq, "xo"},
    {"vcvttps2uqq", vop::vcvttps2uqq, "xo"},
    {"vaesenc", vop::vaesenc, "xxo"},
    {"vaesenclast", vop::vaesenclast, "xxo"},
    {"vaesdec", vop::vaesdec, "xxo"},
    {"vaesdeclast", vop::vaesdeclast, "xxo"},
    {"vaesimc", vop::vaesimc, "xo"},
    {"vaeskeygenassist", vop::vaeskeygenassist, "xoi"},
    {"vpclmulqdq", vop::vpclmulqdq, "xxoi"},
};
// clang-format on

using Value = std::variant<Xmm, Gpr, Mem>;
struct Operand {
    Value value;
    std::string text;
};

constexpr u8 kImmediate = 5;

bool high(const Operand& operand) {
    const Xmm* r = std::get_if<Xmm>(&operand.value);
    return r != nullptr && number(*r) >= 16;
}

std::vector<Operand> choices(char kind, VexOp op) {
    std::vector<Operand> all;
    if (kind == 'x' || kind == 'o') {
        for (const Xmm r : {xmm1, xmm14, xmm21, xmm26}) {
            if (number(r) < 16 || op.has_evex()) {
                all.push_back({r, name(r)});
            }
        }
    }
    if (kind == 'r' || kind == 'R' || kind == 'q' || kind == 'Q') {
        for (const Gpr r : {rax, rsi, r12}) {
            all.push_back({r, name(r, kind == 'r' || kind == 'R' ? w32 : w64)});
        }
    }
    if (kind == 'm' || kind == 'o' || kind == 'R' || kind == 'Q') {
        const unsigned size = op.has_evex() ? 1u << op.disp8_shift : 0;
        for (const Mem& m : {mem(rax), mem(rbp, 16), mem(r12, r9, 4, 12), mem(rsp, 1016), mem(r13, -2048)}) {
            all.push_back({m, name(m, size)});
        }
    }
    return all;
}

/// Calls the overload of vex that takes these operands; false if there is none.
bool emit(Assembler& a, VexOp op, const std::vector<Operand>& operands, bool immediate) {
    const auto call = [&](const auto&... values) {
        if constexpr (requires { a.vex(op, values...); }) {
            immediate ? a.vex(op, values..., kImmediate) : a.vex(op, values...);
            return true;
        }
        return false;
    };
    if (operands.size() == 2) {
        return std::visit(call, operands[0].value, operands[1].value);
    }
    return std::visit(call, operands[0].value, operands[1].value, operands[2].value);
}

void try_all(Oracle& o, const Row& row, std::vector<Operand>& chosen) {
    const std::size_t next = chosen.size();
    const bool immediate = row.operands.back() == 'i';
    if (next < row.operands.size() - immediate) {
        for (const Operand& operand : choices(row.operands[next], row.op)) {
            chosen.push_back(operand);
            try_all(o, row, chosen);
            chosen.pop_back();
        }
        return;
    }
    bool evex = false;
    std::string text;
    for (const Operand& operand : chosen) {
        evex |= high(operand);
        text += (text.empty() ? " " : ", ") + operand.text;
    }
    const bool renamed = evex && row.evex_mnemonic != nullptr;
    text = (renamed ? row.evex_mnemonic : row.mnemonic) + text;
    if (immediate) {
        text += ", " + std::to_string(kImmediate);
    }
    ASSERT_TRUE(emit(o.a, row.op, chosen, immediate)) << text;
    o.is(text);
}

TEST(vector_ops, match_gnu_as) {
    Oracle o;
    for (const Row& row : kRows) {
        std::vector<Operand> chosen;
        try_all(o, row, chosen);
    }
    o.check();
}

TEST(vector_ops, vmovq_has_equal_encodings_of_which_as_takes_others) {
    std::array<u8, 256> bytes{};
    Assembler a({bytes.data(), bytes.data() + bytes.size(), 0});
    const auto last = [&a](std::size_t size) { return hex(a.cursor() - size, size); };
    a.vex(vop::vmovq, xmm1, xmm14);
    EXPECT_EQ(last(5), "c4c17a7ece");
    a.vex(vop::vmovq, xmm1, mem(rax, 8));
    EXPECT_EQ(last(5), "c5fa7e4808");
    a.vex(vop::vmovq, xmm21, mem(rbp, 16));
    EXPECT_EQ(last(7), "62e1fe087e6d02");
    a.vex(vop::vmovq_store, mem(rax, 8), xmm1);
    EXPECT_EQ(last(5), "c5f9d64808");
    a.vex(vop::vmovq_store, mem(rbp, 16), xmm21);
    EXPECT_EQ(last(7), "62e1fd08d66d02");
}

TEST(vector_ops, register_moves_take_the_shorter_direction) {
    Oracle o;
    for (const Xmm dst : {xmm1, xmm14, xmm21, xmm26}) {
        for (const Xmm src : {xmm1, xmm14, xmm21, xmm26}) {
            o.a.vmov(dst, src), o.is("vmovaps " + name(dst) + ", " + name(src));
        }
    }
    o.check();
}

TEST(vector_ops, blends_by_a_register) {
    Oracle o;
    o.a.vex_blendv(vop::vpblendvb, xmm1, xmm2, xmm3, xmm4), o.is("vpblendvb xmm1, xmm2, xmm3, xmm4");
    o.a.vex_blendv(vop::vpblendvb, xmm9, xmm12, xmm13, xmm14), o.is("vpblendvb xmm9, xmm12, xmm13, xmm14");
    o.a.vex_blendv(vop::vblendvps, xmm9, xmm12, mem(r9, 8), xmm14), o.is("vblendvps xmm9, xmm12, [r9+8], xmm14");
    o.a.vex_blendv(vop::vblendvpd, xmm0, xmm1, mem(rax), xmm15), o.is("vblendvpd xmm0, xmm1, [rax], xmm15");
    o.check();
}

TEST(vector_ops, sha) {
    Oracle o;
    o.a.sse(vop::sha1rnds4, xmm1, xmm2, 3), o.is("sha1rnds4 xmm1, xmm2, 3");
    o.a.sse(vop::sha1rnds4, xmm9, mem(r8, 16), 0), o.is("sha1rnds4 xmm9, [r8+16], 0");
    o.a.sse(vop::sha1nexte, xmm9, xmm2), o.is("sha1nexte xmm9, xmm2");
    o.a.sse(vop::sha1msg1, xmm1, xmm12), o.is("sha1msg1 xmm1, xmm12");
    o.a.sse(vop::sha1msg2, xmm9, xmm12), o.is("sha1msg2 xmm9, xmm12");
    o.a.sse(vop::sha256rnds2, xmm1, mem(rbp)), o.is("sha256rnds2 xmm1, [rbp], xmm0");
    o.a.sse(vop::sha256msg1, xmm1, xmm2), o.is("sha256msg1 xmm1, xmm2");
    o.a.sse(vop::sha256msg2, xmm15, xmm15), o.is("sha256msg2 xmm15, xmm15");
    o.check();
}

}  // namespace
}  // namespace kelvin::x64
