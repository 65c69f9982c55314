// SPDX-License-Identifier: Apache-2.0
// Advanced SIMD and cryptography.
add_4s:
    add v0.4s, v1.4s, v2.4s
add_8b:
    add v0.8b, v1.8b, v2.8b
mul_4s:
    mul v0.4s, v1.4s, v2.4s
mla_8h:
    mla v0.8h, v1.8h, v2.8h
fadd_4s:
    fadd v0.4s, v1.4s, v2.4s
fmul_2d:
    fmul v0.2d, v1.2d, v2.2d
fmla_4s:
    fmla v0.4s, v1.4s, v2.4s
fmla_4s_element:
    fmla v0.4s, v1.4s, v2.s[1]
and_16b:
    and v0.16b, v1.16b, v2.16b
bsl:
    bsl v0.16b, v1.16b, v2.16b
cmeq_16b:
    cmeq v0.16b, v1.16b, v2.16b
cmhi_16b:
    cmhi v0.16b, v1.16b, v2.16b
umin_16b:
    umin v0.16b, v1.16b, v2.16b
umaxp_16b:
    umaxp v0.16b, v1.16b, v2.16b
addp_2d:
    addp d0, v1.2d
addv_4s:
    addv s0, v1.4s
cnt_addv:
    cnt v0.8b, v1.8b
    addv b0, v0.8b
uaddlv:
    uaddlv h0, v1.16b
shl_4s:
    shl v0.4s, v1.4s, #3
ushr_2d:
    ushr v0.2d, v1.2d, #7
sshr_16b:
    sshr v0.16b, v1.16b, #2
ushl_4s:
    ushl v0.4s, v1.4s, v2.4s
shrn_8b:
    shrn v0.8b, v1.8h, #4
xtn:
    xtn v0.8b, v1.8h
uxtl:
    uxtl v0.8h, v1.8b
umull:
    umull v0.4s, v1.4h, v2.4h
umlal2:
    umlal2 v0.4s, v1.8h, v2.8h
udot:
    udot v0.4s, v1.16b, v2.16b
ext:
    ext v0.16b, v1.16b, v2.16b, #3
zip1_16b:
    zip1 v0.16b, v1.16b, v2.16b
uzp1_8h:
    uzp1 v0.8h, v1.8h, v2.8h
trn1_4s:
    trn1 v0.4s, v1.4s, v2.4s
rev64_16b:
    rev64 v0.16b, v1.16b
tbl_1:
    tbl v0.16b, {v1.16b}, v2.16b
tbl_2:
    tbl v0.16b, {v1.16b, v2.16b}, v3.16b
dup_general:
    dup v0.4s, w1
dup_element:
    dup v0.4s, v1.s[2]
ins_general:
    mov v0.d[1], x1
umov:
    umov w0, v1.b[3]
movi:
    movi v0.16b, #0x0f
movi_zero:
    movi v0.2d, #0
scvtf_4s:
    scvtf v0.4s, v1.4s
fcvtzs_4s:
    fcvtzs v0.4s, v1.4s
fcmgt_4s:
    fcmgt v0.4s, v1.4s, v2.4s
sqadd_8h:
    sqadd v0.8h, v1.8h, v2.8h
aese_aesmc:
    aese v0.16b, v1.16b
    aesmc v0.16b, v0.16b
aesd_aesimc:
    aesd v0.16b, v1.16b
    aesimc v0.16b, v0.16b
sha256h:
    sha256h q0, q1, v2.4s
pmull:
    pmull v0.1q, v1.1d, v2.1d
