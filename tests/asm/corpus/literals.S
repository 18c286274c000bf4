// SPDX-License-Identifier: MIT
// Literal pools: sizes, shared entries, placement.
_start: ldr     x0, =0x123456789abcdef0
        ldr     x1, =0x123456789abcdef0
        ldr     w2, =0x12345678
        ldr     x3, =data
        ldr     w4, =data
        ldr     x5, =data + 8
        ldr     x6, =-0x123456789
        ldr     q7, =0x12345678
        ldr     s9, =0x3f812345
        ldr     x10, =later
        ldr     lr, =0x1122334455
        ret
        nop
        .ltorg
        ldr     x0, =0x123456789abcdef0
        ldr     x1, =after
        .pool
after:  ldr     x2, =0x1234567800
        .section .text.other, "ax"
        ldr     x3, =0x1234567800
        .set    later, 0x12345678
        .data
data:   .quad   1
data_end:
