// SPDX-License-Identifier: Apache-2.0
// FEAT_BTI in a guarded page: a BLR and a BR land on what BTI allows, else it is EC 0d with BTYPE, before the instruction.
// expect: x1=1 x2=1 x3=0x36000002 x4=0 x5=0x36000003 x6=2
    .include "test.inc"
    begin
    .include "vectors.inc"
    .include "mmu.inc"
    .set L1, 0x40a00000
    .set GUARDED, 1 << 50
    use_vectors
    entry L1, 0, 0, BLOCK | DEVICE
    entry L1, 1, 0x40000000, BLOCK | NORMAL | GUARDED
    mmu_on 25 | (1 << 32), L1
    mrs x9, sctlr_el1
    orr x9, x9, #(1 << 36)      // BT1
    msr sctlr_el1, x9
    isb
    mov x6, #0
    adr x20, called
    blr x20
    adr x20, jumped
    br x20
back:
    adr x20, plain
    adr x30, 1f
    blr x20
1:  mov x3, x28
    sub x4, x27, x20
    adr x20, called             // allows calls alone
    adr x30, 2f
    br x20
2:  mov x5, x28
    b done
called:
    .inst 0xd503245f            // bti c
    mov x1, #1
    ret
jumped:
    .inst 0xd503249f            // bti j
    mov x2, #1
    b back
plain:
    mov x4, #77
    ret
from_el1:
    .inst 0xd503249f
    mrs x28, esr_el1
    mrs x27, elr_el1
    add x6, x6, #1
    msr elr_el1, x30
    mrs x29, spsr_el1
    bic x29, x29, #0xc00
    msr spsr_el1, x29
    eret
from_el0:
    b unexpected
    vectors
done:
    finish
