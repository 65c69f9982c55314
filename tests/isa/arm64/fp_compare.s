// SPDX-License-Identifier: Apache-2.0
// Comparisons of numbers and NaNs: quiet ones raise nothing, signaling comparisons do.
// expect: x1=6 x2=8 x3=2 x4=3 x5=0 x6=1 v0=0x40000000 x7=3 v1=0x7fc00001
    .include "test.inc"
    begin
    .macro flags into
    mrs \into, nzcv
    lsr \into, \into, #28
    .endm

    fmov s20, #1.0
    fmov s21, #2.0
    fcmp s20, s20
    flags x1
    fcmp s20, s21
    flags x2
    fcmp s21, s20
    flags x3
    ldr w20, =0x7fc00001        // a quiet NaN
    fmov s22, w20
    msr fpsr, xzr
    fcmp s20, s22
    flags x4
    mrs x5, fpsr
    fcmpe s20, s22
    mrs x6, fpsr                // IOC
    fcsel s0, s21, s20, vs
    fcmp s20, s22
    flags x7
    fadd s1, s20, s22
    finish
