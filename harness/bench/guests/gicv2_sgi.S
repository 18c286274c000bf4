// SPDX-License-Identifier: MIT
// Self interrupt by a GICv2: GICD_SGIR, IRQ, GICC_IAR, GICC_EOIR, ERET.
#include "gicv2_self.inc"

#define SGI             7

main:
        set_turns
        set_vectors
        gicv2_open SGI
        ldr     w21, =(2 << 24 | SGI)   // TargetListFilter: this CPU
resume:
        msr     daifclr, #2
loop:
        str     w21, [x19, #GICD_SGIR]
        b       loop

        .balign 2048
vectors:
vector_at 0x280                         // IRQ from EL1 with SP_EL1
        ldr     w0, [x20, #GICC_IAR]
        str     w0, [x20, #GICC_EOIR]
        subs    x28, x28, #1
        b.eq    power_off
        eret

#include "data.inc"
