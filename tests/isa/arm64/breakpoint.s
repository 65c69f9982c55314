// SPDX-License-Identifier: Apache-2.0
// BRK: EC 3c with the immediate, ELR of the instruction.
// expect: x1=0xf200beef x2=0
    .include "test.inc"
    begin
    .include "vectors.inc"
    use_vectors
    adr x20, 1f
1:  brk #0xbeef
    b done
from_el1:
    mrs x1, esr_el1
    mrs x2, elr_el1
    sub x2, x2, x20
    next_instruction
    eret
from_el0:
    b unexpected
    vectors
done:
    finish
