# SPDX-License-Identifier: Apache-2.0
# A kernel with a PVH entry that jumps to where nothing is.

        .section .note.Xen, "a", @note
        .long 4, 4, 18          # XEN_ELFNOTE_PHYS32_ENTRY
        .asciz "Xen"
        .long start

        .text
        .code32
        .globl start
start:
        mov $0xe0000000, %eax
        jmp *%eax
