// SPDX-License-Identifier: Apache-2.0
// An interrupt that waits behind PSTATE.I is taken right after the instruction that lets it through: MSR DAIFClr, MSR
// DAIF, and one that also changes PSTATE.D. What leaves it masked does nothing.
// expect: x1=4 x2=0 x3=0 x4=0 x5=0 x6=0 x7=0x300 x8=0x40
    .include "test.inc"
    begin
    .include "vectors.inc"
    use_vectors
    mov x1, #0
    msr daifset, #15
    .macro wait_for_timer
    mov x25, #1
    msr cntv_tval_el0, xzr
    msr cntv_ctl_el0, x25
    isb
    wfi
    .endm
    // Its return address is that of the next instruction: x28 has it less what is expected.
    .macro taken_before, label, difference
    adr x27, \label
    sub \difference, x28, x27
    .endm

    wait_for_timer
    msr daifclr, #13            // all but I
    mov x2, x1                  // not yet
    msr daifset, #13
    msr daifclr, #2
1:  nop
    taken_before 1b, x3

    msr daifset, #15
    wait_for_timer
    mov x26, #0x340             // D, A, F
    msr daif, x26
2:  nop
    taken_before 2b, x4

    msr daifset, #15
    wait_for_timer
    msr daif, xzr
3:  nop
    taken_before 3b, x5

    msr daifset, #15
    wait_for_timer
    msr daifclr, #15
4:  nop
    taken_before 4b, x6

    mov x26, #0x3c0
    msr daif, x26
    msr daifclr, #3
    mrs x7, daif
    mov x26, #~0x380
    msr daif, x26
    mrs x8, daif
    b done
from_el1:
    mrs x28, elr_el1
    add x1, x1, #1
    msr cntv_ctl_el0, xzr
    isb
    eret
from_el0:
    b unexpected
    vectors
done:
    finish
