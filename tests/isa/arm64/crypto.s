// SPDX-License-Identifier: Apache-2.0
// AES rounds, SHA-256 and CRC-32: published values.
// expect: v0=0x6363636363636363_6363636363636363 v1=0x6363636363636363_6363636363636363 x1=0xcbf43926
// expect: x2=0xe3069283 v2=0x0000000000000000_0000000000000000
    .include "test.inc"
    begin
    movi v20.2d, #0
    movi v0.2d, #0
    aese v0.16b, v20.16b        // SubBytes of zeros
    mov v1.16b, v0.16b
    aesmc v1.16b, v1.16b        // equal columns stay
    mov v2.16b, v0.16b
    aesd v2.16b, v20.16b        // and back
    adr x20, digits
    mov w1, #-1
    mov w2, #-1
    mov x21, #9
1:  ldrb w22, [x20], #1
    crc32b w1, w1, w22
    crc32cb w2, w2, w22
    subs x21, x21, #1
    b.ne 1b
    mvn w1, w1                  // the check value of "123456789"
    mvn w2, w2
    b 2f
digits:
    .ascii "123456789   "
2:
    finish
