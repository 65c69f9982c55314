// SPDX-License-Identifier: Apache-2.0
// Leaves translated code, a changed mode and a running timer behind each time.
#include "common.inc"
    .globl _start
_start:
    enable_fp
    mov x1, #1000
1:  fadd d0, d0, d1
    subs x1, x1, #1
    b.ne 1b
    mov x0, #5 << 24
    msr fpcr, x0
    mov x0, #100
    msr cntv_tval_el0, x0
    mov x0, #1
    msr cntv_ctl_el0, x0
    put 'r'
    reset
