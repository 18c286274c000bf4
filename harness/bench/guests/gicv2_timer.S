// SPDX-License-Identifier: MIT
// Virtual timer that is always due, through a GICv2: its handler makes the line fall, and it rises before the ERET.
#include "gicv2_self.inc"

#define TIMER           27

main:
        set_turns
        set_vectors
        gicv2_open TIMER
        mov     x22, #1                 // CNTV_CTL_EL0.ENABLE
        msr     cntv_cval_el0, xzr
        msr     cntv_ctl_el0, x22
resume:
        msr     daifclr, #2
loop:
        b       loop

        .balign 2048
vectors:
vector_at 0x280                         // IRQ from EL1 with SP_EL1
        ldr     w0, [x20, #GICC_IAR]
        msr     cntv_ctl_el0, xzr
        str     w0, [x20, #GICC_EOIR]
        subs    x28, x28, #1
        b.eq    power_off
        msr     cntv_ctl_el0, x22
        eret

#include "data.inc"
