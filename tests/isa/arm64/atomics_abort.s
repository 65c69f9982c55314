// SPDX-License-Identifier: Apache-2.0
// ISS.WnR of an atomic's abort: 0 where reading alone would have faulted, else 1 (ESR_EL1, ISS of a Data Abort).
// expect: x1=0x96000006 x2=0x9600004e x3=0x9600004e x4=7
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
    entry L2, 4, 0x40800000, BLOCK | NORMAL | READ_ONLY
    entry L2, 5, 0x40a00000, BLOCK | NORMAL
    entry L2, 7, 0x40e00000, BLOCK | NORMAL
    mmu_on 25 | (1 << 32), L1
    mov x0, #1
    mov x4, #7
    ldr x20, =0x40c00000        // not mapped
    ldadd x0, x4, [x20]
    mov x1, x28
    ldr x20, =0x40800000        // can be read
    ldadd x0, x4, [x20]
    mov x2, x28
    cas x0, x4, [x20]
    mov x3, x28
    b done
    abort_handlers
    vectors
done:
    finish
