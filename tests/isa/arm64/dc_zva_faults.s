// SPDX-License-Identifier: Apache-2.0
// Faults of DC ZVA report the address in its register, not its block's (Arm ARM, FAR_EL1), as stores. Device memory, which
// all is while the MMU is off, takes none: alignment faults. FAR_EL1 and ESR_EL1 by turns: MMU off, not mapped, read-only,
// Device, the zero register (address 0, Device), and memory where it works.
// expect: x0=0x40802013 x1=0x96000061 x2=0x40c00037 x3=0x96000046 x4=0x40a0003f x5=0x9600004e x6=0x9020015 x7=0x96000061
// expect: x8=0 x9=0x96000061 x10=0x5a5a x11=0 x12=0
    .include "test.inc"
    begin
    .include "vectors.inc"
    .include "mmu.inc"
    .set L1, 0x40a00000
    .set L2, 0x40a01000
    use_vectors
    ldr x20, =0x40802013
    mov x21, #0x5a5a
    ldr x22, =0x40802000
    str x21, [x22]
    dc zva, x20
    mov x0, x27
    mov x1, x28
    ldr x19, [x22]
    entry L1, 0, 0, BLOCK | DEVICE
    entry L1, 1, L2, TABLE
    entry L2, 0, 0x40000000, BLOCK | NORMAL
    entry L2, 4, 0x40800000, BLOCK | NORMAL
    entry L2, 5, 0x40a00000, BLOCK | NORMAL | READ_ONLY
    entry L2, 7, 0x40e00000, BLOCK | NORMAL
    mmu_on 25 | (1 << 32), L1
    mov x10, x19
    ldr x20, =0x40c00037
    dc zva, x20
    mov x2, x27
    mov x3, x28
    ldr x20, =0x40a0003f
    dc zva, x20
    mov x4, x27
    mov x5, x28
    ldr x20, =0x09020015
    dc zva, x20
    mov x6, x27
    mov x7, x28
    mov x27, #-1
    dc zva, xzr
    mov x8, x27
    mov x9, x28
    mov x28, #0
    ldr x20, =0x40802013
    dc zva, x20
    ldr x11, [x22]
    mov x12, x28
    b done
    abort_handlers
    vectors
done:
    finish
