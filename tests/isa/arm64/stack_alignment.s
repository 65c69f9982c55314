// SPDX-License-Identifier: Apache-2.0
// SCTLR_EL1.SA: an access off a misaligned SP is EC 26; without it the access is done.
// expect: x1=0x9a000000 x2=0x77 x3=8
    .include "test.inc"
    begin
    .include "vectors.inc"
    use_vectors
    mov x20, #0x77
    mov x26, sp
    sub x21, x26, #24
    mov sp, x21
    mrs x22, sctlr_el1
    bic x23, x22, #8
    msr sctlr_el1, x23
    isb
    str x20, [sp]
    ldr x2, [sp]
    orr x23, x23, #8
    msr sctlr_el1, x23
    isb
    mov x20, #0
    str x20, [sp]
    mov x1, x28
    ldr x3, [x21]               // still there
    sub x3, x3, #0x6f
    mov sp, x26
    b done
from_el1:
    mrs x28, esr_el1
    next_instruction
    eret
from_el0:
    b unexpected
    vectors
done:
    finish
