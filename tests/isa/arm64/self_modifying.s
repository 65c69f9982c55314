// SPDX-License-Identifier: Apache-2.0
// Code is written over, cleaned and invalidated; then the new code runs. Loops do it in their own page.
// expect: x1=1 x2=2 x3=45
    .include "test.inc"
    begin
    .macro publish address
    dc cvau, \address
    dsb ish
    ic ivau, \address
    dsb ish
    isb
    .endm
    bl patched
    mov x1, x10
    adr x20, patched
    ldr w21, =0xd280004a        // mov x10, #2
    str w21, [x20]
    publish x20
    bl patched
    mov x2, x10
    // mov x10, #n for n from 0 to 9
    mov x22, #0
    mov x3, #0
1:  ldr w21, =0xd280000a
    orr w21, w21, w22, lsl #5
    str w21, [x20]
    publish x20
    bl patched
    add x3, x3, x10
    add x22, x22, #1
    cmp x22, #10
    b.ne 1b
    b 2f
patched:
    mov x10, #1
    ret
2:
    finish
