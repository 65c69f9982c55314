// SPDX-License-Identifier: Apache-2.0
// What EL0 may do: LDTR and STTR use its permissions, PAN keeps EL1 out, EL0 itself is stopped.
// expect: x1=0x9600000f x2=7 x3=0x9600000f x4=7 x5=0x9200000f x6=7
    .include "test.inc"
    begin
    .include "vectors.inc"
    .include "mmu.inc"
    .set L1, 0x40a00000
    .set L2, 0x40a01000
    .set L3, 0x40a02000
    use_vectors
    ldr x20, =0x40b00000
    mov x21, #7
    str x21, [x20]
    entry L1, 0, 0, BLOCK | DEVICE
    entry L1, 1, 0x40000000, BLOCK | NORMAL
    entry L1, 2, L2, TABLE
    entry L2, 0, L3, TABLE
    entry L3, 0, 0x40b00000, PAGE | NORMAL
    entry L3, 1, 0x40b00000, PAGE | NORMAL | USER
    // The code of `user`, for EL0; a user's page that EL1 does not run.
    adr x21, user
    and x21, x21, #~0xfff
    ldr x9, =(PAGE | NORMAL | USER | READ_ONLY)
    orr x9, x9, x21
    ldr x10, =(L3 + 16)
    str x9, [x10]
    mmu_on 25 | (1 << 32), L1
    ldr x20, =0x80000000
    ldr x21, =0x80001000
    ldtr x22, [x20]             // EL1's page
    mov x1, x28
    ldtr x2, [x21]
    .arch armv8.6-a
    msr pan, #1
    ldr x22, [x21]              // the user's page, from EL1
    mov x3, x28
    msr pan, #0
    ldr x4, [x21]
    adr x22, user
    and x22, x22, #0xfff
    ldr x23, =0x80002000
    add x22, x22, x23
    msr elr_el1, x22
    msr spsr_el1, xzr
    eret
    .balign 64
user:
    ldr x6, [x21]
    ldr x24, [x20]
1:  b 1b
from_el1:
    mrs x28, esr_el1
    next_instruction
    eret
from_el0:
    mrs x5, esr_el1
    b done
    vectors
done:
    finish
