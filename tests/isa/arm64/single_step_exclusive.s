// SPDX-License-Identifier: Apache-2.0
// A step exception's EX says that a load-exclusive was stepped, and ISV that anything was (D2.12.6).
// expect: x1=0xcb000062 x2=0xca000022 x3=4 x4=4
    .include "test.inc"
    begin
    .include "vectors.inc"
    use_vectors
    msr oslar_el1, xzr
    mov x1, #0
    mov x26, sp
    adr x20, user
    msr elr_el1, x20
    mov x21, #(1 << 21)
    msr spsr_el1, x21
    mov x22, #1
    msr mdscr_el1, x22
    isb
    eret
user:
    ldxr x5, [x26]
    mov x4, #99                 // never executed
from_el0:
    cbnz x1, 1f
    mrs x1, esr_el1
    mrs x3, elr_el1
    sub x3, x3, x20
    eret                        // with SPSR.SS clear: at once again
1:  mrs x2, esr_el1
    mrs x4, elr_el1
    sub x4, x4, x20
    msr mdscr_el1, xzr
    isb
    b done
from_el1:
    b unexpected
    vectors
done:
    finish
