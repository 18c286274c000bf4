// SPDX-License-Identifier: MIT
// Each CPU finds its bit for target lists in GICD_ITARGETSR0 to 7, sends itself an SGI by it, and ends it by writing
// all of GICC_IAR to GICC_EOIR, or by GICD_ICACTIVER.
#include "boot.inc"
#include "gicv2.inc"

#define SOFT            4
#define GICC_RPR        0x14
#define GICD_ISACTIVER  0x300

main:   mov     x28, x30
        bl      on_cpu
        bl      cpus_present
        cmp     x0, #2
        b.lo    1f
        mov     x0, #1
        adr     x1, second
        bl      cpu_start
        mov     x0, #1
        bl      cpu_wait_off
1:      mov     x0, #0
        ret     x28

second: mov     x28, x30
        bl      on_cpu
        ret     x28

on_cpu: mov     x19, x30
        mov     x21, #GICD_BASE
        mov     x25, #GICC_BASE
        mov     w0, #1
        str     w0, [x21, #GICD_CTLR]
        mov     w0, #-1
        str     w0, [x21, #GICD_ICACTIVER]
        mov     w0, #0xffff0000
        str     w0, [x21, #GICD_ICENABLER]
        mov     w0, #0xffff
        str     w0, [x21, #GICD_ISENABLER]
        mov     w0, #0xf0
        str     w0, [x25, #GICC_PMR]
        ldr     w0, [x25, #GICC_CTLR]
        orr     w0, w0, #1
        str     w0, [x25, #GICC_CTLR]

        mov     w1, #0                  // the first word that is not zero; a uniprocessor has none (4.3.12)
1:      add     x2, x21, x1, lsl #2
        ldr     w20, [x2, #GICD_ITARGETSR]
        cbnz    w20, 2f
        add     w1, w1, #1
        cmp     w1, #8
        b.lo    1b
        mov     w20, #1
2:      and     w20, w20, #0xff
        print   bit
        mov     x0, x20
        mov     x1, #2
        bl      uart_put_hex

        bl      send
        print   iar
        ldr     w22, [x25, #GICC_IAR]
        mov     x0, x22
        mov     x1, #4
        bl      uart_put_hex
        dsb     sy
        str     w22, [x25, #GICC_EOIR]
        bl      show
        bl      send
        ldr     w22, [x25, #GICC_IAR]
        mov     w0, #(1 << SOFT)
        str     w0, [x21, #GICD_ICACTIVER]
        bl      show                    // not active, but its priority is not dropped (3.2.1)
        str     w22, [x25, #GICC_EOIR]
        ldr     w0, [x25, #GICC_RPR]
        mov     x1, #2
        bl      uart_put_hex
        print   end
        ret     x19

// send: an SGI to the CPUs of the list in w20.
send:   lsl     w0, w20, #GICD_SGIR_TARGETS
        orr     w0, w0, #SOFT
        dsb     sy
        str     w0, [x21, #GICD_SGIR]
        dsb     sy
        isb
        ret

// show: whether an SGI is active, and whether a priority is.
show:   mov     x26, x30
        print   active
        ldr     w0, [x21, #GICD_ISACTIVER]
        and     x0, x0, #0xffff
        mov     x1, #4
        bl      uart_put_hex
        print   running
        ldr     w0, [x25, #GICC_RPR]
        mov     x1, #2
        bl      uart_put_hex
        print   space
        ret     x26

bit:    .asciz  "bit "
iar:    .asciz  " IAR "
active: .asciz  " active "
running: .asciz " running "
space:  .asciz  " "
end:    .asciz  "\n"
