// SPDX-License-Identifier: Apache-2.0
// Breakpoints that match CONTEXTIDR_EL1 alone, at whatever address (D2.8): each instruction of the context is one's
// first. Only breakpoints 4 and 5 are context-aware. A linked context matches where another breakpoint names it, and
// only there. x1: ESR; x2, x3: offsets of two exceptions' ELRs; x4: instructions that ran unmatched; x5: the
// context matches at once again; x6: offset of the match at a linked address.
// expect: x1=0xc2000022 x2=0 x3=4 x4=0x1111 x5=1 x6=12
    .include "test.inc"
    begin
    .include "vectors.inc"
    use_vectors
    msr oslar_el1, xzr
    mov x0, #(1 << 15)          // MDE
    msr mdscr_el1, x0
    mov x4, #0
    mov x5, #0
    adr x20, user
    mov x0, #0x1234
    msr dbgbvr5_el1, x0
    msr dbgbvr3_el1, x0
    ldr x21, =0x2001e5          // BT 0b0010, EL0, enabled
    msr dbgbcr3_el1, x21        // not context-aware: never matches
    msr dbgbcr5_el1, x21
    mov x0, #0x9999
    msr contextidr_el1, x0      // another context: nothing matches
    isb
    bl run
    orr x4, x4, x26
    mov x0, #0x1234
    msr contextidr_el1, x0
    isb
    bl run                      // the first instruction
    mov x1, x28
    mov x2, x27
    add x19, x20, #4
    bl run_from                 // and any other
    mov x3, x27
    ldr x0, =0x3001e5           // BT 0b0011: only for others to name
    msr dbgbcr5_el1, x0
    isb
    bl run
    orr x4, x4, x26, lsl #4
    add x0, x20, #12
    msr dbgbvr0_el1, x0
    ldr x0, =0x1501e5           // BT 0b0001, LBN 5
    msr dbgbcr0_el1, x0
    isb
    bl run                      // at the address, in the context
    mov x6, x27
    mov x0, #0x1235
    msr contextidr_el1, x0
    isb
    bl run                      // not in another
    orr x4, x4, x26, lsl #8
    mov x0, #0x1234
    msr contextidr_el1, x0
    msr dbgbcr5_el1, xzr        // nor when what is named is off
    isb
    bl run
    orr x4, x4, x26, lsl #12
    msr dbgbcr5_el1, x21        // or not linked: it matches by itself
    msr dbgbcr0_el1, xzr
    isb
    bl run
    cbnz x27, 2f
    add x5, x5, #1
2:  msr dbgbcr5_el1, xzr
    b done

run:
    mov x19, x20
run_from:
    mov x26, #0
    mov x27, #-1
    msr elr_el1, x19
    msr spsr_el1, xzr
    eret
user:
    nop
    nop
    nop
    nop
    mov x26, #1
    svc #0
from_el0:
    mrs x28, esr_el1
    mrs x27, elr_el1
    sub x27, x27, x20
    ret
from_el1:
    b unexpected
    vectors
done:
    finish
