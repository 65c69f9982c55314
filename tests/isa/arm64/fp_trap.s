// SPDX-License-Identifier: Apache-2.0
// CPACR_EL1.FPEN forbids: EC 7; once the handler allows it the instruction is done.
// expect: x1=0x1fe00000 x2=1 v0=0x3ff0000000000000
    .include "test.inc"
    begin
    .include "vectors.inc"
    use_vectors
    msr cpacr_el1, xzr
    isb
    fmov d0, #1.0
    b done
from_el1:
    mrs x1, esr_el1
    add x2, x2, #1
    mov x20, #(3 << 20)
    msr cpacr_el1, x20
    isb
    eret
from_el0:
    b unexpected
    vectors
done:
    finish
