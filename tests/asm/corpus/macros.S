// SPDX-License-Identifier: MIT
// Macros: positional and keyword arguments, defaults, :req, :vararg, \@, \(), nesting, repetition.
        .macro  push2 first:req, second=xzr, size=16
        stp     \first, \second, [sp, #-\size]!
        .endm
        .macro  count
.Lcount\@:
        subs    x0, x0, #1
        b.ne    .Lcount\@
        .endm
        .macro  all values:vararg
        .word   \values
        .endm
        .macro  vector name, kind
        .balign 128
vec_\name\()_\kind:
        count
        b       vec_\name\()_\kind
        .endm
        .macro  early n
        .if     \n > 3
        nop
        .exitm
        .endif
        mov     x9, #\n
        .endm
        .macro  make name
        .macro  \name\()_twice
        \name
        \name
        .endm
        .endm
        .macro  text_of message, end="\n"
        .asciz  "\message\end"
        .endm
        .macro  saveall from=0
        .irp    n, 0, 1, 2, 3
        str     x\n, [sp, #8*(\n+\from)]
        .endr
        .endm
        .text
_start: push2   x1
        push2   x1, x2
        push2   second=x5, first=x6
        push2   x1, size=32
        push2   x1 x2 48
1:      count
        count
        cbnz    x0, 1b
        all     1, 2, 3
        all
        vector  sync, el1
        vector  irq, el1
        early   3
        early   4
        make    nop
        nop_twice
        .purgem nop_twice
        saveall
        saveall 4
        .rept   3
        add     x0, x0, #1 ; nop
        .endr
        .irp    r, x0, x1, x2
        mov     \r, xzr
        .endr
        .irpc   d, 0123
        mov     x\d, #\d
        .endr
        .rept   2
        .irp    a, 1, 2
        .word   \a
        .endr
        .endr
        .set    i, 0
        .rept   4
        .word   i
        .set    i, i + 1
        .endr
        .section .rodata
        text_of "hello there"
        text_of "a, b", "!"
