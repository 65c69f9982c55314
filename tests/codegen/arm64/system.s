// SPDX-License-Identifier: Apache-2.0
// System registers and exceptions, from EL0 and from EL1.
mrs_tpidr_el0:
    mrs x0, tpidr_el0
mrs_cntvct_el0:
    mrs x0, cntvct_el0
svc:
    svc #0
nop:
    nop
dc_zva:
    dc zva, x0
ic_ivau:
    ic ivau, x0
isb:
    isb
// el1
mrs_sp_el0:
    mrs x0, sp_el0
mrs_tpidr_el1:
    mrs x0, tpidr_el1
msr_tpidr_el0:
    msr tpidr_el0, x0
mrs_esr_el1:
    mrs x0, esr_el1
msr_elr_el1:
    msr elr_el1, x0
msr_daifset:
    msr daifset, #2
msr_daifclr:
    msr daifclr, #2
msr_daif:
    msr daif, x0
mrs_daif:
    mrs x0, daif
msr_ttbr0_el1:
    msr ttbr0_el1, x0
tlbi_vae1is:
    tlbi vae1is, x0
eret:
    eret
ldtr:
    ldtr x0, [x1]
sttr:
    sttr x0, [x1]
