// SPDX-License-Identifier: Apache-2.0
// Loops, tests of bits, calls through registers and returns.
// expect: x1=55 x2=1 x3=2 x4=3 x5=7 x6=0x11 x7=5
    .include "test.inc"
    begin
    mov x20, #10
1:  add x1, x1, x20
    subs x20, x20, #1
    b.ne 1b
    mov x21, #0x100000000
    tbz x21, #32, 2f
    mov x2, #1
2:  tbnz w21, #0, 3f
    mov x3, #2
3:  cbz w21, 4f                 // the low half is zero
    b 5f
4:  mov x4, #3
5:  bl callee
    adr x22, callee
    blr x22
    adr x23, 6f
    br x23
    mov x6, #0
6:  add x6, x6, #0x11
    cbnz x21, 7f
    mov x7, #0
7:  add x7, x7, #5
    b 8f
callee:
    add x5, x5, #3
    cmp x5, #4
    cinc x5, x5, gt             // 3, then 7
    ret
8:
    finish
