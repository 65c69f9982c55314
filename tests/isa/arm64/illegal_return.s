// SPDX-License-Identifier: Apache-2.0
// An exception return to a state that does not exist sets PSTATE.IL, and the next instruction is EC e.
// expect: x1=0x3a000000 x2=0 x3=1
    .include "test.inc"
    begin
    .include "vectors.inc"
    use_vectors
    adr x20, 1f
    msr elr_el1, x20
    mov x21, #0x3cd             // EL3
    msr spsr_el1, x21
    eret
1:  mov x3, #2                  // not executed
from_el1:
    mrs x1, esr_el1
    mrs x2, elr_el1
    sub x2, x2, x20
    mrs x3, spsr_el1
    ubfx x3, x3, #20, #1        // IL
    b done
from_el0:
    b unexpected
    vectors
done:
    finish
