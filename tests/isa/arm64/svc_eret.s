// SPDX-License-Identifier: Apache-2.0
// ERET to EL0, SVC from there: syndrome, return address, saved state, and back.
// expect: x1=0x56001234 x2=0x60000000 x3=1 x4=0x40d00000 x5=4 x6=0 x7=0x9 x8=1 nzcv=6
    .include "test.inc"
    begin
    .include "vectors.inc"
    use_vectors
    ldr x20, =0x40d00000
    msr sp_el0, x20
    adr x20, user
    msr elr_el1, x20
    msr spsr_el1, xzr
    eret
user:
    mov x4, sp
    cmp x20, x20                // Z C
    svc #0x1234
    mov x8, #1
    svc #2                      // does not come back
    mov x8, #2
from_el0:
    mrs x21, esr_el1
    and x22, x21, #0xffff
    cmp x22, #2
    b.eq done
    mov x1, x21
    mrs x2, spsr_el1
    mrs x23, elr_el1
    adr x24, user
    sub x7, x23, x24
    sub x7, x7, #3              // 12 bytes in, after the SVC
    mrs x5, currentel
    mrs x25, spsel
    mov x3, x25
    mov x6, #0
    eret
from_el1:
    b unexpected
    vectors
done:
    cmp x20, x20
    finish
