// SPDX-License-Identifier: Apache-2.0
// void run_case(struct Case* c, const uint32_t* slot): sets every register from the case, runs the slot, stores them.
// TPIDR_EL0 carries X30 into the slot (its first word fetches it) and out of it.

    .macro general op
    \op x2, x3, [x0, #16]
    \op x4, x5, [x0, #32]
    \op x6, x7, [x0, #48]
    \op x8, x9, [x0, #64]
    \op x10, x11, [x0, #80]
    \op x12, x13, [x0, #96]
    \op x14, x15, [x0, #112]
    \op x16, x17, [x0, #128]
    \op x18, x19, [x0, #144]
    \op x20, x21, [x0, #160]
    \op x22, x23, [x0, #176]
    \op x24, x25, [x0, #192]
    \op x26, x27, [x0, #208]
    \op x28, x29, [x0, #224]
    .endm

    .macro vectors op, base
    .irp n, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30
    vector_pair \op, \base, \n
    .endr
    .endm
    .altmacro
    .macro vector_pair op, base, n
    vector_pair_ \op, \base, \n, %(\n + 1)
    .endm
    .macro vector_pair_ op, base, n, m
    \op q\n, q\m, [\base, #(16 * \n)]
    .endm

    .set SP_, 248
    .set NZCV_, 264
    .set FPCR_, 272
    .set FPSR_, 280
    .set V_, 304

    .text
    .global run_case
run_case:
    stp x29, x30, [sp, #-176]!
    stp x19, x20, [sp, #16]
    stp x21, x22, [sp, #32]
    stp x23, x24, [sp, #48]
    stp x25, x26, [sp, #64]
    stp x27, x28, [sp, #80]
    stp d8, d9, [sp, #96]
    stp d10, d11, [sp, #112]
    stp d12, d13, [sp, #128]
    stp d14, d15, [sp, #144]
    mrs x2, tpidr_el0
    str x2, [sp, #160]
    ldr x2, =host_sp
    mov x3, sp
    stp x3, x0, [x2]
    clrex

    add x3, x0, #V_
    vectors ldp, x3
    ldp x2, x3, [x0, #FPCR_]
    msr fpcr, x2
    msr fpsr, x3
    ldr x2, [x0, #NZCV_]
    msr nzcv, x2
    ldp x30, x2, [x0, #240]
    msr tpidr_el0, x30
    mov sp, x2
    mov x30, x1
    general ldp
    ldp x0, x1, [x0]
    br x30

    .global exit_case
exit_case:
    msr tpidr_el0, x30
    ldr x30, =host_sp
    ldr x30, [x30, #8]
    stp x0, x1, [x30]
    mov x0, x30
    general stp
    mrs x2, tpidr_el0
    mov x3, sp
    stp x2, x3, [x0, #240]
    mrs x2, nzcv
    str x2, [x0, #NZCV_]
    mrs x3, fpsr
    str x3, [x0, #FPSR_]
    add x3, x0, #V_
    vectors stp, x3

    .global resume
resume:
    msr fpcr, xzr
    ldr x2, =host_sp
    ldr x2, [x2]
    mov sp, x2
    ldr x2, [sp, #160]
    msr tpidr_el0, x2
    ldp x19, x20, [sp, #16]
    ldp x21, x22, [sp, #32]
    ldp x23, x24, [sp, #48]
    ldp x25, x26, [sp, #64]
    ldp x27, x28, [sp, #80]
    ldp d8, d9, [sp, #96]
    ldp d10, d11, [sp, #112]
    ldp d12, d13, [sp, #128]
    ldp d14, d15, [sp, #144]
    ldp x29, x30, [sp], #176
    ret
    .ltorg

    .bss
    .balign 16
    .global host_sp
host_sp:
    .skip 16  // the second word: the case that runs
    .section .note.GNU-stack, "", %progbits
