// SPDX-License-Identifier: Apache-2.0
// SCTLR_EL1.EE: data is big-endian, in loads, stores, pairs, vectors and atomics; instructions stay little-endian.
// expect: x1=0x8877665544332211 x2=0x8877 x3=0xffffffff88776655 x4=0x88 x5=0x1122334455667789 x6=0x11 x7=0x22
// expect: v0=0x0_8877665544332211 v1=0x8899aabbccddeeff_0011223344556677
    .include "test.inc"
    begin
    ldr x20, =0x40800000
    ldr x21, =0x1122334455667788
    str x21, [x20]
    ldr x22, =0xffeeddccbbaa9988
    ldr x23, =0x7766554433221100
    stp x23, x22, [x20, #16]    // bytes 00, 11 ... ff
    mrs x24, sctlr_el1
    orr x25, x24, #(1 << 25)
    msr sctlr_el1, x25
    isb
    ldr x1, [x20]
    ldrh w2, [x20]
    ldrsw x3, [x20]
    ldrb w4, [x20]
    ldr d0, [x20]
    ldr q1, [x20, #16]
    str x21, [x20, #32]
    mov x26, #1
    add x27, x20, #32
    ldadd x26, x28, [x27]
    ldr x5, [x20, #32]
    ldrb w6, [x20, #32]
    mov x9, #0x22
    mov x10, #0x33
    stp w9, w10, [x20, #40]
    ldrb w7, [x20, #43]
    msr sctlr_el1, x24
    isb
    ext v1.16b, v1.16b, v1.16b, #8
    finish
