// SPDX-License-Identifier: Apache-2.0
// Writes without end.
#include "common.inc"
    .globl _start
_start:
    put 'x'
    put '\n'
    b _start
