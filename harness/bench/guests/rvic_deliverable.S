// SPDX-License-Identifier: MIT
// Acknowledge, ClearMasked and Signal of the first of many: DELIVERABLE interrupts are pending and unmasked, and stay so.
#include "rvic_self.inc"

main:
        set_turns
        rvic_call RVIC_ENABLE
        mov     x21, #DELIVERABLE
1:      sub     x21, x21, #1
        mov     x2, x21
        rvic_self RVIC_CLEAR_MASKED
        mov     x2, x21
        rvic_self RVIC_SIGNAL
        cbnz    x21, 1b
resume:
loop:
        rvic_call RVIC_ACKNOWLEDGE
        mov     x21, x1
        mov     x2, x21
        rvic_self RVIC_CLEAR_MASKED
        mov     x2, x21
        rvic_self RVIC_SIGNAL
        subs    x28, x28, #1
        b.ne    loop
        b       power_off

#include "data.inc"
