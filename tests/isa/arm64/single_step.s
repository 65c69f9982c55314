// SPDX-License-Identifier: Apache-2.0
// MDSCR_EL1.SS: each return with SPSR.SS set runs one instruction, and the step exception comes before the next (D2.12).
// expect: x1=3 x2=0xcb000022 x3=12 x4=3 x5=0x77
    .include "test.inc"
    begin
    .include "vectors.inc"
    use_vectors
    msr oslar_el1, xzr
    mov x1, #0
    mov x4, #0
    adr x20, user
    msr elr_el1, x20
    mov x21, #(1 << 21)
    msr spsr_el1, x21
    mov x22, #1
    msr mdscr_el1, x22
    isb
    eret
user:
    add x4, x4, #1
    add x4, x4, #1
    add x4, x4, #1
    mov x4, #99                 // never executed
from_el0:
    add x1, x1, #1
    mrs x2, esr_el1
    mrs x3, elr_el1
    sub x3, x3, x20
    cmp x1, #3
    b.eq 1f
    mrs x23, spsr_el1
    orr x23, x23, #(1 << 21)
    msr spsr_el1, x23
    eret
1:  msr mdscr_el1, xzr
    isb
    mov x5, #0x77
    b done
from_el1:
    b unexpected
    vectors
done:
    finish
