# SPDX-License-Identifier: Apache-2.0
# A boot sector that says on the firmware's screen where it came from, reads the next sector by INT 13h, prints its text, and
# switches the machine off by the ports that SeaBIOS has placed power management at.
.code16
.globl start
start:
    xorw %ax, %ax
    movw %ax, %ds
    movw %ax, %es
    movw %ax, %ss
    movw $0x7c00, %sp
    movb %dl, drive
    movw $hello, %si
    call print
    movw $0x4200, %ax
    movb drive, %dl
    movw $packet, %si
    int $0x13
    jc failed
    movw $0x8000, %si
    call print
    jmp off
failed:
    movw $bad, %si
    call print
off:
    movw $0x604, %dx
    movw $0x2000, %ax
    outw %ax, %dx
halt:
    hlt
    jmp halt

print:
    lodsb
    testb %al, %al
    jz printed
    movb $0x0e, %ah
    movw $7, %bx
    int $0x10
    jmp print
printed:
    ret

drive: .byte 0
hello: .asciz "boot sector runs\r\n"
bad: .asciz "INT 13h failed\r\n"
.balign 4
packet:
    .byte 16, 0
    .word 1
    .word 0x8000, 0
    .quad 1
.org 510
    .word 0xaa55
