// SPDX-License-Identifier: MIT
// MRS of the virtual counter, READS times a turn.
#include "turns.inc"

main:
        set_turns
resume:
loop:
        .rept   READS
        mrs     x0, cntvct_el0
        .endr
        subs    x28, x28, #1
        b.ne    loop
        b       power_off

#include "data.inc"
