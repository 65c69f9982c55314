// SPDX-License-Identifier: Apache-2.0
// Calls, jumps and returns whose targets share one place of the jump cache, in turn: none may lead to another's target.
// expect: x0=600 x1=1200 x2=1800 x3=3600
    .include "test.inc"
    begin
    mov x0, #0
    mov x1, #0
    mov x2, #0
    mov x3, #0
    mov x4, #600
    ldr x5, =first
    ldr x6, =second
    ldr x7, =third
1:  blr x5
    blr x6
    adr x30, 2f
    br x7
2:  subs x4, x4, #1
    b.ne 1b
    b 3f
    // Their addresses' bits 13:2, with bits 25:14 mixed in, are the same.
    .balign 0x10000
first:
    add x0, x0, #1
    add x3, x3, #1
    ret
    .balign 0x4000
    nop
second:
    add x1, x1, #2
    add x3, x3, #2
    ret
    .balign 0x4000
    nop
    nop
third:
    add x2, x2, #3
    add x3, x3, #3
    ret
3:  finish
