// SPDX-License-Identifier: Apache-2.0
// CNTVCT_EL0 and CNTPCT_EL0 are one counter that never goes back, also as a timer's interrupt finds it, and at EL0 is
// trapped unless CNTKCTL_EL1 says otherwise.
// expect: x1=0 x2=1 x3=1 x4=0x6234fac1 x5=1
    .include "test.inc"
    begin
    .include "vectors.inc"
    use_vectors
    mov x1, #0
    mov x5, #1
    mov x25, #1
    mrs x20, cntvct_el0
    mov x21, #0x2000
1:  mrs x22, cntpct_el0
    cmp x22, x20
    cinc x1, x1, lo
    mrs x20, cntvct_el0
    cmp x20, x22
    cinc x1, x1, lo
    sub x21, x21, #1
    cbnz x21, 1b

    mov x21, #5                 // interrupts, each 0.2 ms after the one before
    mrs x24, cntfrq_el0
    mov x23, #5000
    udiv x24, x24, x23
2:  isb
    mrs x23, cntvct_el0
    add x23, x23, x24
    msr cntv_cval_el0, x23
    msr cntv_ctl_el0, x25
    msr daifclr, #2
3:  cbnz x25, 3b
    msr daifset, #2
    mov x25, #1
    sub x21, x21, #1
    cbnz x21, 2b

    msr cntkctl_el1, xzr
    adr x27, user
    msr elr_el1, x27
    msr spsr_el1, xzr
    mov x21, #1                 // what is to come is from EL0
    eret
user:
    mrs x22, cntvct_el0         // trapped at first
    isb
    mrs x23, cntvct_el0
    cmp x22, x20
    cset x2, hs
    cmp x23, x22
    cset x3, hs
    svc #0
from_el1:                       // the timer
    mrs x28, cntvct_el0
    cmp x28, x23
    csel x5, x5, xzr, hs
    msr cntv_ctl_el0, xzr
    mov x25, #0
    isb
    eret
from_el0:
    cbz x21, done
    mov x21, #0
    mrs x4, esr_el1
    mov x28, #2
    msr cntkctl_el1, x28
    eret
    vectors
done:
    finish
