// SPDX-License-Identifier: Apache-2.0
// Arithmetic, logic, moves, bit fields, multiplication and division.
add_register:
    add x0, x1, x2
add_immediate:
    add x0, x1, #24
add_32:
    add w0, w1, w2
add_shifted:
    add x0, x1, x2, lsl #3
add_extended:
    add x0, x1, w2, sxtw #2
add_unpinned:
    add x9, x10, x11
sub_register:
    sub x0, x1, x2
sub_immediate_in_place:
    sub x0, x0, #1
neg:
    neg x0, x1
and_immediate:
    and x0, x1, #0xff00
orr_register:
    orr x0, x1, x2
eor_rotated:
    eor w0, w1, w2, ror #7
bic:
    bic x0, x1, x2
mvn:
    mvn x0, x1
mov_register:
    mov x0, x1
mov_register_32:
    mov w0, w1
movz:
    mov x0, #0x1234
movz_movk:
    mov x0, #0x5678
    movk x0, #0x1234, lsl #16
movn:
    mov w0, #-1
lsl_immediate:
    lsl x0, x1, #4
lsr_immediate_32:
    lsr w0, w1, #4
asr_immediate:
    asr x0, x1, #63
ror_immediate:
    ror x0, x1, #13
lslv:
    lsl x0, x1, x2
lsrv_32:
    lsr w0, w1, w2
ubfx:
    ubfx x0, x1, #8, #12
sbfx:
    sbfx x0, x1, #8, #12
bfi:
    bfi x0, x1, #16, #8
bfxil:
    bfxil x0, x1, #16, #8
extr:
    extr x0, x1, x2, #20
sxtw:
    sxtw x0, w1
uxtb:
    uxtb w0, w1
clz:
    clz x0, x1
rbit:
    rbit x0, x1
rev:
    rev x0, x1
rev16:
    rev16 w0, w1
mul:
    mul x0, x1, x2
madd:
    madd x0, x1, x2, x3
msub_32:
    msub w0, w1, w2, w3
smull:
    smull x0, w1, w2
umulh:
    umulh x0, x1, x2
udiv:
    udiv x0, x1, x2
sdiv_32:
    sdiv w0, w1, w2
crc32x:
    crc32x w0, w1, x2
crc32cx:
    crc32cx w0, w1, x2
adr:
    adr x0, . + 0x40
adrp_add:
    adrp x0, . + 0x12000
    add x0, x0, #0x123
