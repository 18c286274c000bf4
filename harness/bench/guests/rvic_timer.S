// SPDX-License-Identifier: MIT
// Virtual timer that is always due, through RVIC: its handler makes the line fall, and it rises before the ERET.
#include "rvic_self.inc"

#define TIMER           27

main:
        set_turns
        set_vectors
        mov     x22, #1                 // CNTV_CTL_EL0.ENABLE
        rvic_call RVIC_ENABLE
        mov     x2, #TIMER
        rvic_self RVIC_CLEAR_MASKED
        msr     cntv_cval_el0, xzr
        msr     cntv_ctl_el0, x22
resume:
        msr     daifclr, #2
loop:
        b       loop

        .balign 2048
vectors:
vector_at 0x280                         // IRQ from EL1 with SP_EL1
        rvic_call RVIC_ACKNOWLEDGE
        msr     cntv_ctl_el0, xzr
        rvic_call RVIC_RESAMPLE
        mov     x2, #TIMER
        rvic_self RVIC_CLEAR_MASKED
        subs    x28, x28, #1
        b.eq    power_off
        msr     cntv_ctl_el0, x22
        eret

#include "data.inc"
