// SPDX-License-Identifier: Apache-2.0
// What compilers make of common C: loops, functions, tables.
copy_words:
1:
    ldr x3, [x1], #8
    str x3, [x0], #8
    subs x2, x2, #8
    b.ne 1b
copy_pairs_of_vectors:
1:
    ldp q0, q1, [x1], #32
    stp q0, q1, [x0], #32
    subs x2, x2, #32
    b.hi 1b
length_of_a_string:
    mov x1, x0
1:
    ldrb w2, [x1], #1
    cbnz w2, 1b
    sub x0, x1, x0
    ret
length_of_a_string_by_vectors:
1:
    ldr q1, [x1], #16
    cmeq v0.16b, v1.16b, #0
    umaxp v0.16b, v0.16b, v0.16b
    fmov x2, d0
    cbz x2, 1b
compare_bytes:
1:
    ldrb w3, [x0], #1
    ldrb w4, [x1], #1
    cmp w3, w4
    b.ne . + 0x40
    cbnz w3, 1b
sum_an_array:
    mov x3, #0
1:
    ldr x4, [x0, x2, lsl #3]
    add x2, x2, #1
    add x3, x3, x4
    cmp x2, x1
    b.lo 1b
walk_a_list:
1:
    ldr w3, [x0, #8]
    add w2, w2, w3
    ldr x0, [x0]
    cbnz x0, 1b
dot_product:
1:
    ldr d1, [x0], #8
    ldr d2, [x1], #8
    fmadd d0, d1, d2, d0
    subs x2, x2, #1
    b.ne 1b
saxpy_by_vectors:
1:
    ldr q1, [x0, x3]
    ldr q2, [x1, x3]
    fmla v2.4s, v1.4s, v0.s[0]
    str q2, [x1, x3]
    add x3, x3, #16
    cmp x3, x2
    b.ne 1b
hash_bytes:
1:
    ldrb w3, [x0], #1
    eor w2, w2, w3
    mul w2, w2, w4
    cmp x0, x1
    b.ne 1b
prologue:
    stp x29, x30, [sp, #-48]!
    mov x29, sp
    stp x19, x20, [sp, #16]
    str x21, [sp, #32]
    mov x19, x0
    mov x20, x1
epilogue:
    mov x0, x19
    ldr x21, [sp, #32]
    ldp x19, x20, [sp, #16]
    ldp x29, x30, [sp], #48
    ret
call_with_arguments:
    mov w1, #16
    mov x0, x19
    bl . + 0x4000
switch_by_table:
    cmp w0, #7
    b.hi . + 0x40
    adrp x1, . + 0x3000
    add x1, x1, #0x120
    ldrh w1, [x1, w0, uxtw #1]
    adr x2, . + 0x10
    add x1, x2, w1, sxth #2
    br x1
virtual_call:
    ldr x1, [x0]
    ldr x1, [x1, #24]
    blr x1
load_of_a_global:
    adrp x0, . + 0x12000
    ldr w0, [x0, #0x120]
call_through_got:
    adrp x16, . + 0x12000
    ldr x17, [x16, #0x18]
    add x16, x16, #0x18
    br x17
lock:
    mov w2, #1
1:
    ldaxr w1, [x0]
    cbnz w1, . + 0x40
    stxr w1, w2, [x0]
    cbnz w1, 1b
minimum_of_two:
    cmp w0, w1
    csel w0, w0, w1, lt
absolute_value:
    cmp w0, #0
    cneg w0, w0, lt
clamp_to_byte:
    cmp w0, #255
    mov w1, #255
    csel w1, w0, w1, lt
    cmp w0, #0
    csel w0, w1, wzr, ge
add_of_128_bits:
    adds x0, x0, x2
    adc x1, x1, x3
division_by_ten:
    mov w1, #0xcccd
    movk w1, #0xcccc, lsl #16
    umull x0, w0, w1
    lsr x0, x0, #35
