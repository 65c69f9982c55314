# SPDX-License-Identifier: Apache-2.0
# A kernel with a PVH entry that starts all other processors (SDM volume 3, 9.4), waits until as many have counted
# themselves as its command line has digits for ("3": three others), says so on the serial port, and resets the machine.

        .set apic, 0xfee00000
        .set place, 0x8000      # where processors begin: vector 8
        .set count, 0x7000
        .set port, 0x3f8

        .section .note.Xen, "a", @note
        .long 4, 4, 18          # XEN_ELFNOTE_PHYS32_ENTRY
        .asciz "Xen"
        .long start

        .text
        .code32
        .globl start
start:
        mov $stack, %esp
        mov 24(%ebx), %esi      # cmdline_paddr
        movzbl (%esi), %ebp
        sub $48, %ebp           # '0'
        movl $0, count
        mov $begin, %esi
        mov $place, %edi
        mov $(end - begin), %ecx
        rep movsb
        movl $0x1ff, apic + 0xf0        # on, spurious vector 0xff
        mov $apic + 0x300, %esi
        movl $0xc4500, (%esi)           # INIT to all but self
        call wait
        movl $0xc4608, (%esi)           # start-up at place
        call wait
        movl $0xc4608, (%esi)
all:    pause
        cmp %ebp, count
        jb all
        mov count, %al
        add $48, %al
        mov $port, %dx
        out %al, %dx
        mov $10, %al
        out %al, %dx
        lidt nowhere
        ud2

wait:   mov $20000, %ecx
1:      loop 1b
        ret

        .code16
begin:  xor %ax, %ax
        mov %ax, %ds
        lock incw count
1:      hlt
        jmp 1b
end:

        .data
nowhere: .word 0
        .long 0

        .bss
        .skip 4096
stack:
