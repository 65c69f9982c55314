// SPDX-License-Identifier: Apache-2.0
// FEAT_LSE2: atomics and acquires may be misaligned within 16 bytes of Normal memory; beyond them it is an alignment
// fault (AArch64.UnalignedAccessFaults), which SCTLR_EL1.nAA does away with for acquires and releases, but not for
// exclusives and atomics.
// expect: x1=0x1122334455667788 x2=0x1122334455667789 x3=0x1122334455667789 x4=0 x5=0x96000021 x6=0x4080000c
// expect: x7=0x96000061 x8=0 x9=0 x10=0x96000021 x11=0x96000021
    .include "test.inc"
    begin
    .include "vectors.inc"
    .include "mmu.inc"
    .set L1, 0x40a00000
    use_vectors
    entry L1, 0, 0, BLOCK | DEVICE
    entry L1, 1, 0x40000000, BLOCK | NORMAL
    mmu_on 25 | (1 << 32), L1
    ldr x20, =0x40800000
    ldr x21, =0x1122334455667788
    str x21, [x20, #3]
    add x22, x20, #3
    mov x23, #1
    ldadd x23, x1, [x22]
    ldr x2, [x22]
    ldar x3, [x22]
    ldxr x24, [x22]
    stxr w4, x23, [x22]
    add x25, x20, #12
    mov x26, #0
    ldaxr x26, [x25]
    mov x5, x28
    mov x6, x27
    stlr x23, [x25]
    mov x7, x28
    ldur x8, [x25]
    mrs x0, sctlr_el1
    orr x0, x0, #(1 << 6)       // nAA
    msr sctlr_el1, x0
    isb
    mov x28, #0
    ldar x26, [x25]
    stlr x26, [x25]
    mov x9, x28
    ldaxr x26, [x25]
    mov x10, x28
    ldadd x23, x26, [x25]
    mov x11, x28                // and reading would have faulted: WnR = 0
    b done
    abort_handlers
    vectors
done:
    finish
