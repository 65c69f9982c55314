// SPDX-License-Identifier: Apache-2.0
// Table look-up, interleaving, extraction and reversal.
// expect: v0=0x0f0e0d0c0b0a0908_0706050403020100 v1=0x0001020304050607_08090a0b0c0d0e0f
// expect: v2=0x0707060605050404_0303020201010000 v3=0x0e0c0a0806040200_0e0c0a0806040200
// expect: v4=0x0201000f0e0d0c0b_0a09080706050403 v5=0x08090a0b0c0d0e0f_0001020304050607
// expect: v6=0x0303030303030303_0303030303030303 v7=0x0000000000000000_00000000000000ff
    .include "test.inc"
    begin
    ldr q0, bytes
    ldr q20, reversed
    tbl v1.16b, {v0.16b}, v20.16b
    zip1 v2.16b, v0.16b, v0.16b
    uzp1 v3.16b, v0.16b, v0.16b
    ext v4.16b, v0.16b, v0.16b, #3
    rev64 v5.16b, v0.16b
    dup v6.16b, v0.b[3]
    movi v7.8b, #0xff
    movi v21.8b, #0x40          // beyond the table
    mov v21.b[0], wzr
    movi v22.16b, #0xff
    tbl v7.8b, {v22.16b}, v21.8b
    b 1f
    .balign 16
bytes:
    .byte 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
reversed:
    .byte 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0
1:
    finish
