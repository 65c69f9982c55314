// SPDX-License-Identifier: Apache-2.0
// Exclusive pairs succeed once, and fail after CLREX and without a load.
// expect: x1=5 x2=0 x3=6 x4=1 x5=1 x6=0 x7=0x55 x8=0x66
    .include "test.inc"
    begin
    ldr x20, =0x40800000
    mov x21, #5
    str x21, [x20]
    ldxr x1, [x20]
    add x22, x1, #1
    stxr w2, x22, [x20]
    ldr x3, [x20]
    stxr w4, x21, [x20]         // no load before it
    ldaxr x23, [x20]
    clrex
    stlxr w5, x21, [x20]
    ldxp x23, x24, [x20]
    mov x25, #0x55
    mov x26, #0x66
    stxp w6, x25, x26, [x20]
    ldp x7, x8, [x20]
    finish
