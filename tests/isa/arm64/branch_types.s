// SPDX-License-Identifier: Apache-2.0
// FEAT_BTI: each kind of branch to each kind of landing in a guarded page, from a page that is not guarded (the very
// first branch into a guarded page among them) and from one that is; often enough that links and jump caches take part.
// x1, x2, x3: refused branches, a digit a landing (NOP, BTI, BTI c, BTI j, BTI jc, PACIASP), a bit a branch (RET, BR X17,
// BLR, BR X20): from the unguarded page, from the guarded one, and there with SCTLR_EL1.BT1. x9: anything else wrong.
// SPSR.BTYPE at BRKs come to by BLR in a guarded and an unguarded page (x10, x11), at the abort of a target's fetch (x12),
// at a step's end (x13), after a return to BTI j with BTYPE 2 (x14, beside ESR's); x15: such a return to BTI c goes well.
// x5: a page becomes guarded, and ceases to be; x6: a NOP becomes BTI c, and a NOP again.
// expect: x1=0x0040ee x2=0x0048ee x3=0x8048ee x9=0 x10=2 x11=2 x12=2 x13=3 x14=0x22 x15=0 x5=2 x6=2
    .include "test.inc"
    begin
    b main
    .include "vectors.inc"
    .include "mmu.inc"
    .set L1, 0x40a00000
    .set L2, 0x40a01000
    .set L3, 0x40a02000
    .set GUARDED, 1 << 50
    .set LANDINGS, 0x40400000       // guarded
    .set PLAIN, 0x40401000
    .set ABSENT, 0x40402000
    .set GUARDED_STUBS, 0x40403000
    .set BRK, 6 * 8
    .set RET_STUB, 0
    .set BLR_STUB, 8
    .set BR_STUB, 12

landings:
    nop
    ret x18
    .inst 0xd503241f            // bti
    ret x18
    .inst 0xd503245f            // bti c
    ret x18
    .inst 0xd503249f            // bti j
    ret x18
    .inst 0xd50324df            // bti jc
    ret x18
    .inst 0xd503233f            // paciasp
    ret x18
    brk #0
    ret x18
stubs:
    ret x20
    br x17
    blr x20
    br x20
    brk #0                      // PLAIN_BRK
    nop                         // PLAIN_NOP
    ret x18
stubs_end:
    .set PLAIN_BRK, PLAIN + 16
    .set PLAIN_NOP, PLAIN + 20

    // x0: to, x1: from, x2: words
copy:
    ldr w3, [x1], #4
    str w3, [x0], #4
    subs x2, x2, #1
    b.ne copy
    ret

    // From the stubs at x21; BR X20 has there the type x19. x22: what was refused. Returns to x28.
matrix:
    mov x22, #0
    mov x23, #5
1:  mov x24, #3
2:  ldr x20, =LANDINGS
    add x20, x20, x23, lsl #3
    adr x18, 3f
    add x25, x21, x24, lsl #2
    cmp x24, #3
    csel x26, x19, x24, eq      // the type that is expected
    mov x17, x20
    mov x27, #0
    ret x25
3:  lsl x26, x23, #2
    add x26, x26, x24
    lsl x27, x27, x26
    orr x22, x22, x27
    subs x24, x24, #1
    b.pl 2b
    subs x23, x23, #1
    b.pl 1b
    ret x28

    // Three times, all the same.
    .macro matrices result
    adr x28, 1f
    b matrix
1:  mov \result, x22
    adr x28, 2f
    b matrix
2:  cmp \result, x22
    cinc x9, x9, ne
    adr x28, 3f
    b matrix
3:  cmp \result, x22
    cinc x9, x9, ne
    .endm

    // BLR from the guarded stub to \target. x27: refused.
    .macro call target
    ldr x20, =\target
    ldr x25, =(GUARDED_STUBS + BLR_STUB)
    adr x18, 1f
    mov x26, #2
    mov x27, #0
    ret x25
1:
    .endm

    .macro page index, attributes
    ldr x0, =(L3 + 8 * (\index))
    ldr x8, =(\attributes)
    str x8, [x0]
    dsb ish
    ldr x0, =((LANDINGS >> 12) + (\index))
    tlbi vaae1, x0
    dsb ish
    isb
    .endm

    .macro landing word
    ldr x0, =LANDINGS
    ldr w8, =\word
    str w8, [x0]
    dc cvau, x0
    dsb ish
    ic ivau, x0
    dsb ish
    isb
    .endm

main:
    use_vectors
    ldr x0, =LANDINGS
    adr x1, landings
    mov x2, #((stubs - landings) / 4)
    bl copy
    ldr x0, =PLAIN
    adr x1, stubs
    mov x2, #((stubs_end - stubs) / 4)
    bl copy
    ldr x0, =GUARDED_STUBS
    adr x1, stubs
    mov x2, #4
    bl copy
    entry L1, 0, 0, BLOCK | DEVICE
    entry L1, 1, L2, TABLE
    entry L2, 0, 0x40000000, BLOCK | NORMAL
    entry L2, 2, L3, TABLE
    entry L2, 5, 0x40a00000, BLOCK | NORMAL
    entry L2, 7, 0x40e00000, BLOCK | NORMAL
    entry L3, 0, LANDINGS, PAGE | NORMAL | GUARDED
    entry L3, 1, PLAIN, PAGE | NORMAL
    entry L3, 3, GUARDED_STUBS, PAGE | NORMAL | GUARDED
    mmu_on 25 | (1 << 32), L1
    mov x9, #0
    adr x16, refused
    ldr x21, =PLAIN
    mov x19, #1
    matrices x1
    ldr x21, =GUARDED_STUBS
    mov x19, #3
    matrices x2
    mrs x0, sctlr_el1
    orr x0, x0, #(1 << 36)      // BT1
    msr sctlr_el1, x0
    isb
    matrices x3

    mov x5, #0
    mov x6, #0
    mov x4, #3
again:
    call PLAIN_NOP
    orr x5, x5, x27
    page 1, PLAIN | PAGE | NORMAL | GUARDED
    call PLAIN_NOP
    orr x5, x5, x27, lsl #1
    page 1, PLAIN | PAGE | NORMAL
    call PLAIN_NOP
    orr x5, x5, x27, lsl #2
    landing 0xd503245f
    call LANDINGS
    orr x6, x6, x27
    landing 0xd503201f
    call LANDINGS
    orr x6, x6, x27, lsl #1
    subs x4, x4, #1
    b.ne again

    mov x4, #3
    adr x16, show
shows:
    call LANDINGS + BRK
    mov x10, x27
    call PLAIN_BRK
    mov x11, x27
    call ABSENT
    mov x12, x27
    subs x4, x4, #1
    b.ne shows

    msr oslar_el1, xzr
    ldr x0, =(1 << 13 | 1)      // KDE, SS
    msr mdscr_el1, x0
    isb
    adr x18, 1f
    ldr x20, =LANDINGS
    ldr x25, =(GUARDED_STUBS + BR_STUB)
    ldr x0, =(1 << 21 | 5)
    msr spsr_el1, x0
    msr elr_el1, x25
    eret
1:  mov x13, x27
    msr mdscr_el1, xzr
    isb

    adr x16, refused
    mov x26, #2
    adr x18, 1f
    ldr x20, =(LANDINGS + 3 * 8)
    ldr x0, =(2 << 10 | 0x3c5)
    msr spsr_el1, x0
    msr elr_el1, x20
    mov x27, #0
    eret
1:  and x14, x29, #3
    lsl x14, x14, #4
    orr x14, x14, #2
    cbnz x27, 2f
    mov x14, #-1
2:  adr x18, 1f
    ldr x20, =(LANDINGS + 2 * 8)
    ldr x0, =(2 << 10 | 0x3c5)
    msr spsr_el1, x0
    msr elr_el1, x20
    mov x27, #0
    eret
1:  mov x15, x27
    b done

from_el1:
    br x16
    // x20, x26: where, and of what type; goes on at x18.
refused:
    mrs x29, esr_el1
    mov w27, #0x36000000
    orr x27, x27, x26
    cmp x27, x29
    cinc x9, x9, ne
    mrs x27, elr_el1
    cmp x27, x20
    cinc x9, x9, ne
    mrs x27, spsr_el1
    ubfx x27, x27, #10, #2
    cmp x27, x26
    cinc x9, x9, ne
    mov x27, #1
    b leave
show:
    mrs x27, elr_el1
    cmp x27, x20
    cinc x9, x9, ne
    mrs x27, spsr_el1
    ubfx x27, x27, #10, #2
leave:
    msr elr_el1, x18
    mov x0, #0x3c5
    msr spsr_el1, x0
    eret
from_el0:
    b unexpected
    vectors
done:
    finish
