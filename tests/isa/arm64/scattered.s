// SPDX-License-Identifier: Apache-2.0
// Loads and stores off one register that walk over 64 pages in an order without pattern, long enough for the translator to
// try and judge the loop that they are in, and beside them accesses that stay on a page. x1 mixes all that was loaded.
// expect: x1=0x62ebdb929bd87a1d x2=0x1d4c0
    .include "test.inc"
    begin
    .include "mmu.inc"
    .set L1, 0x40a00000
    .set DATA, 0x40b00000
    entry L1, 0, 0, BLOCK | DEVICE
    entry L1, 1, 0x40000000, BLOCK | NORMAL
    mmu_on 25 | (1 << 32), L1
    ldr x20, =DATA
    ldr x21, =STACK - 0x1000
    ldr x22, =0x5851f42d4c957f2d
    mov x1, #0
    mov x2, #0
    mov x3, #1
    str xzr, [x21]
    mov x9, #20000
1:  mul x3, x3, x22
    add x3, x3, #11
    ubfx x4, x3, #40, #6
    add x5, x20, x4, lsl #12
    ldr x6, [x5, #8]
    add x6, x6, x3
    str x6, [x5, #8]
    ldp w7, w8, [x5, #8]
    ror x1, x1, #7
    add x1, x6, x1
    eor x1, x1, x7
    add x1, x1, x8
    ldr x10, [x21]
    add x10, x10, #6
    str x10, [x21]
    subs x9, x9, #1
    b.ne 1b
    ldr x2, [x21]
    finish
