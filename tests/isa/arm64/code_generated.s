// SPDX-License-Identifier: Apache-2.0
// Like a JIT: functions of random lengths are made, called, and made anew in 64 places of four pages, beside data that is
// written all the time. Each call must come to what was made last there.
// expect: x1=0 x2=3000
    .include "test.inc"
    begin
    .include "code.inc"
    .set CODE, 0x40b00000
    .set NOP, 0xd503201f
    ldr x20, =CODE
    ldr x19, =0x123456789abcdef
    mov x1, #0
    mov x2, #0
    // All places return 0 at first. A place has 256 bytes; the last word is the value that its function returns.
    mov x3, #0
1:  add x4, x20, x3, lsl #8
    ldr x5, =0xd65f03c0d280000a
    str x5, [x4]
    str xzr, [x4, #248]
    publish x4
    add x3, x3, #1
    cmp x3, #64
    b.ne 1b

    .macro random
    eor x19, x19, x19, lsl #13
    eor x19, x19, x19, lsr #7
    eor x19, x19, x19, lsl #17
    .endm
    .macro call_place index
    add x4, x20, \index, lsl #8
    mov x10, #-1
    blr x4
    ldr x5, [x4, #248]
    cmp x10, x5
    cinc x1, x1, ne
    .endm
loop:
    random
    and x3, x19, #63
    call_place x3
    ubfx x3, x19, #8, #6
    call_place x3
    ubfx x3, x19, #16, #6       // a new function: so many nops, movz x10, ret
    ubfx x6, x19, #24, #5
    ubfx x7, x19, #32, #16
    add x4, x20, x3, lsl #8
    ldr w8, =NOP
    mov x9, x4
2:  cbz x6, 3f
    str w8, [x9], #4
    sub x6, x6, #1
    b 2b
3:  mov w5, #10
    movk w5, #0xd280, lsl #16
    orr w5, w5, w7, lsl #5
    ldr w8, =0xd65f03c0
    stp w5, w8, [x9]
    str x7, [x4, #248]
    publish x4
    add x9, x4, #64
    publish x9
    add x9, x4, #128
    publish x9
    call_place x3
    add x2, x2, #1
    ldr x5, =3000
    cmp x2, x5
    b.ne loop
    finish
