// SPDX-License-Identifier: MIT
// Signal(self), Acknowledge, ClearMasked with PSTATE.I set: the line rises and falls, and no interrupt is taken.
#include "rvic_self.inc"

main:
        set_turns
        rvic_open
resume:
loop:
        mov     x2, #INTID
        rvic_self RVIC_SIGNAL
        rvic_call RVIC_ACKNOWLEDGE
        mov     x2, x1
        rvic_self RVIC_CLEAR_MASKED
        subs    x28, x28, #1
        b.ne    loop
        b       power_off

#include "data.inc"
