// SPDX-License-Identifier: Apache-2.0
// Branches without condition, calls and returns.
b_forward:
    b . + 0x40
b_backward:
    b . - 0x40
b_other_page:
    b . + 0x4000
bl_same_page:
    bl . + 0x40
bl_other_page:
    bl . + 0x4000
ret:
    ret
br:
    br x1
blr:
    blr x1
blr_unpinned:
    blr x9
bti_landing:
    bti c
    ret
signed_return:
    paciasp
    autiasp
    ret
