// SPDX-License-Identifier: MIT
// Sections are collected, whatever their order in the source; directives that say nothing about bytes.
        .file   "sections.S"
        .arch   armv8-a
        .cpu    cortex-a72
        .arch_extension crc
        .global _start
        .globl  value
        .weak   optional
        .hidden value
        .type   _start, %function
        .text
_start: nop
        .data
value:  .quad   text_two
        .text
        bl      text_two
        adrp    x0, value
        b       other
        .section .text.later, "ax", %progbits
text_two:
        ret
        .section .rodata.str, "a"
        .asciz  "constant"
        .section .data.more, "aw"
        .balign 32
        .quad   value, counters, optional
        .section .bss.more, "aw", %nobits
        .balign 16
counters:
        .skip   32
        .section .note.GNU-stack, "", %progbits
        .text
other:  nop
        .pushsection .rodata
        .word   1
        .popsection
        nop
        .section .rodata
        .word   2
        .previous
        crc32b  w0, w1, w2
        .size   _start, . - _start
        .ident  "nobody"
        .inst   0xd503201f, 0xd503205f
        .section .vectors, "ax"
        .balign 2048
vectors:
        b       .
        .balign 128
        nop
        .byte   1
        .balign 16
        nop
