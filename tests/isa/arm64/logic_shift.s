// SPDX-License-Identifier: Apache-2.0
// Logical operations with shifted operands, and variable shifts, whose count is taken modulo the width.
// expect: x1=0xf0 x2=0xffffffffffffff0f x3=0xff00 x4=0x8000000000000000 x5=8 x6=0xffffffff x7=2
// expect: x8=0xf800000000000000 x9=0x1e x10=4
    .include "test.inc"
    begin
    .macro flags into
    mrs \into, nzcv
    lsr \into, \into, #28
    .endm

    mov x20, #0xff
    mov x21, #0xf
    and x1, x20, x20, lsl #4
    and x1, x1, x20
    eon x2, x1, xzr
    orr x3, xzr, x20, lsl #8
    mov x22, #1
    ands x4, x22, #1            // not zero
    ror x4, x4, #1
    tst x4, x4
    flags x5
    mov w23, #0x80000000
    asr w6, w23, #31
    mov x24, #65
    lslv x7, x22, x24
    mov x25, #4
    asrv x8, x4, x25
    lslv w9, w21, w22
    bics xzr, x20, x20
    flags x10
    finish
