// SPDX-License-Identifier: Apache-2.0
// A breakpoint at EL1 is taken where PSTATE.D is clear, and no more from the instruction after MSR DAIFSet on.
// expect: x1=2 x2=0 x3=1 x4=1 x5=2
    .include "test.inc"
    begin
    .include "vectors.inc"
    use_vectors
    mov x1, #0
    msr daifset, #15
    msr oslar_el1, xzr
    mov x20, #(1 << 15 | 1 << 13)   // MDE, KDE
    msr mdscr_el1, x20
    adr x21, subject
    msr dbgbvr0_el1, x21
    mov x22, #(0xf << 5 | 1 << 1 | 1)
    msr dbgbcr0_el1, x22
    isb
    bl subject                  // masked
    mov x2, x1
    msr daifclr, #8
    bl subject
    mov x3, x1
    msr daifclr, #8
    nop
    msr daifset, #8
subject:
    nop
    cbz x20, 1f
    cbz x3, 2f
    mov x4, x1
    mov x20, #0
    msr daif, x20
    bl subject
1:  mov x5, x1
    b done
2:  ret
from_el1:
    add x1, x1, #1
    mrs x29, spsr_el1
    orr x29, x29, #(1 << 9)     // D, or it is taken again
    msr spsr_el1, x29
    eret
from_el0:
    b unexpected
    vectors
done:
    msr mdscr_el1, xzr
    finish
