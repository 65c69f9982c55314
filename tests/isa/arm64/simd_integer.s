// SPDX-License-Identifier: Apache-2.0
// Vector integer arithmetic: lanes wrap or saturate, widen, narrow and reduce.
// expect: v0=0x0000000000000000_fe00fe00fe00fe00 v1=0x7f7f7f7f7f7f7f7f_7f7f7f7f7f7f7f7f x1=0x8000000
// expect: v2=0x00fe00fe00fe00fe_00fe00fe00fe00fe x2=120 v3=0x0000000000000000_7f7f7f7f7f7f7f7f
// expect: v4=0xffffffffffffffff_0000000000000000 v5=0x0000000000000000_0000000000000078
    .include "test.inc"
    begin
    movi v20.8b, #0x7f
    movi v21.16b, #0x7f
    movi v22.4h, #0xfe, lsl #8
    mov v0.8b, v22.8b
    msr fpsr, xzr
    sqadd v1.16b, v21.16b, v21.16b
    mrs x1, fpsr                // QC
    uaddl v2.8h, v20.8b, v21.8b
    ldr q23, bytes
    addv b24, v23.16b
    umov w2, v24.b[0]
    sqxtun v3.8b, v2.8h         // fe fits in a byte: see next
    umin v3.8b, v3.8b, v20.8b
    movi v25.2d, #0
    cmeq v4.2d, v25.2d, v25.2d
    mov v4.d[0], xzr
    mov v5.16b, v25.16b
    mov v5.b[0], w2
    b 1f
    .balign 16
bytes:
    .byte 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
1:
    finish
