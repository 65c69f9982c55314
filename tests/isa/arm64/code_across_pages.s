// SPDX-License-Identifier: Apache-2.0
// Code runs off one page into the next, whose mapping then changes: what was linked across the boundary must not stay.
// expect: x1=11 x2=21 x3=11 x4=0x86000007
    .include "test.inc"
    begin
    .include "vectors.inc"
    .include "mmu.inc"
    .set L1, 0x40a00000
    .set L2, 0x40a01000
    .set L3, 0x40a02000
    .set FIRST, 0x40b00000
    .set TEN, 0x40b01000
    .set TWENTY, 0x40b02000
    use_vectors
    // The last word of FIRST: add x10, x10, #1; TEN: add x10, x10, #10, ret; TWENTY: add x10, x10, #20, ret.
    ldr w21, =0x9100054a
    ldr x20, =FIRST + 0xffc
    str w21, [x20]
    ldr x21, =0xd65f03c09100294a
    ldr x20, =TEN
    str x21, [x20]
    ldr x21, =0xd65f03c09100514a
    ldr x20, =TWENTY
    str x21, [x20]
    dsb ish
    ic iallu
    dsb ish
    isb
    entry L1, 0, 0, BLOCK | DEVICE
    entry L1, 1, 0x40000000, BLOCK | NORMAL
    entry L1, 2, L2, TABLE
    entry L2, 0, L3, TABLE
    entry L3, 0, FIRST, PAGE | NORMAL
    entry L3, 1, TEN, PAGE | NORMAL
    mmu_on 25 | (1 << 32), L1
    .macro map_second address
    entry L3, 1, \address, PAGE | NORMAL
    dsb ish
    tlbi vmalle1is
    dsb ish
    isb
    .endm
    ldr x20, =0x80000ffc
    .rept 4                     // often enough for links to form
    mov x10, #0
    blr x20
    mov x1, x10
    .endr
    map_second TWENTY
    mov x10, #0
    blr x20
    mov x2, x10
    map_second TEN
    mov x10, #0
    blr x20
    mov x3, x10
    entry L3, 1, 0, 0
    dsb ish
    tlbi vmalle1is
    dsb ish
    isb
    blr x20
    b unexpected
from_el1:
    mrs x4, esr_el1
    b done
from_el0:
    b unexpected
    vectors
done:
    finish
