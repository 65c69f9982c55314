// SPDX-License-Identifier: Apache-2.0
// A load and a store where nothing answers: a synchronous external abort, FAR, and no write-back.
// expect: x1=0x96000010 x2=0x20000008 x3=0x96000050 x4=0x20000000 x5=0x1234
    .include "test.inc"
    begin
    .include "vectors.inc"
    use_vectors
    ldr x20, =0x20000000
    mov x5, #0x1234
    ldr x5, [x20, #8]!
    mov x1, x28
    mov x2, x27
    str x5, [x20], #8
    mov x3, x28
    mov x4, x20
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
