// SPDX-License-Identifier: MIT
// Debug exceptions: software step, breakpoint, watchpoint.
#include "probe.inc"

main:   stp     x29, x30, [sp, #-16]!
        bl      probe_init

        msr     oslar_el1, xzr
        msr     osdlr_el1, xzr
        isb
        at_el1  "software step of one instruction at EL0"
        mov     x1, #1                  // MDSCR_EL1.SS
        msr     mdscr_el1, x1
        adr     x2, 4f
        msr     elr_el1, x2
        movz    x3, #0x0020, lsl #16    // SPSR.SS, EL0t
        msr     spsr_el1, x3
        isb
        eret
4:      nop
        nop
        done
        msr     mdscr_el1, xzr
        isb
        at_el1  "software step with SPSR.SS clear at EL0"
        mov     x1, #1
        msr     mdscr_el1, x1
        adr     x2, 4f
        msr     elr_el1, x2
        msr     spsr_el1, xzr
        isb
        eret
4:      nop
        done
        msr     mdscr_el1, xzr
        isb
        at_el1  "breakpoint at EL0"
        adr     x2, 4f
        msr     dbgbvr0_el1, x2
        mov     x1, #0x1e5              // enabled, EL0 and EL1, four bytes
        msr     dbgbcr0_el1, x1
        mov     x1, #0x8000             // MDSCR_EL1.MDE
        msr     mdscr_el1, x1
        adr     x2, 3f
        msr     elr_el1, x2
        msr     spsr_el1, xzr
        isb
        eret
3:      nop
4:      nop
        done
        msr     dbgbcr0_el1, xzr
        msr     mdscr_el1, xzr
        isb
        at_el0  "no breakpoint once it is off"
        nop
        done
        movz    x1, #0x4200, lsl #16
        msr     dbgwvr0_el1, x1
        mov     x1, #0xff
        lsl     x1, x1, #5
        add     x1, x1, #0x1f           // any byte, load or store, EL0 and EL1, enabled
        msr     dbgwcr0_el1, x1
        mov     x1, #0x8000
        msr     mdscr_el1, x1
        isb
        at_el0  "watchpoint on a store at EL0"
        movz    x1, #0x4200, lsl #16
        str     w0, [x1, #4]
        done
        at_el0  "watchpoint on a load at EL0"
        movz    x1, #0x4200, lsl #16
        ldr     w0, [x1]
        done
        msr     dbgwcr0_el1, xzr
        msr     mdscr_el1, xzr
        isb
        at_el0  "no watchpoint once it is off"
        movz    x1, #0x4200, lsl #16
        str     wzr, [x1]
        done

        mov     x0, #0
        ldp     x29, x30, [sp], #16
        ret
