// SPDX-License-Identifier: Apache-2.0
// A breakpoint (D2.8) in the middle of straight code, a watchpoint (D2.9) on two bytes of a page that is in use, at EL0;
// x1, x4: ESR; x2: offset of ELR; x5: FAR; x7: the bytes beside the watched ones, which did not match.
// expect: x1=0xc2000022 x2=8 x4=0xd2000062 x5=0x40e00012 x6=0x55 x7=0x5500000066
    .include "test.inc"
    begin
    .include "vectors.inc"
    use_vectors
    msr oslar_el1, xzr
    mov x0, #(1 << 15)          // MDE
    msr mdscr_el1, x0
    adr x20, user
    add x0, x20, #8
    msr dbgbvr0_el1, x0
    mov x0, #0x1e5              // all bytes, EL0, enabled
    msr dbgbcr0_el1, x0
    mov x26, sp
    add x0, x26, #0x10
    msr dbgwvr1_el1, x0
    mov x0, #0x195              // bytes 2 and 3, stores, EL0, enabled
    msr dbgwcr1_el1, x0
    isb
    str xzr, [x26, #0x10]       // EL1's do not match
    mov x6, #0
    msr elr_el1, x20
    msr spsr_el1, xzr
    eret
user:
    mov w8, #0x55
    nop
    mov w6, w8
    mov w9, #0x66
    strh w9, [x26, #0x10]
    strb w8, [x26, #0x14]
    ldr x10, [x26, #0x10]       // a load does not
    strh w9, [x26, #0x12]
    b unexpected
from_el0:
    cbnz x6, second
    mrs x1, esr_el1
    mrs x2, elr_el1
    sub x2, x2, x20
    msr dbgbcr0_el1, xzr
    eret
second:
    mrs x4, esr_el1
    mrs x5, far_el1
    ldr x7, [x26, #0x10]
    b done
from_el1:
    b unexpected
    vectors
done:
    finish
