// SPDX-License-Identifier: Apache-2.0
// A branch to an address that is no multiple of 4: EC 22, FAR and ELR are the target.
// expect: x1=0x8a000000 x2=2 x3=2
    .include "test.inc"
    begin
    .include "vectors.inc"
    use_vectors
    adr x20, 1f
    add x21, x20, #2
    br x21
1:  b unexpected
from_el1:
    mrs x1, esr_el1
    mrs x2, far_el1
    mrs x3, elr_el1
    sub x2, x2, x20
    sub x3, x3, x20
    adr x22, done
    msr elr_el1, x22
    eret
from_el0:
    b unexpected
    vectors
done:
    finish
