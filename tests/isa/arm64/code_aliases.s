// SPDX-License-Identifier: Apache-2.0
// Code is executed through one virtual page and written through another of the same physical page, by EL1's stores and by
// unprivileged ones; then the page is executed through both.
// expect: x1=0 x2=64
    .include "test.inc"
    begin
    .include "vectors.inc"
    .include "mmu.inc"
    .include "code.inc"
    .set L1, 0x40a00000
    .set L2, 0x40a01000
    .set L3, 0x40a02000
    .set CODE, 0x40b00000
    .set FIRST, 0x80000000
    .set SECOND, 0x80003000
    .set USERS, 0x80005000
    use_vectors
    entry L1, 0, 0, BLOCK | DEVICE
    entry L1, 1, 0x40000000, BLOCK | NORMAL
    entry L1, 2, L2, TABLE
    entry L2, 0, L3, TABLE
    entry L3, 0, CODE, PAGE | NORMAL
    entry L3, 3, CODE, PAGE | NORMAL | NG
    entry L3, 5, CODE, PAGE | NORMAL | NG | USER
    mmu_on 25 | (1 << 32), L1
    ldr x20, =FIRST
    ldr x22, =SECOND
    ldr x23, =USERS
    ldr w21, =0xd65f03c0        // ret
    str w21, [x20, #0x804]
    str w21, [x22, #0x804]
    sttr w21, [x23, #0]         // its pages are in TLBs and slots before any code is
    add x23, x23, #0x800
    sttr w21, [x23]
    mov x1, #0
    mov x2, #0

    // \store stores w21 to the code
    .macro attempt store:vararg
    add x2, x2, #1
    word_of_mov w21, 0
    orr w21, w21, w2, lsl #5
    \store
    add x24, x20, #0x800
    publish x24
    add x24, x20, #0x800
    blr x24
    sub x10, x10, x2
    orr x1, x1, x10
    add x24, x22, #0x800
    blr x24
    sub x10, x10, x2
    orr x1, x1, x10
    .endm
1:  attempt str w21, [x22, #0x800]
    attempt sttr w21, [x23]
    attempt str w21, [x20, #0x800]
    attempt strh w21, [x22, #0x800]
    cmp x2, #64
    b.ne 1b
    b done
    abort_handlers
    vectors
done:
    finish
