// SPDX-License-Identifier: Apache-2.0
// Bit fields, extraction, counting and reversal.
// expect: x1=0x345 x2=0xfffffffffffffff5 x3=0x1234567845670000 x4=0x7812345678123456 x5=0x1e6a2c48
// expect: x6=0x7856341278563412 x7=3 x8=2 x9=0x3412785634127856 x10=0xffffffff80000000
    .include "test.inc"
    begin
    ldr x20, =0x1234567812345678
    ubfx x1, x20, #12, #12
    mov x21, #0x5
    mov x22, #0xf5
    sbfx x2, x22, #0, #8
    mov x3, x20
    bfi x3, xzr, #0, #16
    ldr x23, =0x4567
    bfi x3, x23, #16, #16
    extr x4, x20, x20, #8
    rbit w5, w20
    rev x6, x20
    clz x7, x20
    cls x8, x20
    rev16 x9, x20
    mov w24, #0x80000000
    sxtw x10, w24
    finish
