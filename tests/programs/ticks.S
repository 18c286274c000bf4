// SPDX-License-Identifier: MIT
// A small RTOS's start: the GIC as a boot loader may have left it, then a tick of the physical timer, PPI 30, which
// the handler sets by CNTP_TVAL_EL0; every character waits for UARTFR.TXFF.
#include "boot.inc"
#include "gicv2.inc"

#define TIMER           30
#define TICKS           5
#define LEFT            2               // an SGI that is pending when the kernel starts

main:   mov     x19, x30
        mov     x21, #GICD_BASE
        mov     x25, #GICC_BASE
        mov     w0, #1                  // what is left from before: an SGI, pending
        str     w0, [x21, #GICD_CTLR]
        mov     w0, #(1 << LEFT)
        str     w0, [x21, #GICD_ISENABLER]
        movz    w0, #(2 << 8), lsl #16  // to this CPU
        orr     w0, w0, #LEFT
        str     w0, [x21, #GICD_SGIR]
        mov     w0, #0xf0
        str     w0, [x25, #GICC_PMR]

        str     wzr, [x21, #GICD_CTLR]
        ldr     w22, [x21, #GICD_TYPER]
        and     w22, w22, #GICD_TYPER_LINES
        add     w22, w22, #1            // words of 32 INTIDs
        mov     w0, #-1
        mov     w1, #0
1:      add     x2, x21, x1, lsl #2
        str     w0, [x2, #GICD_ICENABLER]
        str     w0, [x2, #GICD_ICPENDR] // of SGIs: ignored (4.3.8)
        add     w1, w1, #1
        cmp     w1, w22
        b.lo    1b
        mov     w0, #0x01010101         // all to CPU 0; the first eight words are read-only
        mov     w1, #0
2:      add     x2, x21, x1, lsl #2
        str     w0, [x2, #GICD_ITARGETSR]
        str     wzr, [x2, #GICD_IPRIORITYR]
        add     w1, w1, #1
        cmp     w1, w22, lsl #3
        b.lo    2b
        mov     w0, #1
        str     w0, [x21, #GICD_CTLR]
        mov     w0, #-1
        str     w0, [x21, #GICD_CPENDSGIR]

        str     wzr, [x25, #GICC_CTLR]
        mov     w0, #3
        str     w0, [x25, #GICC_BPR]
        mov     x23, #0                 // what was drained
3:      ldr     w0, [x25, #GICC_IAR]
        and     w1, w0, #GICC_IAR_INTID
        cmp     w1, #1023
        b.eq    4f
        add     x23, x23, #1
        str     w0, [x25, #GICC_EOIR]
        b       3b
4:      mov     w0, #1
        str     w0, [x25, #GICC_CTLR]
        print   drained
        mov     x0, x23
        bl      uart_put_dec

        mov     x0, #VECTOR_EL1H_IRQ
        adr     x1, on_irq
        bl      vector_set
        mrs     x20, cntfrq_el0
        mov     x0, #1000
        udiv    x20, x20, x0            // a millisecond
        msr     cntp_tval_el0, x20
        mov     w0, #(1 << TIMER)
        str     w0, [x21, #GICD_ISENABLER]
        mov     x0, #1
        msr     cntp_ctl_el0, x0
        isb
        msr     DAIFClr, #2
5:      wfi
        adr     x0, taken
        ldr     x0, [x0]
        cmp     x0, #TICKS
        b.lo    5b
        msr     cntp_ctl_el0, xzr
        isb
        msr     DAIFSet, #2
        print   ticks
        adr     x0, taken
        ldr     x0, [x0]
        bl      uart_put_dec
        print   end
        mov     x0, #0
        ret     x19

on_irq: mov     x15, x30
        ldr     w16, [x25, #GICC_IAR]
        and     w0, w16, #GICC_IAR_INTID
        cmp     w0, #TIMER
        b.ne    6f
        msr     cntp_tval_el0, x20      // the line goes low before the end of the interrupt
        isb
        adr     x1, taken
        ldr     x2, [x1]
        add     x2, x2, #1
        str     x2, [x1]
6:      str     w16, [x25, #GICC_EOIR]
        ret     x15

drained: .asciz "drained "
ticks:  .asciz  "\nticks "
end:    .asciz  "\n"
        .bss
        .balign 8
taken:  .space  8
