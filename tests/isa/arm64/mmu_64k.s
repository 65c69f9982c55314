// SPDX-License-Identifier: Apache-2.0
// The 64K granule, 42 bits: blocks of 512 MiB and pages; translation and permission faults.
// expect: x1=0x1122334455667788 x2=0x96000007 x3=8 x4=0 x5=0x9600004f x6=0
    .include "test.inc"
    begin
    .include "vectors.inc"
    .include "mmu.inc"
    .set L2, 0x40a00000
    .set L3, 0x40a10000
    .set ALIASED, 0x40b00000
    .set ALIAS, 0x80000000
    .set UNMAPPED, 0x80030000
    .set FIXED, 0x80010000
    use_vectors
    entry L2, 0, 0, BLOCK | DEVICE
    entry L2, 2, 0x40000000, BLOCK | NORMAL
    entry L2, 4, L3, TABLE
    entry L3, 0, ALIASED, PAGE | NORMAL
    entry L3, 1, 0x40b10000, PAGE | NORMAL | READ_ONLY
    mmu_on 22 | (1 << 14) | (1 << 32), L2

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
