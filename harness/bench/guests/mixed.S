// SPDX-License-Identifier: MIT
// Arithmetic, loads and stores without an exit: a turn is a block of eight instructions. Others do the same.
#include "turns.inc"

main:
        set_turns
        adr     x1, data
        start_others second
        adr     x1, data
resume:
loop:
        add     x2, x2, #1
        eor     x3, x3, x2
        str     x3, [x1]
        ldr     x4, [x1, #8]
        add     x4, x4, x3, lsr #3
        stp     x4, x2, [x1, #8]
        subs    x28, x28, #1
        b.ne    loop
        b       power_off

second:
        adr     x1, data
        add     x1, x1, x0, lsl #12
        set_turns
        b       loop

#include "data.inc"
