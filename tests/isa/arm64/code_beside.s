// SPDX-License-Identifier: Apache-2.0
// Stores into a page of code, by turns beside the code and onto it: each call executes what was stored last. Then the page
// is made read-only, moved, and moved back: stores beside the code fault, go to the new page, and to the old one.
// expect: x1=0 x2=64 x3=2080 x4=0x9600004f x5=64 x6=0x1234 x7=64 x8=0x5678
    .include "test.inc"
    begin
    .include "vectors.inc"
    .include "mmu.inc"
    .include "code.inc"
    .set L1, 0x40a00000
    .set L2, 0x40a01000
    .set L3, 0x40a02000
    .set CODE, 0x40b00000
    .set OTHER, 0x40b01000
    .set FIRST, 0x80000000
    .set BESIDE, 0xc00
    use_vectors
    entry L1, 0, 0, BLOCK | DEVICE
    entry L1, 1, 0x40000000, BLOCK | NORMAL
    entry L1, 2, L2, TABLE
    entry L2, 0, L3, TABLE
    entry L3, 0, CODE, PAGE | NORMAL
    mmu_on 25 | (1 << 32), L1
    ldr x20, =FIRST
    add x24, x20, #0x800
    add x25, x20, #BESIDE
    ldr w21, =0xd65f03c0        // ret
    str w21, [x24, #4]
    mov x1, #0
    mov x2, #0
    mov x3, #0

1:  add x2, x2, #1
    word_of_mov w21, 0
    orr w21, w21, w2, lsl #5
    str w21, [x24]
    publish x24
    blr x24
    sub x10, x10, x2
    orr x1, x1, x10
    mov x22, #3                 // beside the code
2:  str x2, [x25]
    strb w2, [x25, #8]
    stp x2, x2, [x25, #16]
    subs x22, x22, #1
    b.ne 2b
    blr x24
    sub x10, x10, x2
    orr x1, x1, x10
    ldr x23, [x25, #24]
    add x3, x3, x23
    cmp x2, #64
    b.ne 1b

    .macro map attributes:vararg
    entry L3, 0, \attributes
    dsb ish
    lsr x22, x20, #12
    tlbi vae1is, x22
    dsb ish
    isb
    .endm
    mov x28, #0
    map CODE, PAGE | NORMAL | READ_ONLY
    mov x21, #0x1234
    str x21, [x25]
    mov x4, x28
    ldr x5, [x25]
    map OTHER, PAGE | NORMAL
    str x21, [x25]
    ldr x6, [x25]
    map CODE, PAGE | NORMAL
    ldr x7, [x25]
    mov x21, #0x5678
    str x21, [x25]
    ldr x22, =CODE + BESIDE
    ldr x8, [x22]
    b done
    abort_handlers
    vectors
done:
    finish
