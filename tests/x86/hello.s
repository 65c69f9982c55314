# SPDX-License-Identifier: Apache-2.0
# A kernel with a PVH entry: it says on the serial port what it was given, and resets the machine.
# In: ebx = hvm_start_info (Xen's public/arch-x86/hvm/start_info.h).

        .section .note.Xen, "a", @note
        .long 4, 4, 18          # XEN_ELFNOTE_PHYS32_ENTRY
        .asciz "Xen"
        .long start

        .text
        .code32
        .globl start
start:
        mov $stack, %esp
        mov %ebx, %ebp
        mov $hello, %esi
        call print
        cmpl $0x336ec578, (%ebp)
        jne bad
        mov 24(%ebp), %esi      # cmdline_paddr
        test %esi, %esi
        jz modules
        call print
modules:
        mov $newline, %esi
        call print
        cmpl $1, 12(%ebp)       # nr_modules
        jne memory
        mov 16(%ebp), %eax      # modlist_paddr
        mov (%eax), %esi
        call print
memory:
        mov 40(%ebp), %edi      # memmap_paddr
        mov 48(%ebp), %ecx      # memmap_entries
range:
        mov (%edi), %eax
        call hex
        mov 8(%edi), %eax
        call hex
        mov 16(%edi), %eax
        call hex
        mov $newline, %esi
        call print
        add $24, %edi
        loop range
        mov $good, %esi
        call print
        lidt nowhere
        ud2
bad:    mov $wrong, %esi
        call print
        lidt nowhere
        ud2

print:  mov $0x3f8, %dx
1:      lodsb
        test %al, %al
        jz 2f
        out %al, %dx
        jmp 1b
2:      ret

hex:    push %ecx
        mov $8, %ecx
        mov %eax, %ebx
1:      rol $4, %ebx
        mov %bl, %al
        and $15, %al
        add $48, %al            # '0'
        cmp $57, %al
        jbe 2f
        add $39, %al            # 'a' - '9' - 1
2:      mov $0x3f8, %dx
        out %al, %dx
        loop 1b
        mov $32, %al
        out %al, %dx
        pop %ecx
        ret

        .section .rodata
hello:  .asciz "PVH "
newline: .asciz "\n"
good:   .asciz "done\n"
wrong:  .asciz "no start info\n"
nowhere: .word 0
        .long 0

        .bss
        .skip 4096
stack:
