// SPDX-License-Identifier: MIT
// A tutorial's handler: it never reads GICC_IAR. It looks for a bit in GICD_ISPENDR, stops the timer and clears the
// pending bit; PPI 27 was made edge-triggered. The interrupt is never active, so the next one comes as well.
#include "boot.inc"
#include "gicv2.inc"
#include "timer.inc"

#define TIMES           3

main:   mov     x19, x30
        mrs     x0, mpidr_el1           // others would wait: the board starts only this CPU
        and     x0, x0, #3
        cbnz    x0, wait
        mov     x21, #GICD_BASE
        mov     x25, #GICC_BASE
        str     wzr, [x21, #GICD_CTLR]
        mov     w0, #-1
        str     w0, [x21, #GICD_ICENABLER]
        str     w0, [x21, #GICD_ICPENDR]
        str     w0, [x21, #(GICD_IPRIORITYR + 24)]
        str     wzr, [x21, #(GICD_ICFGR + 4)]
        mov     w0, #1
        str     w0, [x21, #GICD_CTLR]
        str     wzr, [x25, #GICC_CTLR]
        mov     w0, #0xff
        str     w0, [x25, #GICC_PMR]
        mov     w0, #7
        str     w0, [x25, #GICC_BPR]
        mov     w0, #1
        str     w0, [x25, #GICC_CTLR]

        ldr     w0, [x21, #(GICD_ICFGR + 4)]
        orr     w0, w0, #(2 << (2 * (TIMER_INTID - 16)))
        str     w0, [x21, #(GICD_ICFGR + 4)]
        strb    wzr, [x21, #(GICD_IPRIORITYR + TIMER_INTID)]
        movz    w20, #(1 << (TIMER_INTID - 16)), lsl #16
        str     w20, [x21, #GICD_ICPENDR]
        str     w20, [x21, #GICD_ISENABLER]

        mov     x0, #VECTOR_EL1H_IRQ
        adr     x1, on_irq
        bl      vector_set
        msr     DAIFClr, #2
1:      mov     x0, #5000
        bl      timer_start
2:      wfi
        mrs     x0, cntv_ctl_el0
        tbnz    x0, #0, 2b              // the handler has not run yet
        adr     x0, taken
        ldr     x0, [x0]
        cmp     x0, #TIMES
        b.lo    1b
        msr     DAIFSet, #2
        print   times
        adr     x0, taken
        ldr     x0, [x0]
        bl      uart_put_dec
        print   end
        mov     x0, #0
        ret     x19
wait:   wfi
        b       wait

on_irq: mov     x15, x30
        ldr     w0, [x21, #GICD_ISPENDR]
        tst     w0, w20
        b.eq    3f
        adr     x1, taken
        ldr     x2, [x1]
        add     x2, x2, #1
        str     x2, [x1]
        bl      timer_stop
        str     w20, [x21, #GICD_ICPENDR]
3:      ret     x15

times:  .asciz  "taken "
end:    .asciz  "\n"
        .bss
        .balign 8
taken:  .space  8
