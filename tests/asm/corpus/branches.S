// SPDX-License-Identifier: MIT
// Every PC-relative instruction, with named, local and numeric labels.
_start: b       1f
        bl      function
1:      b.eq    1b
        beq     2f
        b.hs    1b
        bcc     1b
        b.al    2f
        cbz     x0, 1b
        cbnz    w30, 1f
        tbz     x1, #63, 1b
        tbnz    w2, #31, 1f
        tbz     x3, #5, 2f
1:      adr     x4, .Llocal
        adr     x5, . + 8
        adr     lr, _start
        b       .
        b       . - 4
        b       _start + 8
2:      ldr     x6, .Lvalue
        ldr     w7, .Lvalue + 4
        ldrsw   x8, .Lvalue
        ldr     q9, .Lvalue
        ldr     d10, .Lvalue
        ldr     s11, .Lvalue
        .macro  wait register
1:      cbz     \register, 1f
        b       1b
1:
        .endm
1:      wait    x0
        wait    x1
        b       1b
        b       1f
        .rept   3
1:      cbnz    x2, 1b
        .endr
function:
        ret
        .balign 16
.Lvalue:
        .quad   1, 2
.Llocal:
        adrp    x0, _start
        add     x1, x1, :lo12:far_away
        add     x2, x1, #:lo12:far_away + 1
        ldr     x2, [x1, :lo12:far_away]
        ldr     w2, [x1, #:lo12:far_away]
        ldrh    w2, [x1, :lo12:far_away]
        ldrb    w2, [x1, :lo12:far_away + 1]
        ldrsw   x2, [x1, :lo12:far_away]
        str     q2, [x1, :lo12:far_away]
        str     d2, [x1, :lo12:far_away]
        movz    x3, #:abs_g3:far_away
        movk    x3, #:abs_g2_nc:far_away
        movk    x3, #:abs_g1_nc:far_away
        movk    x3, #:abs_g0_nc:far_away
        movz    x4, #:abs_g1:far_away
        .equ    alias, function + 4
        adr     x9, alias
        .bss
        .balign 64
        .skip   16
far_away:
        .skip   16
