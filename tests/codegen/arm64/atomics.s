// SPDX-License-Identifier: Apache-2.0
// Exclusives, atomics and barriers.
ldxr:
    ldxr x0, [x1]
stxr:
    stxr w0, x2, [x1]
ldxr_stxr_loop:
1:
    ldaxr w2, [x1]
    add w2, w2, #1
    stlxr w3, w2, [x1]
    cbnz w3, 1b
ldadd:
    ldadd x0, x2, [x1]
ldaddal_32:
    ldaddal w0, w2, [x1]
stadd:
    stadd x0, [x1]
ldset:
    ldset x0, x2, [x1]
ldclr:
    ldclr x0, x2, [x1]
swp:
    swp x0, x2, [x1]
cas:
    cas x0, x2, [x1]
casal_32:
    casal w0, w2, [x1]
casp:
    casp x2, x3, x4, x5, [x1]
dmb_ish:
    dmb ish
dmb_ishld:
    dmb ishld
dmb_ishst:
    dmb ishst
dsb_sy:
    dsb sy
clrex:
    clrex
