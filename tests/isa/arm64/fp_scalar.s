// SPDX-License-Identifier: Apache-2.0
// Scalar floating point: rounding modes, cumulative exceptions, conversions that saturate.
// expect: v0=0x3ff8000000000000 v1=0x3fd5555555555555 v2=0x3fd5555555555556 x1=0x10 x2=0x7fffffff x3=1 x4=2
// expect: x5=3 v3=0x7ff8000000000000 x6=1 v4=0x7ff0000000000000 x7=2
    .include "test.inc"
    begin
    fmov d20, #1.0
    fmov d21, #0.5
    fmov d22, #3.0
    fadd d0, d20, d21
    msr fpsr, xzr
    fdiv d1, d20, d22
    mrs x1, fpsr                // IXC
    mov x20, #(1 << 22)         // towards plus infinity
    msr fpcr, x20
    fdiv d2, d20, d22
    msr fpcr, xzr
    ldr x21, =0x7e37e43c8800759c
    fmov d23, x21
    msr fpsr, xzr
    fcvtzs w2, d23
    mrs x3, fpsr                // IOC
    fmov d24, #2.5
    fcvtns x4, d24
    fcvtps x5, d24
    msr fpsr, xzr
    fsub d25, d23, d23
    fmov d26, xzr
    fdiv d3, d26, d26
    fabs d3, d3
    mrs x6, fpsr                // IOC
    msr fpsr, xzr
    fdiv d4, d20, d26
    mrs x7, fpsr                // DZC
    fmov d27, d27
    finish
