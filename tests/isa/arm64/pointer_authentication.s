// SPDX-License-Identifier: Apache-2.0
// FEAT_PAuth: PACIA with keys just written, PACGA, AUTIA back and with another key, RETAA, a disabled key, the field of the
// code as TCR_EL1 changes, ERETAA. The algorithm is this emulator's own.
// expect: x1=0x847ef70040001234 x2=0x40001234 x3=1 x4=0xd39ec6d700000000 x5=0x40001234 x6=0x007ef70040001234 x7=0x55 x8=0x40001234 x9=0x77
    .include "test.inc"
    begin
    b main
    .include "vectors.inc"
    .include "mmu.inc"
    .set L1, 0x40a00000
    .macro control operation
    mrs x0, sctlr_el1
    \operation x0, x0, #(1 << 31)      // EnIA
    msr sctlr_el1, x0
    isb
    .endm
returns:
    paciasp
    mov x7, #0x55
    retaa
main:
    use_vectors
    entry L1, 0, 0, BLOCK | DEVICE
    entry L1, 1, 0x40000000, BLOCK | NORMAL
    mmu_on 25 | (1 << 32) | (25 << 16), L1
    control orr
    ldr x20, =0x0123456789abcdef
    ldr x21, =0x1111222233334444
    msr apiakeylo_el1, x20
    msr apiakeyhi_el1, x21
    msr apgakeylo_el1, x20
    msr apgakeyhi_el1, x21
    isb
    ldr x22, =0x40001234
    mov x23, #99
    mov x1, x22
    pacia x1, x23
    mov x2, x1
    autia x2, x23
    mov x10, #7
    mov x11, #9
    pacga x4, x10, x11
    mov x3, x1
    msr apiakeylo_el1, x21      // another key
    isb
    autia x3, x23
    cmp x3, x22
    cset x3, ne
    msr apiakeylo_el1, x20
    isb
    mov x5, x1
    xpaci x5
    mrs x0, tcr_el1
    orr x0, x0, #(1 << 37)      // TBI0
    msr tcr_el1, x0
    isb
    mov x6, x22
    pacia x6, x23
    bl returns
    control bic
    mov x8, x22
    pacia x8, x23
    control orr
    adr x24, back
    mov x25, sp
    pacia x24, x25
    msr elr_el1, x24
    mov x0, #0x3c5
    msr spsr_el1, x0
    eretaa
    b unexpected
back:
    mov x9, #0x77
    b done
from_el1:
    b unexpected
from_el0:
    b unexpected
    vectors
done:
    finish
