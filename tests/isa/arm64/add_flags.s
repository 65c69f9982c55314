// SPDX-License-Identifier: Apache-2.0
// ADDS, SUBS, ADCS, SBCS: results and all four flags (AddWithCarry).
// expect: x1=0x8000000000000000 x2=9 x3=0 x4=6 x5=0xffffffff x6=8 x7=0x80000000 x8=9 x9=1
// expect: x10=0xfffffffffffffffe
    .include "test.inc"
    begin
    .macro flags into
    mrs \into, nzcv
    lsr \into, \into, #28
    .endm

    mov x20, #0x7fffffffffffffff
    adds x1, x20, #1            // overflows: N V
    flags x2
    mov x21, #5
    subs x3, x21, #5            // equal: Z C
    flags x4
    mov w22, #0
    subs w5, w22, #1            // borrows: N
    flags x6
    mov w22, #0x7fffffff
    mov w23, #-1
    msr nzcv, x20               // bits 30:28 set: Z C V
    sbcs w7, w22, w23           // 7fffffff + 0 + 1: N V
    flags x8
    adds x10, x20, x20
    mov x9, #0
    adds xzr, x10, #2           // carries
    adc x9, x9, xzr
    finish
