// SPDX-License-Identifier: Apache-2.0
// Never ends, with all interrupts masked.
#include "common.inc"
    .globl _start
_start:
    put 's'
    msr daifset, #15
1:  b 1b
