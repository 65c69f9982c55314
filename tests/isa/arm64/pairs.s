// SPDX-License-Identifier: Apache-2.0
// Pairs that lie in two pages, that end in one that is not mapped, and that load their own base.
// expect: x0=0x1111 x1=0x2222 x2=0x1111 x3=0x2222 x4=0x55 x5=0x66 x6=0x96000006 x7=0x40c00000 x8=0x96000046
// expect: x9=0x40c00000 x10=0x2222 x11=0xfffffffffffffff0 x12=0x7 x13=0x1111 x14=0x2222 x15=0x77
    .include "test.inc"
    begin
    .include "vectors.inc"
    .include "mmu.inc"
    .set L1, 0x40a00000
    .set L2, 0x40a01000
    use_vectors
    entry L1, 0, 0, BLOCK | DEVICE
    entry L1, 1, L2, TABLE
    entry L2, 0, 0x40000000, BLOCK | NORMAL
    entry L2, 4, 0x40800000, BLOCK | NORMAL
    entry L2, 5, 0x40a00000, BLOCK | NORMAL
    entry L2, 7, 0x40e00000, BLOCK | NORMAL
    mmu_on 25 | (1 << 32), L1
    mov x0, #0x1111
    mov x1, #0x2222
    // Across the border of two pages, general and vector registers.
    ldr x20, =0x40801000
    stp x0, x1, [x20, #-8]
    ldp x2, x3, [x20, #-8]
    fmov d0, x0
    fmov d1, x1
    stp q0, q1, [x20, #-16]
    ldp q2, q3, [x20, #-16]
    fmov x13, d2
    fmov x14, d3
    // The second half is not mapped (ISS.WnR tells loads from stores): no register changes.
    ldr x20, =0x40bffff8
    mov x4, #0x55
    mov x5, #0x66
    ldp x4, x5, [x20]
    mov x6, x28
    mov x7, x27
    mov x21, x20
    ldp x21, x15, [x21]
    mov x15, #0x77
    stp x0, x1, [x20]
    mov x8, x28
    mov x9, x27
    // The base among the results; words, signed.
    ldr x20, =0x40802000
    mov x22, x20
    str x1, [x20]
    str x20, [x20, #8]
    ldp x10, x22, [x22]
    mov w12, #7
    mov w11, #-16
    stp w11, w12, [x22]
    ldpsw x11, x12, [x22]
    b done
    abort_handlers
    vectors
done:
    finish
