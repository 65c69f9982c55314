// SPDX-License-Identifier: Apache-2.0
// One line of code is entered at each of its instructions; each becomes a nop in turn. All entries must see it.
// expect: x1=1360
    .include "test.inc"
    begin
    .include "code.inc"
    adr x20, line
    mov x1, #0
    ldr w21, =0xd503201f        // nop
    mov x22, #0
1:  mov x23, #0
2:  add x24, x20, x23, lsl #2
    blr x24
    add x23, x23, #1
    cmp x23, #16
    b.ne 2b
    cbz x22, 3f                 // before anything was changed
    b 4f
3:  sub x1, x1, #136
4:  cmp x22, #16
    b.eq 5f
    add x24, x20, x22, lsl #2
    str w21, [x24]
    publish x24
    add x22, x22, #1
    b 1b
    .balign 64
line:
    .rept 16
    add x1, x1, #1
    .endr
    ret
5:
    finish
