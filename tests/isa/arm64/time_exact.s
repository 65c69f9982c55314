// SPDX-License-Identifier: Apache-2.0
// Timer interrupts, at ever other distances, of code with all that ends or leaves regions. Where they come, and what the
// counter and a device say when, goes into x2 and x3: where time is counted in instructions it is the same on every
// engine.
// expect: x19=1
    .include "test.inc"
    .macro mix into, value
    eor \into, \into, \value
    mul \into, \into, x4
    ror \into, \into, #23
    .endm
    .macro vector target
    b \target
    .balign 128
    .endm
    begin
    adr x0, table
    msr vbar_el1, x0
    isb
    mov x1, #0                  // interrupts
    mov x2, #0
    mov x3, #0
    ldr x4, =0x9e3779b97f4a7c15
    ldr x5, =0x30000000         // nothing is there
    ldr x6, =EXIT
    ldr x7, =0x40d00000
    mov x8, #0                  // system calls and aborts
    mov x9, #16                 // x18: what two reads of the counter are apart
    mov x18, #0
0:  mrs x10, cntvct_el0
    mrs x11, cntvct_el0
    sub x11, x11, x10
    add x18, x18, x11
    subs x9, x9, #1
    b.ne 0b
    lsr x18, x18, #4
    mrs x20, cntvct_el0
    add x20, x20, #100
    msr cntv_cval_el0, x20
    mov x21, #1
    msr cntv_ctl_el0, x21
    msr daifclr, #2
again:
    mov x9, #5
1:  add x10, x10, x9
    bl function
    subs x9, x9, #1
    b.ne 1b
    ldr x11, [x6, #8]           // the time, in the middle of what could be a region
    mix x3, x11
    ldp x11, x12, [x6, #16]
    mix x3, x12
    svc #0
    ldr x11, [x5]
    add x10, x10, #1
    str x10, [x7]
    str x11, [x7, #8]!
    ldr x12, [x7], #-8
    ldrb w13, [x6, #4]
    add x10, x10, x13
2:  ldxr x13, [x7]
    add x13, x13, #1
    stxr w14, x13, [x7]
    cbnz w14, 2b
    mrs x13, cntvct_el0
    mix x3, x13
    mrs x13, cntv_tval_el0
    mix x3, x13
    msr daifset, #2
    add x10, x10, #3
    add x10, x10, #5
    msr daifclr, #2
    adr x15, after
    br x15
after:
    tst x1, #7
    b.ne 3f
    wfi
3:  cmp x1, #300
    b.lo again
    mov x19, #1
    msr cntv_ctl_el0, xzr
    b done
function:
    eor x10, x10, x30
    ret
interrupt:
    mrs x16, elr_el1
    mix x2, x16
    mrs x16, cntvct_el0
    mix x2, x16
    add x1, x1, #1
    cmp x1, #300                // on a slow host the next may come before anything else has been done
    b.hs 5f
    and x17, x2, #127           // at once, or after up to so many instructions
    madd x16, x17, x18, x16
    msr cntv_cval_el0, x16
    eret
5:  msr cntv_ctl_el0, xzr
    eret
synchronous:
    add x8, x8, #1
    mrs x16, esr_el1
    lsr x16, x16, #26
    cmp x16, #0x15              // SVC
    b.eq 4f
    mrs x16, elr_el1
    add x16, x16, #4
    msr elr_el1, x16
4:  eret
    .balign 2048
table:
    .rept 4
    vector unexpected
    .endr
    vector synchronous
    vector interrupt
    .rept 10
    vector unexpected
    .endr
done:
    finish
