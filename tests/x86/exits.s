# SPDX-License-Identifier: Apache-2.0
# A kernel with a PVH entry that leaves the guest 20,000 times, between two characters on the serial port. Its command line
# says how: "p" reads a port that nobody answers, "m" a register of virtio-mmio, "s" one of the serial port.

        .section .note.Xen, "a", @note
        .long 4, 4, 18          # XEN_ELFNOTE_PHYS32_ENTRY
        .asciz "Xen"
        .long start

        .set port, 0x3f8

        .text
        .code32
        .globl start
start:
        mov $port, %dx          # the first instructions of all: to see how long the machine took to get here
        mov $'!', %al
        out %al, %dx
        mov 24(%ebx), %esi      # cmdline_paddr
        test %esi, %esi
        jz stay
        mov (%esi), %bl
        mov $20000, %ecx
        cmp $'p', %bl
        je ports
        cmp $'s', %bl
        je serial
        mov $0xfeb00000, %esi
1:      mov (%esi), %eax
        loop 1b
        jmp done
ports:  mov $0x510, %dx
2:      in %dx, %al
        loop 2b
        jmp done
serial: mov $(port + 5), %dx
3:      in %dx, %al
        loop 3b
done:   mov $port, %dx
        mov $'.', %al
        out %al, %dx
stay:   hlt
        jmp stay
