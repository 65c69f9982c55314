// SPDX-License-Identifier: Apache-2.0
// Code writes the very instruction that comes next, and those around itself in the same line; a branch is changed as the
// architecture allows without telling anyone (ARM ARM B2.2.5), and leads to the new place once told.
// expect: x1=820 x2=40 x3=40 x4=0
    .include "test.inc"
    begin
    .include "code.inc"
    mov x1, #0
    mov x2, #0
    adr x20, next
    .balign 64
1:  add x2, x2, #1
    word_of_mov w21, 0
    orr w21, w21, w2, lsl #5
    str w21, [x20]
    dc cvau, x20
    dsb ish
    ic ivau, x20
    dsb ish
    isb
next:
    mov x10, #0
    add x1, x1, x10
    cmp x2, #40
    b.ne 1b

    // b one <-> b two
    mov x3, #0
    mov x4, #0
    adr x20, patched
    ldr w22, =0x14000002        // b two
    ldr w23, =0x14000004        // b three
    mov x24, #0
2:  tst x24, #1
    csel w21, w22, w23, eq
    str w21, [x20]
    mov x11, #0
    bl patched                  // either way
    cmp x11, #0
    cinc x4, x4, eq
    publish x20
    mov x11, #0
    bl patched
    and x12, x24, #1
    add x12, x12, #2
    cmp x11, x12
    cinc x3, x3, eq
    add x24, x24, #1
    cmp x24, #40
    b.ne 2b
    b done
patched:
    b two
    nop
two:
    mov x11, #2
    ret
    mov x11, #3
    ret
done:
    finish
