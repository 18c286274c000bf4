// SPDX-License-Identifier: MIT
// SVC from EL0 to EL1, and ERET.
#include "turns.inc"

main:
        set_turns
        set_vectors
        msr     spsr_el1, xzr           // EL0t
        adr     x0, resume
        msr     elr_el1, x0
        eret
resume:
loop:
        svc     #0
        b       loop

        .balign 2048
vectors:
vector_at 0x400                         // synchronous, from EL0 in AArch64
        subs    x28, x28, #1
        b.eq    power_off
        eret

#include "data.inc"
