// SPDX-License-Identifier: Apache-2.0
// A loop without calls is interrupted: its back edge looks for interrupts.
// expect: x1=1
    .include "test.inc"
    begin
    .include "vectors.inc"
    use_vectors
    mov x1, #0
    mrs x21, cntfrq_el0
    mov x22, #500
    udiv x23, x21, x22          // 2 ms
    msr cntv_tval_el0, x23
    mov x25, #1
    msr cntv_ctl_el0, x25
    msr daifclr, #2
1:  cbz x1, 1b
    b done
from_el1:
    msr cntv_ctl_el0, xzr
    mov x1, #1
    isb
    eret
from_el0:
    b unexpected
    vectors
done:
    finish
