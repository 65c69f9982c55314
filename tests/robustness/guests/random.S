// SPDX-License-Identifier: Apache-2.0
// Executes the host's random words, by INPUT_MODE 0: at EL1 without the MMU, 1: at EL1 with it, 2: at EL0. An exception
// gives all registers new operands and goes on behind the instruction, or at any other one if that lies elsewhere.
// A timer ends loops.
#include "common.inc"
#include "random.inc"
    .globl _start

    .equ GICD, 0x08000000
    .equ GICC, 0x08010000
    .equ TIMER_INTERRUPT, 27
    .equ SLICE, 20000                   // of the timer

_start:
    mov x29, #INPUT
    ldr x28, [x29]                      // the seed
    adr x0, seed
    str x28, [x0]
    ldr x1, [x29, #INPUT_COUNT]
    adr x0, left
    str x1, [x0]
    mov x0, #GICD
    mov w1, #1
    str w1, [x0]
    mov w1, #1 << TIMER_INTERRUPT
    str w1, [x0, #0x100]
    mov x0, #GICC
    mov w1, #0xff
    str w1, [x0, #4]
    mov w1, #1
    str w1, [x0]
    ldr x0, [x29, #INPUT_MODE]
    cbz x0, go_on
    ldr x1, =level1
    msr ttbr0_el1, x1
    ldr x1, =0x200803519                // 39 bits of addresses below, none above, 40 physical
    msr tcr_el1, x1
    mov x1, #0xff00                     // 0: Device-nGnRnE, 1: Normal, write-back
    msr mair_el1, x1
    bl map
    dsb ish
    isb
    ldr x1, =0x30d0db85 | 1 << 26       // M C I SA, and what lets EL0 do most: UCI UCT DZE UMA nTWE nTWI
    ldr x2, =1 << 16 | 1 << 18
    orr x1, x1, x2
    msr sctlr_el1, x1
    isb
    b go_on

// Devices and RAM where they are; EL0 reaches devices and the input only, and mode 2 runs there. 2 to 3 GiB: normal
// memory that is not there. 3 to 4 GiB: the first once more.
map:
    ldr x1, =level1
    ldr x2, =level2
    ldr x3, =0x40 | 0x401               // a device's block, for EL0 too
    str x3, [x1]
    orr x4, x2, #3
    str x4, [x1, #8]
    ldr x4, =0x80000000 | 0x745         // AF, inner shareable, EL0, normal
    str x4, [x1, #16]
    str x3, [x1, #24]
    mov x4, #RAM
    ldr x5, =0x705                      // not for EL0
    mov x6, #0
1:  orr x7, x4, x5
    cmp x6, #32                         // the input's 2 MiB
    b.lo 2f
    cmp x0, #2
    b.ne 2f
    orr x7, x7, #0x40
2:  str x7, [x2, x6, lsl #3]
    add x4, x4, #0x200000
    add x6, x6, #1
    cmp x6, #64
    b.ne 1b
    ret

taken:
    // An interrupt that came is over.
    mov x0, #GICC
    ldr w1, [x0, #0xc]
    str w1, [x0, #0x10]
go_on:
    ldr x29, =INPUT
    adr x0, vectors
    msr vbar_el1, x0
    mov x0, #3 << 20
    msr cpacr_el1, x0
    ldr x0, =SLICE
    msr cntv_tval_el0, x0
    mov x0, #1
    msr cntv_ctl_el0, x0
    adr x0, left
    ldr x1, [x0]
    subs x1, x1, #1
    b.eq finished
    str x1, [x0]
    adr x0, seed
    ldr x28, [x0]
    next x28, x1

    // Where to go on.
    ldr x27, =INPUT_CODE
    ldr x26, [x29, #INPUT_SIZE]
    mrs x2, elr_el1
    add x2, x2, #4
    sub x3, x2, x27
    tst x2, #3
    ccmp x3, x26, #2, eq
    b.lo 1f
    sub x3, x26, #4
    and x3, x3, x28, lsr #20
    and x3, x3, #~3
    add x2, x27, x3
1:  msr elr_el1, x2
    mov x3, #0x305                      // EL1h, interrupts on
    ldr x4, [x29, #INPUT_MODE]
    cmp x4, #2
    csel x3, xzr, x3, eq
    and x4, x28, #0xf0000000            // any flags
    orr x3, x3, x4
    msr spsr_el1, x3

    // New operands.
    add x27, x29, #INPUT_POOL
    adr x26, fresh
    mov x25, #32
2:  next x28, x1
    and x2, x28, #63
    ldr x3, [x27, x2, lsl #3]
    str x3, [x26], #8
    subs x25, x25, #1
    b.ne 2b
    str x28, [x0]
    adr x30, fresh
    ldr x0, [x30, #248]
    msr sp_el0, x0
    adr x0, stack_top
    mov sp, x0
    ldp x0, x1, [x30]
    ldp x2, x3, [x30, #16]
    ldp x4, x5, [x30, #32]
    ldp x6, x7, [x30, #48]
    ldp x8, x9, [x30, #64]
    ldp x10, x11, [x30, #80]
    ldp x12, x13, [x30, #96]
    ldp x14, x15, [x30, #112]
    ldp x16, x17, [x30, #128]
    ldp x18, x19, [x30, #144]
    ldp x20, x21, [x30, #160]
    ldp x22, x23, [x30, #176]
    ldp x24, x25, [x30, #192]
    ldp x26, x27, [x30, #208]
    ldp x28, x29, [x30, #224]
    ldr x30, [x30, #240]
    eret

finished:
    switch_off

    .ltorg
    .balign 8
seed: .quad 0
left: .quad 0
fresh: .skip 256
    .skip 1024
stack_top:
    vector_table taken
    .bss
    .balign 4096
level1: .skip 4096
level2: .skip 4096
