// SPDX-License-Identifier: Apache-2.0
// DC ZVA zeroes the block (DCZID_EL0 says its size) that holds the address, and nothing else.
// expect: x1=4 x2=0 x3=0 x4=0xffffffffffffffff x5=0xffffffffffffffff
    .include "test.inc"
    begin
    .include "mmu.inc"
    .set L1, 0x40a00000
    entry L1, 0, 0, BLOCK | DEVICE
    entry L1, 1, 0x40000000, BLOCK | NORMAL
    mmu_on 25 | (1 << 32), L1
    mrs x1, dczid_el0
    mov x20, #4
    lsl x20, x20, x1            // bytes
    ldr x21, =0x40801000
    mov x22, #-1
    sub x23, x21, #8
    add x24, x21, x20
1:  str x22, [x23], #8
    cmp x23, x24
    b.ls 1b
    add x25, x21, #24
    dc zva, x25
    ldr x2, [x21]
    sub x26, x24, #8
    ldr x3, [x26]
    ldur x4, [x21, #-8]
    ldr x5, [x24]
    finish
