// SPDX-License-Identifier: MIT
// A teaching kernel's disk: virtio-mmio version 1 in the first slot, a queue of eight entries in two pages by
// QueuePFN, no QueueAlign (4096 is meant; virtio 1.2, 4.2.4), and the interrupt of SPI 16.
#include "boot.inc"
#include "gicv2.inc"

#define SLOT            0x0a000000
#define DISK            48              // its INTID
#define ENTRIES         8

main:   mov     x19, x30
        movz    x20, #(SLOT >> 16), lsl #16
        ldr     w0, [x20]
        mov     x1, #8
        bl      uart_put_hex
        print   space
        ldr     w0, [x20, #4]           // version
        bl      uart_put_dec
        print   space
        ldr     w0, [x20, #8]           // 2: a block device
        bl      uart_put_dec
        mov     w0, #1
        str     w0, [x20, #0x70]
        mov     w0, #3
        str     w0, [x20, #0x70]
        ldr     w0, [x20, #0x10]        // features: none that has a meaning for this driver
        and     w0, w0, #0xf
        str     w0, [x20, #0x20]
        mov     w0, #0xb                // FEATURES_OK, which version 1 does not know
        str     w0, [x20, #0x70]
        mov     w0, #0xf
        str     w0, [x20, #0x70]
        mov     w0, #4096
        str     w0, [x20, #0x28]
        str     wzr, [x20, #0x30]
        ldr     w0, [x20, #0x34]
        cmp     w0, #ENTRIES
        b.lo    fail
        mov     w0, #ENTRIES
        str     w0, [x20, #0x38]
        adr     x21, pages
        lsr     x0, x21, #12
        str     w0, [x20, #0x40]

        mov     x22, #GICD_BASE
        mov     x25, #GICC_BASE
        mov     w0, #1
        strb    wzr, [x22, #(GICD_IPRIORITYR + DISK)]
        strb    w0, [x22, #(GICD_ITARGETSR + DISK)]
        str     w0, [x22, #GICD_CTLR]
        str     w0, [x25, #GICC_CTLR]
        mov     w1, #0xff
        str     w1, [x25, #GICC_PMR]
        mov     w0, #(1 << (DISK - 32))
        ldr     w1, [x22, #(GICD_ISENABLER + 4)]
        orr     w0, w0, w1              // by read and write, as if it were a plain register
        str     w0, [x22, #(GICD_ISENABLER + 4)]

        adr     x0, request             // header (sector 1), data, status: three descriptors
        mov     w1, #16
        mov     w2, #1                  // NEXT
        mov     w3, #0
        bl      describe
        adr     x0, data
        mov     w1, #512
        mov     w2, #3                  // NEXT, WRITE
        mov     w3, #1
        bl      describe
        adr     x0, status
        mov     w1, #1
        mov     w2, #2                  // WRITE
        mov     w3, #2
        bl      describe
        add     x0, x21, #(16 * ENTRIES)
        strh    wzr, [x0, #4]           // ring[0] = 0
        dmb     sy
        mov     w1, #1
        strh    w1, [x0, #2]            // idx
        dmb     sy
        str     wzr, [x20, #0x50]

1:      ldr     w24, [x25, #GICC_IAR]   // polled: the line is what counts here
        and     w0, w24, #GICC_IAR_INTID
        cmp     w0, #DISK
        b.ne    1b
        ldr     w0, [x20, #0x60]
        and     w0, w0, #3
        str     w0, [x20, #0x64]
        str     w24, [x25, #GICC_EOIR]
        add     x23, x21, #4096
        ldrh    w26, [x23, #2]
        print   used
        mov     x0, x26
        bl      uart_put_dec
        print   status_is
        adr     x0, status
        ldrb    w0, [x0]
        bl      uart_put_dec
        print   reads
        adr     x0, data
        strb    wzr, [x0, #8]
        bl      uart_puts
        print   end
        mov     x0, #0
        ret     x19
fail:   mov     x0, #1
        ret     x19

// describe: descriptor w3 := x0 = address, w1 = length, w2 = flags; the next one follows.
describe:
        add     x4, x21, x3, lsl #4
        str     x0, [x4]
        str     w1, [x4, #8]
        strh    w2, [x4, #12]
        add     w3, w3, #1
        strh    w3, [x4, #14]
        ret

space:  .asciz  " "
used:   .asciz  "\nused "
status_is: .asciz " status "
reads:  .asciz  " reads "
end:    .asciz  "\n"
        .balign 8
request: .word  0, 0                    // IN
        .quad   1                       // the second sector
status: .byte   0xff
        .balign 8
        .bss
        .balign 4096
pages:  .space  8192
data:   .space  512
