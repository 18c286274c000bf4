// SPDX-License-Identifier: MIT
// A kernel that keeps its critical sections by GICC_PMR: it counts the bits of a priority, then masks some of them.
// Its task runs on SP_EL0, so that interrupts come through the vectors for EL1t (DDI 0487, D1.10.2).
#include "boot.inc"
#include "gicv2.inc"

#define SOFT            3               // an SGI to itself
#define PRIORITY        0xc0
#define CRITICAL        0xa0            // what PMR is in a critical section: PRIORITY does not pass

main:   mov     x19, x30
        mrs     x20, CurrentEL
        print   in_el
        lsr     x0, x20, #2
        bl      uart_put_dec

        mov     x21, #GICD_BASE         // how many bits stay of eight (IHI 0048B, 3.3.2)
        ldrb    w22, [x21, #GICD_IPRIORITYR]
        mov     w0, #0xff
        strb    w0, [x21, #GICD_IPRIORITYR]
        ldrb    w23, [x21, #GICD_IPRIORITYR]
        strb    w22, [x21, #GICD_IPRIORITYR]
        print   bits
        rbit    w0, w23
        clz     w0, w0                  // bits of zero below: 8 less those
        mov     w1, #8
        sub     w0, w1, w0
        bl      uart_put_dec
        print   levels
        rbit    w0, w23
        clz     w0, w0
        lsr     w0, w23, w0
        add     x0, x0, #1
        bl      uart_put_dec

        mov     x0, #VECTOR_EL1T_IRQ
        adr     x1, on_irq
        bl      vector_set
        mov     w0, #PRIORITY
        strb    w0, [x21, #(GICD_IPRIORITYR + SOFT)]
        mov     w0, #(1 << SOFT)
        str     w0, [x21, #GICD_ISENABLER]
        mov     w0, #1
        str     w0, [x21, #GICD_CTLR]
        mov     x25, #GICC_BASE
        str     wzr, [x25, #GICC_BPR]
        mov     w0, #CRITICAL
        str     w0, [x25, #GICC_PMR]
        mov     w0, #1
        str     w0, [x25, #GICC_CTLR]

        mov     x26, sp
        adr     x0, task_stack_end
        msr     SPSel, #0
        mov     sp, x0
        msr     DAIFClr, #2
        movz    w0, #(2 << 8), lsl #16  // to this CPU
        orr     w0, w0, #SOFT
        str     w0, [x21, #GICD_SGIR]
        dsb     sy
        isb
        print   inside
        adr     x0, taken
        ldr     x0, [x0]
        bl      uart_put_dec
        msr     DAIFSet, #2             // leave it
        mov     w0, #0xff
        str     w0, [x25, #GICC_PMR]
        dsb     sy
        isb
        msr     DAIFClr, #2
        isb
        print   outside
        adr     x0, taken
        ldr     x0, [x0]
        bl      uart_put_dec
        msr     DAIFSet, #2
        msr     SPSel, #1
        mov     sp, x26
        print   end
        mov     x0, #0
        ret     x19

on_irq: ldr     w0, [x25, #GICC_IAR]
        and     w1, w0, #GICC_IAR_INTID
        cmp     w1, #SOFT
        adr     x1, taken
        ldr     x2, [x1]
        cinc    x2, x2, eq
        str     x2, [x1]
        dsb     sy
        str     w0, [x25, #GICC_EOIR]
        ret

in_el:  .asciz  "EL"
bits:   .asciz  "\nbits "
levels: .asciz  "\nlevels "
inside: .asciz  "\nin the critical section "
outside: .asciz "\nafter it "
end:    .asciz  "\n"
        .bss
        .balign 16
        .space  1024
task_stack_end:
taken:  .space  8
