// SPDX-License-Identifier: Apache-2.0
// Code is written over by every kind of store, each in a page that was stored to freely before it had code.
// expect: x1=0 x2=27 x3=16
    .include "test.inc"
    begin
    .include "vectors.inc"
    .include "mmu.inc"
    .include "code.inc"
    .set L1, 0x40a00000
    .set RET, 0xd65f03c0
    use_vectors
    entry L1, 0, 0, BLOCK | DEVICE
    entry L1, 1, 0x40000000, BLOCK | NORMAL
    mmu_on 25 | (1 << 32), L1
    ldr x20, =0x40b00000
    mov x1, #0
    mov x2, #0
    mov x3, #0

    // \store stores w21 or, with a `ret` in its upper half, x21 or v0 at x22 + 0; x23 = x22.
    .macro attempt value, store:vararg
    add x20, x20, #0x1000
    ldr x21, =(RET << 32 | 0xd280000a)
    str x21, [x20]
    add x22, x20, #256          // the same store, elsewhere in the page while that has no code
    mov x23, x22
    dup v0.2d, x21
    str x21, [x22]
    \store
    publish x20
    mov x10, #-1
    blr x20
    orr x1, x1, x10
    ldr x21, =(RET << 32 | 0xd280000a | \value << 5)
    mov x22, x20
    mov x23, x20
    dup v0.2d, x21
    \store
    publish x20
    blr x20
    sub x10, x10, #\value
    orr x1, x1, x10
    add x2, x2, #1
    .endm

    .macro store_exclusive
1:  ldxr w24, [x22]
    stxr w24, w21, [x22]
    cbnz w24, 1b
    .endm
    .macro store_exclusive_pair
1:  ldaxp x24, x25, [x22]
    stlxp w24, x21, x21, [x22]
    cbnz w24, 1b
    mov x25, #0
    .endm
    .macro compare_and_swap
    ldr x24, [x22]
    cas x24, x21, [x22]
    .endm
    .macro compare_and_swap_pair
    ldp x26, x27, [x22]
    mov x24, x21
    mov x25, x21
    caspal x26, x27, x24, x25, [x22]
    mov x25, #0
    .endm
    .macro add_value
    ldr w24, [x22]
    sub w24, w21, w24
    stadd w24, [x22]
    .endm
    // What is stored begins in the page before.
    .macro across_pages
    lsl x24, x21, #24
    ldrb w26, [x22, #4]
    str x24, [x22, #-3]
    strb w26, [x22, #4]
    lsr w24, w21, #24
    .endm

    attempt 1, strb w21, [x22]
    attempt 2, strh w21, [x22]
    attempt 3, str w21, [x22]
    attempt 4, str x21, [x22]
    attempt 5, stp x21, x21, [x22]
    attempt 6, stp w21, w21, [x22, #-4]
    attempt 7, stnp x21, x21, [x22]
    attempt 1, str x21, [x22], #8
    attempt 2, str s0, [x22]
    attempt 3, str d0, [x22]
    attempt 4, str q0, [x22]
    attempt 5, stp q0, q0, [x22]
    attempt 6, st1 {v0.4s}, [x22]
    attempt 7, st1 {v0.s}[0], [x22]
    attempt 1, st1 {v0.b}[0], [x22], #1
    attempt 2, stlr w21, [x22]
    attempt 3, stlrb w21, [x22]
    attempt 4, store_exclusive
    attempt 5, store_exclusive_pair
    attempt 6, compare_and_swap
    attempt 7, compare_and_swap_pair
    attempt 1, swp w21, w24, [x22]
    attempt 2, swpalb w21, w24, [x22]
    attempt 3, add_value
    attempt 4, ldset x21, x24, [x22]
    attempt 5, str x21, [x22, x25]
    attempt 6, across_pages

    // DC ZVA leaves undefined instructions, which the handler counts and steps over.
    .macro zero
    add x20, x20, #0x1000
    ldr x21, =(RET << 32 | 0xd280000a)
    str x21, [x20]
    str x21, [x20, #64]
    add x22, x20, #1024
    dc zva, x22
    publish x20
    blr x20
    dc zva, x20
    publish x20
    blr x20
    .endm
    zero
    b done

from_el1:
    add x3, x3, #1
    next_instruction
    eret
from_el0:
    b unexpected
    vectors
done:
    finish
