// SPDX-License-Identifier: Apache-2.0
// Flags live across loads, stores, calls and branches that do not set them.
// expect: x1=6 x2=9 x3=8 nzcv=9
    .include "test.inc"
    begin
    .macro flags into
    mrs \into, nzcv
    lsr \into, \into, #28
    .endm

    ldr x20, =0x40800000
    cmp x20, x20
    str x20, [x20]
    ldr x21, [x20]
    bl 1f
    flags x1
    mov x22, #0x7fffffffffffffff
    adds x23, x22, x22          // N V
    mul x24, x22, x22
    udiv x25, x22, x20
    clz x26, x22
    flags x2
    b 2f
1:  add x27, x20, #1
    ret
2:  mov x3, #0
    cmn x22, x22
    b.vc 3f
    b.pl 3f
    mov x3, #8
3:
    finish
