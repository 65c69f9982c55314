// SPDX-License-Identifier: Apache-2.0
// Watchpoints (D2.9) at EL1: DC IVAC counts as a store to its line and reports the address that it was given, with
// ISS.CM; DC ZVA is a store; other cache maintenance does not match. A linked watchpoint needs the context. What reads
// and writes at once matches as a load first (WnR = 0). x0-x3: ISS and offset of FAR by turns; x8: exceptions.
// expect: x1=0xd6000162 x2=0x13 x3=0xd6000062 x4=0x20 x5=0xd6000022 x6=0xd6000062 x7=0 x8=5 x9=3
    .include "test.inc"
    begin
    .include "vectors.inc"
    .include "mmu.inc"
    .set L1, 0x40a00000
    .set DATA, 0x40b00000
    use_vectors
    entry L1, 0, 0, BLOCK | DEVICE
    entry L1, 1, 0x40000000, BLOCK | NORMAL
    mmu_on 25 | (1 << 32), L1
    msr oslar_el1, xzr
    mov x0, #(1 << 15 | 1 << 13)        // MDE, KDE
    msr mdscr_el1, x0
    ldr x20, =DATA
    add x0, x20, #0x28
    msr dbgwvr0_el1, x0
    ldr x21, =0x1ffb            // 8 bytes, loads and stores, EL1, enabled
    sub x0, x21, #8             // stores
    msr dbgwcr0_el1, x0
    msr daifclr, #8
    isb
    mov x7, #0
    mov x8, #0
    mov x28, #0
    add x22, x20, #0x13
    dc cvac, x22
    dc civac, x22
    dc cvau, x22
    ic ivau, x22
    add x23, x20, #0x40
    dc ivac, x23                // another line
    dc zva, x23
    orr x7, x7, x28             // none yet
    dc ivac, x22
    mov x1, x28
    sub x2, x27, x20
    dc zva, x22
    mov x3, x28
    sub x4, x27, x20
    msr dbgwcr0_el1, x21
    isb
    mov x0, #1
    add x24, x20, #0x28
    ldadd x0, x0, [x24]
    mov x5, x28
    sub x0, x21, #8
    msr dbgwcr0_el1, x0         // stores again
    isb
    ldadd x0, x0, [x24]
    mov x6, x28

    mov x9, #0
    mov x0, #7
    msr dbgbvr4_el1, x0
    msr contextidr_el1, x0
    ldr x0, =0x3001e3           // BT 0b0011
    msr dbgbcr4_el1, x0
    sub x0, x21, #8
    orr x0, x0, #(1 << 20)      // WT
    orr x0, x0, #(4 << 16)      // LBN
    msr dbgwcr0_el1, x0
    isb
    mov x28, #0
    str xzr, [x24]
    cmp x28, #0
    cinc x9, x9, ne             // in the context
    mov x0, #8
    msr contextidr_el1, x0
    isb
    mov x28, #0
    str xzr, [x24]
    cmp x28, #0
    cinc x9, x9, eq             // not in another
    mov x0, #7
    msr contextidr_el1, x0
    msr dbgbcr4_el1, xzr
    isb
    str xzr, [x24]
    cmp x28, #0
    cinc x9, x9, eq             // not where nothing is linked to
    b done
from_el1:
    mrs x28, esr_el1
    mrs x27, far_el1
    add x8, x8, #1
    next_instruction
    eret
from_el0:
    b unexpected
    vectors
done:
    finish
