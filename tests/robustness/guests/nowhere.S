// SPDX-License-Identifier: Apache-2.0
// Jumps to where nothing is, with the vectors there too: an endless chain of exceptions.
#include "common.inc"
    .globl _start
_start:
    put 'n'
    mov x0, #NOWHERE
    msr vbar_el1, x0
    isb
    br x0
