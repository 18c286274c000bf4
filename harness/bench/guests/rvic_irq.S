// SPDX-License-Identifier: MIT
// Self interrupt by RVIC: Signal, virtual IRQ, Acknowledge, ClearMasked, ERET. Others sleep.
#include "rvic_self.inc"

main:
        set_turns
        set_vectors
        start_others asleep
        rvic_open
resume:
        msr     daifclr, #2
loop:
        mov     x2, #INTID
        rvic_self RVIC_SIGNAL
        b       loop

asleep:
        wfi
        b       asleep

        .balign 2048
vectors:
vector_at 0x280                         // IRQ from EL1 with SP_EL1
        rvic_call RVIC_ACKNOWLEDGE
        mov     x2, x1
        rvic_self RVIC_CLEAR_MASKED
        subs    x28, x28, #1
        b.eq    power_off
        eret

#include "data.inc"
