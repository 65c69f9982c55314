// SPDX-License-Identifier: Apache-2.0
// Sizes, sign extension, write-back, pairs, literals, and accesses that cross a page.
// expect: x1=0xfffffffffffffff8 x2=0x7f8 x3=0xfffff7f8 x4=0x123456789abcdef0 x5=0x40800ff8 x6=0x9abcdef0
// expect: x7=0x12345678 x8=0x40801008 x9=0x56789abcdef01234 x10=0x5566 x11=0x77
    .include "test.inc"
    begin
    .include "vectors.inc"
    .include "mmu.inc"
    .set L1, 0x40a00000
    entry L1, 0, 0, BLOCK | DEVICE
    entry L1, 1, 0x40000000, BLOCK | NORMAL
    mmu_on 25 | (1 << 32), L1   // without it memory is Device, and misaligned accesses fault
    ldr x20, =0x40800ff8
    ldr x21, =0x123456789abcdef0
    mov w22, #0xf7f8
    strh w22, [x20, #8]
    ldrsb x1, [x20, #8]
    ldrh w2, [x20, #8]
    and x2, x2, #0xfff
    ldrsh w3, [x20, #8]
    sub x5, x20, #16
    str x21, [x5, #16]!
    ldr x4, [x5]
    ldp w6, w7, [x20]
    mov x8, x20
    stp x21, x21, [x8], #16
    ldr x9, [x20, #6]           // crosses the page
    mov x23, #0x5566
    stur x23, [x20, #5]
    ldrh w10, [x20, #5]
    ldr w11, literal
    b 1f
literal:
    .word 0x77
1:
    finish
