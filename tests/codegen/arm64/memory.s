// SPDX-License-Identifier: Apache-2.0
// Loads and stores of general registers.
ldr:
    ldr x0, [x1]
ldr_offset:
    ldr x0, [x1, #16]
ldr_32:
    ldr w0, [x1, #4]
ldrb:
    ldrb w0, [x1]
ldrh:
    ldrh w0, [x1, #2]
ldrsb:
    ldrsb x0, [x1]
ldrsw:
    ldrsw x0, [x1, #4]
ldur:
    ldur x0, [x1, #-8]
ldr_register:
    ldr x0, [x1, x2]
ldr_scaled:
    ldr x0, [x1, x2, lsl #3]
ldr_extended:
    ldr w0, [x1, w2, uxtw #2]
ldr_pre_index:
    ldr x0, [x1, #8]!
ldr_post_index:
    ldr x0, [x1], #8
ldr_literal:
    ldr x0, . + 0x40
ldr_unpinned:
    ldr x9, [x10, #8]
ldr_sp:
    ldr x0, [sp, #24]
ldr_over_base:
    ldr x0, [x0]
str:
    str x0, [x1]
str_offset_32:
    str w0, [x1, #12]
strb:
    strb w0, [x1]
strh:
    strh w0, [x1, #6]
str_zero:
    str xzr, [x1, #8]
str_scaled:
    str x0, [x1, x2, lsl #3]
str_pre_index:
    str x0, [x1, #-8]!
str_post_index:
    str x0, [x1], #8
str_unpinned:
    str x9, [x10]
ldp:
    ldp x0, x2, [x1]
ldp_32:
    ldp w0, w2, [x1, #8]
ldp_post_index:
    ldp x0, x2, [x1], #16
stp:
    stp x0, x2, [x1, #16]
stp_zero:
    stp xzr, xzr, [x1]
stp_pre_index_sp:
    stp x29, x30, [sp, #-32]!
ldp_post_index_sp:
    ldp x29, x30, [sp], #32
ldr_two_of_a_base:
    ldr x0, [x1, #8]
    ldr x2, [x1, #24]
copy_a_struct:
    ldp x2, x3, [x1]
    ldr x4, [x1, #16]
    stp x2, x3, [x0]
    str x4, [x0, #16]
ldar:
    ldar x0, [x1]
stlr:
    stlr x0, [x1]
ldr_q:
    ldr q0, [x1]
ldr_d:
    ldr d0, [x1, #8]
ldr_s:
    ldr s0, [x1, #4]
str_q:
    str q0, [x1, #16]
str_q_post_index:
    str q0, [x1], #16
ldp_q:
    ldp q0, q1, [x1]
stp_q:
    stp q0, q1, [x1]
ld1_two:
    ld1 {v0.16b, v1.16b}, [x1]
ld2:
    ld2 {v0.4s, v1.4s}, [x1]
