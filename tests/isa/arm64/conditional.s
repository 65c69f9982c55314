// SPDX-License-Identifier: Apache-2.0
// Conditional select, increment, negate and compare, with conditions that hold and that do not.
// expect: x1=1 x2=3 x3=0xfffffffffffffffd x4=0xfffffffffffffffc x5=0 x6=10 x7=2 x8=1 x9=0 x10=1
    .include "test.inc"
    begin
    .macro flags into
    mrs \into, nzcv
    lsr \into, \into, #28
    .endm

    mov x20, #1
    mov x21, #2
    cmp x20, x21                // lt, cc
    csel x1, x20, x21, lt
    csinc x2, x20, x21, gt
    csinv x3, x20, x21, ge
    mov x22, #4
    csneg x4, x20, x22, hi
    cset x5, eq
    ccmp x20, #1, #10, eq       // does not hold: nzcv = 10
    flags x6
    cmp x20, x21
    ccmn x20, #1, #0, lt        // 1 + 1: nothing set
    flags x7
    add x7, x7, #2
    cmp x20, x20
    cset x8, ls
    cset x9, mi
    csel x10, x20, x21, al
    finish
