// SPDX-License-Identifier: Apache-2.0
// With the MMU off memory is Device: a misaligned access is an alignment fault, whichever way it goes (D8.2.9).
// expect: x1=0x96000021 x2=1 x3=0x96000061 x4=0x40800006 x5=0x55
    .include "test.inc"
    begin
    .include "vectors.inc"
    use_vectors
    ldr x20, =0x40800000
    mov x5, #0x55
    ldur x5, [x20, #1]
    mov x1, x28
    sub x2, x27, x20
    add x4, x20, #6
    stp w5, w5, [x4], #8
    mov x3, x28
    b done
from_el1:
    mrs x28, esr_el1
    mrs x27, far_el1
    next_instruction
    eret
from_el0:
    b unexpected
    vectors
done:
    finish
