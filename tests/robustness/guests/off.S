// SPDX-License-Identifier: Apache-2.0
#include "common.inc"
    .globl _start
_start:
    put 'o'
    switch_off
