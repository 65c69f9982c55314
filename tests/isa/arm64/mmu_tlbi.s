// SPDX-License-Identifier: Apache-2.0
// A page is moved: after TLBI the new one is seen. With two ASIDs each sees its own, without any TLBI.
// expect: x1=1 x2=2 x3=1 x4=2 x5=1 x6=0x96000007
    .include "test.inc"
    begin
    .include "vectors.inc"
    .include "mmu.inc"
    .set L1, 0x40a00000
    .set L2, 0x40a01000
    .set L3, 0x40a02000
    .set OTHER_L1, 0x40a03000
    .set OTHER_L2, 0x40a04000
    .set OTHER_L3, 0x40a05000
    use_vectors
    ldr x20, =0x40b00000
    mov x21, #1
    str x21, [x20]
    ldr x20, =0x40b01000
    mov x21, #2
    str x21, [x20]
    entry L1, 0, 0, BLOCK | DEVICE
    entry L1, 1, 0x40000000, BLOCK | NORMAL
    entry L1, 2, L2, TABLE
    entry L2, 0, L3, TABLE
    entry L3, 0, 0x40b00000, PAGE | NORMAL | NG
    entry OTHER_L1, 0, 0, BLOCK | DEVICE
    entry OTHER_L1, 1, 0x40000000, BLOCK | NORMAL
    entry OTHER_L1, 2, OTHER_L2, TABLE
    entry OTHER_L2, 0, OTHER_L3, TABLE
    entry OTHER_L3, 0, 0x40b01000, PAGE | NORMAL | NG
    mmu_on 25 | (1 << 32), L1
    ldr x20, =0x80000000
    ldr x1, [x20]
    entry L3, 0, 0x40b01000, PAGE | NORMAL | NG
    dsb ish
    lsr x22, x20, #12
    tlbi vae1is, x22
    dsb ish
    isb
    ldr x2, [x20]
    entry L3, 0, 0x40b00000, PAGE | NORMAL | NG
    dsb ish
    tlbi vmalle1
    dsb ish
    isb
    ldr x3, [x20]
    ldr x23, =(OTHER_L1 | (1 << 48))
    msr ttbr0_el1, x23
    isb
    ldr x4, [x20]
    ldr x24, =L1
    msr ttbr0_el1, x24
    isb
    ldr x5, [x20]
    entry L3, 0, 0, 0
    dsb ish
    tlbi aside1, xzr
    dsb ish
    isb
    ldr x25, [x20]
    mov x6, x28
    b done
    abort_handlers
    vectors
done:
    finish
