// SPDX-License-Identifier: MIT
// Expressions: GNU as precedence, radixes, characters, forward references, conditionals.
        .equ    A, 5
        .set    B, A * 2
C = A + B << 1                  // << binds tighter than +
        .set    D, 1 + 2 | 4    // and so does |
        .equiv  E, 077
        .text
_start: mov     x0, #A
        add     x0, x0, #(B + 1)
        add     x1, x1, B
        mov     x2, #C
        mov     x3, #D
        and     x4, x4, #~(16 - 1)
        and     w4, w4, #~0xf
        orr     x5, x5, #1 << 40
        cmp     x6, #-A
        ldr     x7, [x8, #A*8]
        ldr     x7, [x8, B * 4]
        str     x7, [x8], #-B
        lsl     x9, x9, #A
        add     x9, x9, x10, lsl #A
        ubfx    x9, x9, #A, #B
        movk    x9, #0xbeef, lsl #(A - 5 + 16)
        mov     x11, #(end - _start)
        cmp     w0, 'x'
        cmp     w0, #','
        .data
S_start:
        .quad   A, B, C, D, E
        .quad   1 + 2 * 3, (1 + 2) * 3, 7 / 2, -7 / 2, 7 % 3, 1 << 4, 256 >> 4, -1 >> 60
        .quad   5 & 3, 5 | 3, 5 ^ 3, ~5, -5, !5, !0, 3 == 3, 3 != 3, 2 < 3, 2 > 3, 2 <= 2, 3 >= 4, 1 && 2, 0 || 3, 1 <> 2
        .quad   0x1f, 0b101, 017, 'a', '\\'
        .quad   end - _start, forward, forward + 4
        .byte   (end - _start) / 4
        .set    forward, 0x1234
        .set    S, 1
        .word   S
        .set    S, S + 1
        .word   S
        .if     A == 5 && B == 10
        .word   1
        .elseif A == 5
        .word   2
        .else
        .word   3
        .endif
        .if     A - 5
        .word   4
        .elseif B - 9
        .word   5
        .else
        .word   6
        .endif
        .ifdef  A
        .word   7
        .endif
        .ifndef NOWHERE
        .word   8
        .endif
        .ifb
        .word   9
        .endif
        .ifnb   x
        .word   10
        .endif
        .ifc    same , same
        .word   11
        .endif
        .ifnc   one, two
        .word   12
        .endif
        .ifeqs  "a b", "a b"
        .word   13
        .endif
        .if     . - S_start > 16
        .word   14
        .endif
        .ifge   A - 5
        .ifgt   A - 5
        .word   15
        .else
        .word   16
        .endif
        .endif
        .if     0
        .if     1
        .word   17
        .else
        .word   18
        .endif
        .endif
        .text
end:
