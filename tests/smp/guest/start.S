// SPDX-License-Identifier: Apache-2.0
// Every processor comes here at EL1 with the MMU off: the first with x0 at the device tree, the others with their number.
    .globl _start, start_secondary
_start:
    mov x0, #0
start_secondary:
    mov x19, x0
    ldr x1, =stacks
    add x2, x0, #1
    lsl x2, x2, #14
    add x1, x1, x2
    mov sp, x1
    mov x1, #3 << 20                    // CPACR_EL1.FPEN
    msr cpacr_el1, x1
    ldr x1, =vectors
    msr vbar_el1, x1
    cbnz x19, 1f
    bl make_tables
1:  ldr x1, =0xff00                     // attribute 0 Device-nGnRnE, 1 Normal write-back
    msr mair_el1, x1
    // T0SZ 25, walks inner shareable write-back, TTBR1 unused, 48 bits out.
    ldr x1, =(25 | 1 << 8 | 1 << 10 | 3 << 12 | 1 << 23 | 5 << 32)
    mrs x2, id_aa64mmfr1_el1            // HAFDBS: let hardware set access flags and dirty state
    and x2, x2, #15
    cmp x2, #2
    mov x3, #3 << 39
    csel x3, x3, xzr, hs
    orr x1, x1, x3
    msr tcr_el1, x1
    ldr x1, =level1
    msr ttbr0_el1, x1
    tlbi vmalle1
    dsb sy
    isb
    mrs x1, sctlr_el1
    // I, C, M
    mov x2, #0x1005
    orr x1, x1, x2
    msr sctlr_el1, x1
    isb
    msr daifclr, #2
    mov x0, x19
    bl run
    b .

    // x0 and x1 are the handler's: kind, frame.
    .macro vector kind
    .balign 128
    sub sp, sp, #256
    stp x0, x1, [sp]
    mov x0, #\kind
    b common
    .endm
    .balign 2048
vectors:
    .irp kind, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
    vector \kind
    .endr

common:
    stp x2, x3, [sp, #16]
    stp x4, x5, [sp, #32]
    stp x6, x7, [sp, #48]
    stp x8, x9, [sp, #64]
    stp x10, x11, [sp, #80]
    stp x12, x13, [sp, #96]
    stp x14, x15, [sp, #112]
    stp x16, x17, [sp, #128]
    stp x18, x30, [sp, #144]
    mrs x2, elr_el1
    mrs x3, spsr_el1
    stp x2, x3, [sp, #160]
    bl handle
    ldp x2, x3, [sp, #160]
    msr elr_el1, x2
    msr spsr_el1, x3
    ldp x2, x3, [sp, #16]
    ldp x4, x5, [sp, #32]
    ldp x6, x7, [sp, #48]
    ldp x8, x9, [sp, #64]
    ldp x10, x11, [sp, #80]
    ldp x12, x13, [sp, #96]
    ldp x14, x15, [sp, #112]
    ldp x16, x17, [sp, #128]
    ldp x18, x30, [sp, #144]
    ldp x0, x1, [sp]
    add sp, sp, #256
    eret

    .bss
    .balign 16
stacks:
    .space 8 << 14
