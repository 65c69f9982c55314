// SPDX-License-Identifier: Apache-2.0
// Every general register through a context switch to memory and back, as a kernel does it.
// expect: x1=101 x10=110 x18=118 x19=119 x28=128 x29=129 x30=130 v8=108 v31=131
    .include "test.inc"
    begin
    .irp n, 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30
    mov x\n, #(100 + \n)
    fmov d\n, x\n
    .endr
    ldr x0, =0x40800000
    .irp n, 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30
    str x\n, [x0, #(8 * \n)]
    mov x\n, #0
    .endr
    mov x1, #131
    fmov d31, x1
    .irp n, 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30
    ldr x\n, [x0, #(8 * \n)]
    .endr
    finish
