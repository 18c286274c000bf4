// SPDX-License-Identifier: MIT
// Every data directive, alignment and fill.
        .text
_start: nop
        .byte   1, 2, -1, 0xff, 'a', '\n'
        .balign 4
        nop
        .data
values: .hword  0x1234, -2
        .short  1
        .2byte  2
        .word   0xffffffff, -1, values_end - values
        .long   5
        .int    6
        .4byte  7
        .quad   0x123456789abcdef0, -1, values, values_end + 8, _start
        .xword  8
        .8byte  9
        .octa   0x0102030405060708090a0b0c0d0e0f10
        .ascii  "one", "two\t\"q\"\\", "\101\x42"
        .asciz  "three; // not a comment /* nor this */"
        .string "four", ""
values_end:
        .p2align 4
        .byte   1
        .p2align 3, 0x55
        .byte   1
        .balign 16, 0xaa
        .byte   1
        .balign 64, 0, 3        // more than 3 bytes: left out
        .byte   2
        .balignw 8, 0x1234
        .skip   5
        .space  3, 0x77
        .zero   4
        .fill   3, 2, 0x0102
        .fill   2, 8, 0x11223344
        .fill   4
        .org    values + 0x180
        .byte   0xee
        .org    .+7, 0x11
        .byte   0xef
        .incbin "inc/blob.bin"
        .incbin "inc/blob.bin", 2
        .incbin "inc/blob.bin", 1, 3
        .section .rodata
        .word   values_end - values
here:   .quad   . - here, .
        .bss
        .balign 64
room:   .skip   256
        .comm   shared, 32, 16
