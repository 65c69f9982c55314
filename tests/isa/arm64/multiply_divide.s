// SPDX-License-Identifier: Apache-2.0
// Multiplication and division: high halves, division by zero (0) and the one that overflows.
// expect: x1=23 x2=0xfffffffffffffffe x3=0xffffffffffffffff x4=1 x5=0 x6=0x8000000000000000
// expect: x7=0xfffffffffffffffd x8=0xfffffffffffffffa x9=0x80000000 x10=0x3fffffff00000001
    .include "test.inc"
    begin
    mov x20, #4
    mov x21, #5
    mov x22, #3
    madd x1, x20, x21, x22
    mov x23, #-1
    mov x24, #2
    umulh x2, x23, x23
    smulh x3, x23, x24
    smulh x4, x23, x23
    add x4, x4, #1
    udiv x5, x20, xzr
    mov x25, #0x8000000000000000
    sdiv x6, x25, x23
    mov x26, #-7
    sdiv x7, x26, x24
    mov w27, #-2
    smull x8, w27, w22
    mov w28, #0x80000000
    sdiv w9, w28, w23
    mov w19, #0x7fffffff
    umull x10, w19, w19
    finish
