// SPDX-License-Identifier: Apache-2.0
// Accesses and code where one thing ends and another begins. Prints a line a case: its letter, and the syndrome of the
// exception that it took (ESR_EL1, 0 if none) or what it calculated.
#include "common.inc"
    .globl _start

    .equ FLASH, 0x0
    .equ RTC, 0x09010000
    .equ GIC, 0x08000000
    .equ VIRTIO, 0x0a000000
    .equ RAM_END, 0x48000000            // with -m 128

    // The case's code follows: it may change all registers but x26 to x28.
    .macro case letter
    ldr x28, =9f
    mov x27, #0
    mov w26, #\letter
    .endm

    .macro result
9:  mov x0, x27
    bl report
    .endm

_start:
    ldr x0, =stack_top
    mov sp, x0
    ldr x0, =vectors
    msr vbar_el1, x0
    enable_fp

    case 'A'                            // a store changes the instruction that follows it, in the page that runs
    adr x1, 1f
    ldr w2, =0xd2800577                 // mov x23, #43
    mov x3, #3
2:  str w2, [x1]
    dc cvau, x1
    dsb ish
    ic ivau, x1
    dsb ish
    isb
1:  mov x23, #42
    add w2, w2, #1 << 5                 // the immediate
    subs x3, x3, #1
    b.ne 2b
    mov x27, x23
    result

    case 'B'                            // the same by a loop that overwrites itself from behind
    adr x1, 3f
    ldr w2, =0x910006f7                 // add x23, x23, #1
    mov x23, #0
    mov x3, #64
4:  str w2, [x1], #4
    dsb ish
    isb
    subs x3, x3, #1
    b.ne 4b
    adr x1, 3f
    ic ivau, x1
    dsb ish
    isb
3:  .rept 64
    nop
    .endr
    mov x27, x23
    result

    case 'C'                            // runs off the end of RAM
    ldr x1, =RAM_END - 8
    ldr w2, =0xd503201f                 // nop
    str w2, [x1]
    str w2, [x1, #4]
    ic ivau, x1
    dsb ish
    isb
    br x1
    result

    case 'D'                            // executes a device
    mov x1, #UART
    br x1
    result

    case 'E'                            // executes flash
    mov x1, #FLASH
    br x1
    result

    case 'F'                            // an address that is no multiple of 4
    adr x1, 1f + 2
    br x1
1:  nop
    result

    case 'G'                            // exclusives on a device
    ldr x1, =RTC
    ldxr w2, [x1]
    result
    case 'H'
    ldr x1, =RTC
    stxr w3, w2, [x1]
    mov x27, x3
    result
    case 'I'
    ldr x1, =GIC
    ldaxp x2, x3, [x1]
    result

    case 'J'                            // atomics on a device
    ldr x1, =VIRTIO
    .arch armv8.1-a
    ldadd w2, w3, [x1]
    result
    case 'K'
    ldr x1, =UART
    casp x2, x3, x4, x5, [x1]
    result
    case 'L'
    ldr x1, =NOWHERE
    swpal x2, x3, [x1]
    result

    case 'M'                            // zeroes a block of a device
    ldr x1, =RTC
    dc zva, x1
    result
    case 'N'
    ldr x1, =NOWHERE
    dc zva, x1
    result

    case 'O'                            // the last bytes of RAM, and over its end
    ldr x1, =RAM_END - 8
    ldr x2, [x1]
    result
    case 'P'
    ldr x1, =RAM_END - 4
    ldr x2, [x1]
    result
    case 'Q'
    ldr x1, =RAM_END - 8
    ldp x2, x3, [x1]
    result
    case 'R'
    ldr x1, =RAM_END - 8
    stp x2, x3, [x1]
    result
    case 'S'
    ldr x1, =RAM_END - 16
    ld1 {v0.16b, v1.16b, v2.16b, v3.16b}, [x1]
    result
    case 'T'                            // over the end of a device
    ldr x1, =RTC + 0xff8
    ldp x2, x3, [x1]
    result
    case 'U'                            // 16 bytes of one
    ldr x1, =GIC
    ldr q0, [x1]
    result

    case 'V'                            // the stack pointer
    ldr x1, =NOWHERE + 8
    mov sp, x1
    str x0, [sp]
    result
    case 'W'
    mov x1, #-16
    mov sp, x1
    stp x0, x1, [sp, #-16]!
    result
    case 'X'
    ldr x1, =NOWHERE
    mov sp, x1
    ldr x0, [sp], #16
    result

    case 'Y'                            // a timer that is late already: its line is up at once
    mov x1, #0
    msr cntv_cval_el0, x1
    mov x1, #1
    msr cntv_ctl_el0, x1
    isb
    mrs x27, cntv_ctl_el0
    mov x1, #2
    msr cntv_ctl_el0, x1
    result

    case 'Z'                            // every mode of FPCR, and back
    mov x1, #0
    fmov d0, #1.5
    fmov d1, #3.0
    scvtf s2, w1
1:  lsl x2, x1, #19                     // FZ16 RMode FZ DN AHP, and what lies between them
    msr fpcr, x2
    fdiv d3, d0, d1
    fcvt s4, d3
    fcvt h5, s4
    fadd v6.4s, v4.4s, v5.4s
    frinti d7, d3
    fsqrt s16, s4
    add x1, x1, #1
    cmp x1, #256
    b.ne 1b
    msr fpcr, xzr
    fdiv d3, d0, d1
    fmov x27, d3
    result

    case 'a'                            // an address beyond any bus
    mov x1, #-8
    ldr x2, [x1]
    result
    case 'b'
    mov x1, #1 << 47
    str x2, [x1]
    result
    case 'c'
    mov x1, #1 << 47
    br x1
    result
    case 'd'                            // EL3 is not there, nor does an ERET lead to EL2
    mov x1, #0x3c9
    msr spsr_el1, x1
    adr x1, 1f
    msr elr_el1, x1
    eret
1:  mrs x27, spsr_el1
    result

    switch_off

// Prints w26, x0 and a new line.
report:
    mov x16, #UART
    strb w26, [x16]
    mov w17, #' '
    strb w17, [x16]
    mov x2, #60
1:  lsr x1, x0, x2
    and x1, x1, #15
    cmp x1, #10
    add x17, x1, #'0'
    add x1, x1, #'a' - 10
    csel x17, x17, x1, lo
    strb w17, [x16]
    subs x2, x2, #4
    b.pl 1b
    mov w17, #'\n'
    strb w17, [x16]
    ret

taken:
    mrs x27, esr_el1
    msr elr_el1, x28
    mov x0, #0x3c5
    msr spsr_el1, x0
    eret

    .ltorg
    vector_table taken
    .bss
    .balign 16
    .skip 4096
stack_top:
