// SPDX-License-Identifier: Apache-2.0
// The 4K granule, 39 bits: a block of 1 GiB, blocks of 2 MiB, pages; translation and permission faults.
// expect: x1=0x1122334455667788 x2=0x96000007 x3=8 x4=0 x5=0x9600004f x6=0
    .include "test.inc"
    begin
    .include "vectors.inc"
    .include "mmu.inc"
    .set L1, 0x40a00000
    .set L2, 0x40a01000
    .set L3, 0x40a02000
    .set ALIASED, 0x40b00000
    .set ALIAS, 0x80000000
    .set UNMAPPED, 0x80003000
    .set FIXED, 0x80001000
    use_vectors
    entry L1, 0, 0, BLOCK | DEVICE
    entry L1, 1, 0x40000000, BLOCK | NORMAL
    entry L1, 2, L2, TABLE
    entry L2, 0, L3, TABLE
    entry L3, 0, ALIASED, PAGE | NORMAL
    entry L3, 1, 0x40b01000, PAGE | NORMAL | READ_ONLY
    mmu_on 25 | (1 << 32), L1   // T0SZ = 25, IPS = 36 bits

    ldr x20, =0x1122334455667788
    ldr x21, =ALIASED
    str x20, [x21]              // through the identity
    ldr x22, =ALIAS
    ldr x1, [x22]               // through the alias
    ldr x23, =UNMAPPED
    ldr x24, [x23, #8]
    mov x2, x28
    sub x3, x27, x23
    ldr x25, =FIXED             // read-only
    ldr x4, [x25]
    str x20, [x25]
    mov x5, x28
    ldr x6, [x25]
    b done
    abort_handlers
    vectors
done:
    finish
