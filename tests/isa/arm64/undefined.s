// SPDX-License-Identifier: Apache-2.0
// UDF and an unallocated encoding: EC 0, IL set, ELR of the instruction itself; HVC without EL2 too.
// expect: x1=0x2000000 x2=0 x3=0x2000000 x4=0x2000000 x5=3
    .include "test.inc"
    begin
    .include "vectors.inc"
    use_vectors
    mov x5, #0
    adr x20, 1f
1:  udf #7
    mov x1, x28
    sub x2, x27, x20
    .word 0x00010000            // reserved
    mov x3, x28
    hvc #0
    mov x4, x28
    b done
from_el1:
    mrs x28, esr_el1
    mrs x27, elr_el1
    add x5, x5, #1
    next_instruction
    eret
from_el0:
    b unexpected
    vectors
done:
    finish
