// SPDX-License-Identifier: Apache-2.0
// WFET and WFIT come back by the counter's time at the latest, WFE by the event stream's, all with nothing else to wake
// them; SEVL's event is enough for WFE (D1.6).
// expect: x1=0x1111
    .include "test.inc"
    begin
    mov x1, #0
    mrs x3, cntfrq_el0
    mov x4, #500
    udiv x3, x3, x4             // 2 ms
    mrs x2, cntvct_el0
    add x2, x2, x3
1:  .inst 0xd5031002            // wfet x2
    isb
    mrs x5, cntvct_el0
    cmp x5, x2
    b.lo 1b
    add x1, x1, #1
    add x2, x5, x3
2:  .inst 0xd5031022            // wfit x2
    isb
    mrs x5, cntvct_el0
    cmp x5, x2
    b.lo 2b
    add x1, x1, #0x10
    mov x6, #(15 << 4 | 1 << 2) // bit 15 of the counter
    msr cntkctl_el1, x6
    isb
    wfe
    wfe
    wfe
    add x1, x1, #0x100
    msr cntkctl_el1, xzr
    isb
    sevl
    wfe
    add x1, x1, #0x1000
    finish
