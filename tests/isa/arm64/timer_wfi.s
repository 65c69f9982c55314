// SPDX-License-Identifier: Apache-2.0
// The virtual timer fires, WFI wakes, and the interrupt is taken when it is unmasked: VBAR + 280.
// expect: x1=1 x2=1 x3=0 x4=5
    .include "test.inc"
    begin
    .include "vectors.inc"
    use_vectors
    mov x1, #0
    mrs x20, cntvct_el0
    mrs x21, cntfrq_el0
    mov x22, #200
    udiv x23, x21, x22          // 5 ms
    add x24, x20, x23
    msr cntv_cval_el0, x24
    mov x25, #1
    msr cntv_ctl_el0, x25
    isb
1:  wfi
    mrs x26, cntvct_el0
    cmp x26, x24
    b.lo 1b
    cset x2, hs                 // not before its time
    mov x3, x1                  // masked until now
    msr daifclr, #2
    isb
    mrs x4, cntv_ctl_el0        // the handler has set IMASK: ENABLE, ISTATUS, IMASK
    and x4, x4, #7
    sub x4, x4, #2
    b done
from_el1:
    add x1, x1, #1
    mov x27, #3
    msr cntv_ctl_el0, x27
    isb
    eret
from_el0:
    b unexpected
    vectors
done:
    finish
