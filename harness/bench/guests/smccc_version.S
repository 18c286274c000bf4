// SPDX-License-Identifier: MIT
// SMCCC_VERSION: the least hypercall there is.
#include "turns.inc"

main:
        set_turns
resume:
loop:
        mov     w0, #0x80000000
        hvc     #0
        subs    x28, x28, #1
        b.ne    loop
        b       power_off

#include "data.inc"
