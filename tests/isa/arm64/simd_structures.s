// SPDX-License-Identifier: Apache-2.0
// Loads and stores of structures of two, three and four, of one lane, and replicated.
// expect: v0=0x0e0c0a0806040200 v1=0x0f0d0b0907050301 v2=0x15120f0c09060300 v3=0x1613100d0a070401
// expect: v4=0x1714110e0b080502 v5=0x0000000000000000_0000090800000000 v6=0x0706050403020100_0706050403020100
// expect: x1=0x40800010 x2=0x0f0e0d0c0b0aff08 x3=0x0302010003020100
    .include "test.inc"
    begin
    ldr x20, =0x40800000
    mov x21, #0
1:  strb w21, [x20, x21]
    add x21, x21, #1
    cmp x21, #64
    b.ne 1b
    mov x1, x20
    ld2 {v0.8b, v1.8b}, [x1], #16
    ld3 {v2.8b, v3.8b, v4.8b}, [x20]
    movi v5.2d, #0
    add x22, x20, #8
    ld1 {v5.h}[2], [x22]
    ld1r {v6.2d}, [x20]
    movi v20.8b, #0xff
    add x23, x20, #9
    st1 {v20.b}[3], [x23]
    ldr x2, [x20, #8]
    ld4r {v24.2s, v25.2s, v26.2s, v27.2s}, [x20]
    fmov x3, d24
    finish
