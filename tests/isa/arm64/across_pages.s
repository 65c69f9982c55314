// SPDX-License-Identifier: Apache-2.0
// Accesses across two pages, again and again, so that the TLB has both: what they load and store, and that they see it
// when the second page is mapped elsewhere, may not be written, or is gone.
// expect: x1=0x2222222211111111 x2=0 x3=0xaaaabbbb x4=0xccccdddd x5=0x33333333aaaabbbb x6=0 x7=0x9600004f x8=0x80001000
// expect: x11=0xaaaabbbb x12=0x33333333aaaabbbb x13=0x96000007 x14=0x80001000
    .include "test.inc"
    begin
    .include "vectors.inc"
    .include "mmu.inc"
    .set L1, 0x40a00000
    .set L2, 0x40a01000
    .set L3, 0x40a02000
    .macro word address, value
    ldr x9, =\address
    ldr w10, =\value
    str w10, [x9]
    .endm
    .macro second_page descriptor
    entry L3, 1, \descriptor, 0
    dsb ish
    ldr x22, =(0x80001000 >> 12)
    tlbi vae1is, x22
    dsb ish
    isb
    .endm
    use_vectors
    word 0x40b00ffc, 0x11111111
    word 0x40b10000, 0x22222222
    word 0x40b20000, 0x33333333
    entry L1, 0, 0, BLOCK | DEVICE
    entry L1, 1, 0x40000000, BLOCK | NORMAL
    entry L1, 2, L2, TABLE
    entry L2, 0, L3, TABLE
    entry L3, 0, 0x40b00000, PAGE | NORMAL
    entry L3, 1, 0x40b10000, PAGE | NORMAL
    mmu_on 25 | (1 << 32), L1
    ldr x20, =0x80000ffc

    mov x21, #3
    mov x2, #0
1:  ldr x1, [x20]
    ldr x22, [x20]
    eor x22, x22, x1
    orr x2, x2, x22
    sub x21, x21, #1
    cbnz x21, 1b

    ldr x23, =0x1234567812345678
    ldr x24, =0xccccddddaaaabbbb
    str x23, [x20]
    str x23, [x20]
    str x24, [x20]
    ldr x25, =0x40b00ffc
    ldr w3, [x25]
    ldr x25, =0x40b10000
    ldr w4, [x25]

    second_page 0x40b20000 | PAGE | NORMAL
    ldr x5, [x20]
    ldr x6, [x20]
    eor x6, x6, x5

    str x5, [x20]
    second_page 0x40b20000 | PAGE | NORMAL | READ_ONLY
    mov x28, #0
    str x23, [x20]
    mov x7, x28
    mov x8, x27
    ldr x25, =0x40b00ffc
    ldr w11, [x25]
    ldr x12, [x20]

    second_page 0
    mov x28, #0
    ldr x26, [x20]
    mov x13, x28
    mov x14, x27
    b done
    abort_handlers
    vectors
done:
    mov x9, #0
    finish
