// SPDX-License-Identifier: Apache-2.0
// Scalar floating point.
fadd_double:
    fadd d0, d1, d2
fadd_single:
    fadd s0, s1, s2
fsub:
    fsub d0, d1, d2
fmul:
    fmul d0, d1, d2
fdiv:
    fdiv d0, d1, d2
fsqrt:
    fsqrt d0, d1
fmadd:
    fmadd d0, d1, d2, d3
fmsub:
    fmsub d0, d1, d2, d3
fabs:
    fabs d0, d1
fneg:
    fneg d0, d1
fmax:
    fmax d0, d1, d2
fminnm:
    fminnm d0, d1, d2
fmov_register:
    fmov d0, d1
fmov_immediate:
    fmov d0, #1.0
fmov_from_general:
    fmov d0, x1
fmov_to_general:
    fmov x0, d1
fcmp_bgt:
    fcmp d0, d1
    b.gt . + 0x40
fcmp_zero_beq:
    fcmp d0, #0.0
    b.eq . + 0x40
fcsel:
    fcmp d0, d1
    fcsel d2, d3, d4, mi
fcvt_single_to_double:
    fcvt d0, s1
fcvt_double_to_single:
    fcvt s0, d1
fcvtzs:
    fcvtzs x0, d1
fcvtzu_32:
    fcvtzu w0, s1
scvtf:
    scvtf d0, x1
ucvtf:
    ucvtf d0, x1
frintm:
    frintm d0, d1
frinta:
    frinta d0, d1
fadd_unpinned:
    fadd d24, d25, d26
