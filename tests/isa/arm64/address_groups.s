// SPDX-License-Identifier: Apache-2.0
// Accesses side by side off one base that are not all in one page: frames that walk down through three pages (x10 is the
// sum of what they were loaded with), and groups whose last access faults, for whom FAR_EL1 and ESR_EL1 are in x0 and x1,
// x2 and x3, x4 and x5. What came before it is done (x6, x7), and its own registers are as they were (x22, x23).
// expect: x0=0x40c00000 x1=0x96000046 x2=0x40c00000 x3=0x96000006 x4=0x40c00008 x5=0x96000006 x6=0x7 x7=0x7 x10=0x1895c
// expect: x20=0x40c00000 x22=0x1 x23=0x2
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
    entry L2, 5, 0x40a00000, BLOCK | NORMAL
    entry L2, 7, 0x40e00000, BLOCK | NORMAL
    mmu_on 25 | (1 << 32), L1
    ldr x19, =0x40bff010
    mov x9, #200
    mov x10, #0
1:  stp x9, x9, [x19, #-48]!
    add x1, x9, #1
    stp x1, x9, [x19, #16]
    str x9, [x19, #32]
    ldr x4, [x19, #32]
    ldp x5, x6, [x19, #16]
    ldp x7, x8, [x19]
    add x10, x10, x4
    add x10, x10, x5
    add x10, x10, x6
    add x10, x10, x7
    add x10, x10, x8
    subs x9, x9, #1
    b.ne 1b
    ldr x20, =0x40bfffe8
    mov x21, #7
    mov x22, #1
    mov x23, #2
    str x21, [x20]
    str x21, [x20, #8]
    str x21, [x20, #16]
    str x21, [x20, #24]
    mov x0, x27
    mov x1, x28
    ldr x6, [x20, #8]
    ldp x22, x23, [x20, #16]
    mov x2, x27
    mov x3, x28
    ldr x7, [x20], #24
    ldr x22, [x20, #8]
    mov x4, x27
    mov x5, x28
    b done
    abort_handlers
    vectors
done:
    finish
