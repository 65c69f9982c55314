// SPDX-License-Identifier: Apache-2.0
// Read-modify-write of all kinds, compare and swap of one and of two registers.
// expect: x1=10 x2=15 x3=15 x4=0xffffffffffffff80 x5=0x80 x6=3 x7=3 x8=9 x9=9 x10=0x11 x11=0x22 x12=0x33
// expect: x13=0x44 x14=0xff
    .include "test.inc"
    begin
    ldr x20, =0x40800000
    mov x21, #10
    str x21, [x20]
    mov x22, #5
    ldadd x22, x1, [x20]
    ldr x2, [x20]
    mov x23, #-128
    ldsmin x23, x3, [x20]
    ldr x4, [x20]
    mov w24, #0x7f
    ldclrb w24, w5, [x20]       // the byte is 80
    mov x25, #3
    str x25, [x20]
    mov x26, #9
    mov x6, #3
    cas x6, x26, [x20]
    mov x7, x6
    ldr x8, [x20]
    mov x9, #1
    cas x9, x21, [x20]          // not 1: unchanged
    mov x10, #0x11
    mov x11, #0x22
    stp x10, x11, [x20]
    mov x12, #0x33
    mov x13, #0x44
    mov x14, #0x11
    mov x15, #0x22
    mov x10, x14
    mov x11, x15
    caspal x10, x11, x12, x13, [x20]
    ldp x12, x13, [x20]
    mov w27, #0xff
    swpb w27, w28, [x20]
    ldrb w14, [x20]
    finish
