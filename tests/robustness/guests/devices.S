// SPDX-License-Identifier: Apache-2.0
// Reads and writes devices' registers at random, in every width. Interrupts are taken once in a while and not served.
#include "common.inc"
#include "random.inc"
    .globl _start

_start:
    ldr x29, =INPUT
    ldr x28, [x29]
    ldr x27, [x29, #INPUT_COUNT]
    adr x0, vectors
    msr vbar_el1, x0
    isb
    adr x26, ranges
    add x25, x29, #INPUT_POOL
    adr x24, widths
1:  next x28, x0
    and x1, x28, #15
    add x1, x26, x1, lsl #3
    ldp w2, w3, [x1]                    // base, mask of offsets
    and w3, w3, w28, lsr #8
    ubfx x4, x28, #4, #2                // log2 of the width
    tst x28, #1 << 6
    b.eq 2f
    mov x5, #-1                         // aligned
    lsl x5, x5, x4
    and x3, x3, x5
2:  add x2, x2, x3
    next x28, x0
    and x5, x28, #63
    ldr x6, [x25, x5, lsl #3]           // the value
    tst x28, #1 << 8
    csel x6, x28, x6, eq
    ubfx x7, x28, #10, #3               // 4 to 7: reads
    add x7, x7, x4, lsl #3
    add x7, x24, x7, lsl #3
    tst x28, #1 << 20
    b.eq 3f
    msr daifclr, #2
3:  blr x7
    msr daifset, #2
    subs x27, x27, #1
    b.ne 1b
    switch_off

// 8 entries of 8 bytes for each width.
widths:
    .macro entries load, store, register
    .rept 4
    \store \register\()6, [x2]
    ret
    .endr
    .rept 4
    \load \register\()8, [x2]
    ret
    .endr
    .endm
    entries ldrb, strb, w
    entries ldrh, strh, w
    entries ldr, str, w
    entries ldr, str, x

taken:
    mrs x9, elr_el1
    mrs x10, esr_el1
    lsr x10, x10, #26
    cmp x10, #0x25                      // a data abort: behind the instruction
    b.ne 1f
    add x9, x9, #4
    msr elr_el1, x9
1:  mrs x10, spsr_el1
    orr x10, x10, #0x80
    msr spsr_el1, x10
    msr esr_el1, xzr
    eret

    .ltorg
    .balign 8
    // 16 pairs: base, mask of offsets.
ranges:
    .word 0x00000000, 0x3ffffff         // flash
    .word 0x04000000, 0xfff
    .word 0x08000000, 0xfff             // interrupt controller
    .word 0x08000000, 0xffff
    .word 0x08010000, 0xfff
    .word 0x08010000, 0xffff
    .word 0x080a0000, 0x1ffff
    .word 0x080b0000, 0xfff
    .word 0x09000000, 0x7f              // serial port
    .word 0x09000000, 0xfff
    .word 0x09010000, 0x3f              // clock
    .word 0x09010000, 0xfff
    .word 0x09020000, 0x1f              // fw_cfg
    .word 0x09030000, 0xfff             // GPIO
    .word 0x0a000000, 0xff              // virtio-mmio
    .word 0x0a000000, 0x3fff
    vector_table taken
