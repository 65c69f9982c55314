// SPDX-License-Identifier: Apache-2.0
// Flags, what uses them, and conditional branches.
adds:
    adds x0, x1, x2
subs_immediate:
    subs x0, x1, #1
cmp:
    cmp x0, x1
cmn_immediate:
    cmn x0, #1
tst:
    tst x0, #7
ands_32:
    ands w0, w1, w2
cmp_beq:
    cmp x0, x1
    b.eq . + 0x40
cmp_bhi_immediate:
    cmp w0, #10
    b.hi . + 0x40
cmp_bne_backward:
    cmp x0, x1
    b.ne . - 0x40
subs_bne:
    subs x0, x0, #1
    b.ne . - 0x40
tst_beq:
    tst w0, #0x10
    b.eq . + 0x40
cmn_blt:
    cmn x0, x1
    b.lt . + 0x40
cbz:
    cbz x0, . + 0x40
cbnz_32:
    cbnz w0, . + 0x40
cbz_unpinned:
    cbz x9, . + 0x40
tbz:
    tbz x0, #3, . + 0x40
tbnz_63:
    tbnz x0, #63, . + 0x40
branch_on_old_flags:
    b.ge . + 0x40
csel:
    cmp x1, x2
    csel x0, x3, x4, lt
cset:
    cmp x1, x2
    cset w0, eq
csinc:
    cmp w1, #0
    cinc x0, x2, ne
csneg:
    cmp x1, #0
    cneg x0, x1, mi
csel_of_old_flags:
    csel x0, x1, x2, hs
two_uses_of_flags:
    cmp x0, x1
    csel x2, x3, x4, gt
    cset x5, eq
ccmp:
    cmp x0, x1
    ccmp x2, #5, #0, ne
    b.gt . + 0x40
adds_adc:
    adds x0, x0, x2
    adc x1, x1, x3
subs_sbcs:
    subs x0, x0, x2
    sbcs x1, x1, x3
adcs_chain:
    adcs x0, x0, x1
    adcs x2, x2, x3
mrs_nzcv:
    mrs x0, nzcv
