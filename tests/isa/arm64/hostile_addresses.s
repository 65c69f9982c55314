// SPDX-License-Identifier: Apache-2.0
// Accesses of all kinds at the edges of everything: address 0, the last one, the ends of RAM, of tables and of halves,
// tagged pointers, sums that wrap around. x1 mixes what was loaded with each fault's syndrome and address; x2 counts the
// faults. What is expected was computed by the IR interpreter, which has neither TLB nor slots.
// expect: x1=0xa4831f7a548fedd0 x2=0x1c71
    .include "test.inc"
    begin
    .include "vectors.inc"
    .include "mmu.inc"
    .set L1, 0x40a00000
    .set TBI0, 1 << 37
    use_vectors
    entry L1, 0, 0, BLOCK | DEVICE
    entry L1, 1, 0x40000000, BLOCK | NORMAL
    mmu_on 25 | (1 << 32) | TBI0, L1
    mov x1, #0
    mov x2, #0
    mov x19, #0
    adr x20, bases
1:  ldr x3, [x20], #8
    adr x21, offsets
2:  ldr x4, [x21], #8
    bl accesses
    adr x5, offsets_end
    cmp x21, x5
    b.ne 2b
    adr x5, bases_end
    cmp x20, x5
    b.ne 1b
    b done

    .macro try instruction:vararg
    mov x5, #0
    mov x7, #0
    \instruction
    add x1, x1, x5
    eor x1, x1, x7, ror #5
    .endm
accesses:
    add x6, x3, x4
    movi v0.2d, #0
    mov x8, x1
    try ldrb w5, [x3, x4]
    try ldr x5, [x3, x4]
    try ldrsh x5, [x6]
    try ldp x5, x7, [x6]
    try ldp x5, x7, [x6, #-512]
    try ldp x5, x7, [x6, #504]
    try ldr x5, [x6, #32760]
    try ldur x5, [x6, #-9]
    try ldr q0, [x6]
    fmov x5, d0
    add x1, x1, x5
    try ldp q0, q1, [x6, #-16]
    try ld1 {v0.16b-v3.16b}, [x6]
    try ldar x5, [x6]
    mov x19, #1                 // what exclusives and atomics do where there is no RAM is left open
    try ldxr x5, [x6]
    try stxr w5, x8, [x6]
    try swpal x8, x5, [x6]
    try ldadd w8, w5, [x6]
    try cas x5, x8, [x6]
    mov x19, #0
    try strb w8, [x3, x4]
    try str x8, [x3, x4]
    try stp x8, x8, [x6, #-16]
    try stur x8, [x6, #-3]
    try str q0, [x6]
    try stlr x8, [x6]
    try ldtr x5, [x6]
    try sttr x8, [x6]
    try dc zva, x6
    try ldr x5, [x6]
    ret
from_el1:
    add x2, x2, #1
    cbnz x19, 3f
    mrs x28, esr_el1
    mrs x27, far_el1
    add x1, x1, x28
    eor x1, x1, x27
    ror x1, x1, #13
3:  next_instruction
    eret
from_el0:
    b unexpected
    .balign 8
bases:
    .quad 0, 8, -8, -1, 1 << 63, 1 << 55, (1 << 55) - 8, 1 << 39, (1 << 39) - 8, 1 << 48, -(1 << 39), -(1 << 48)
    .quad 0x41000000, 0x40fffff8, 0x40fffff1, 0x40c00000, 0x5a00000040c00000, 0xff00000040ffffff, 0x80000000, 0x7ffffff8
    .quad 0x7fffffffffffffff, 0x00fffffffffffff8, 0x0080000040c00000, 0xa5a5a5a5a5a5a5a5
bases_end:
offsets:
    .quad 0, 8, -8, 1, -1, 0x1000, -0x1000, 0xff8, 1 << 56, 0x5a << 56, 1 << 63, 0xfffffffffffff001, 1 << 55
offsets_end:
    .ltorg
    vectors
done:
    finish
