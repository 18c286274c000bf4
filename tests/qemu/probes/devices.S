// SPDX-License-Identifier: MIT
// PL011: flags, identification, masks and loopback, as registers read.
#include "probe.inc"

main:   stp     x29, x30, [sp, #-16]!
        bl      probe_init

        at_el1  "UARTFR, nothing received or sent"
        movz    x1, #0x0900, lsl #16
        ldr     w0, [x1, #0x18]
        done
        at_el1  "UART identification 0"
        movz    x1, #0x0900, lsl #16
        ldr     w0, [x1, #0xfe0]
        done
        at_el1  "UART identification 1"
        movz    x1, #0x0900, lsl #16
        ldr     w0, [x1, #0xfe4]
        done
        at_el1  "UART identification 2"
        movz    x1, #0x0900, lsl #16
        ldr     w0, [x1, #0xfe8]
        done
        at_el1  "UART identification 3"
        movz    x1, #0x0900, lsl #16
        ldr     w0, [x1, #0xfec]
        done
        at_el1  "UART identification 4"
        movz    x1, #0x0900, lsl #16
        ldr     w0, [x1, #0xff0]
        done
        at_el1  "UART identification 5"
        movz    x1, #0x0900, lsl #16
        ldr     w0, [x1, #0xff4]
        done
        at_el1  "UART identification 6"
        movz    x1, #0x0900, lsl #16
        ldr     w0, [x1, #0xff8]
        done
        at_el1  "UART identification 7"
        movz    x1, #0x0900, lsl #16
        ldr     w0, [x1, #0xffc]
        done
        at_el1  "UARTCR at reset"
        movz    x1, #0x0900, lsl #16
        ldr     w0, [x1, #0x30]
        done
        at_el1  "UARTIFLS at reset"
        movz    x1, #0x0900, lsl #16
        ldr     w0, [x1, #0x34]
        done
        at_el1  "UARTIMSC at reset"
        movz    x1, #0x0900, lsl #16
        ldr     w0, [x1, #0x38]
        done
        at_el1  "UARTLCR_H at reset"
        movz    x1, #0x0900, lsl #16
        ldr     w0, [x1, #0x2c]
        done
        at_el1  "UARTIBRD at reset"
        movz    x1, #0x0900, lsl #16
        ldr     w0, [x1, #0x24]
        done
        at_el1  "UARTDMACR at reset"
        movz    x1, #0x0900, lsl #16
        ldr     w0, [x1, #0x48]
        done
        at_el1  "UARTRSR"
        movz    x1, #0x0900, lsl #16
        ldr     w0, [x1, #0x4]
        done
        at_el1  "UARTRIS after output"
        movz    x1, #0x0900, lsl #16
        ldr     w0, [x1, #0x3c]
        done
        at_el1  "UARTMIS masked"
        movz    x1, #0x0900, lsl #16
        ldr     w0, [x1, #0x40]
        done
        at_el1  "UARTMIS with UARTIMSC = 0x20"
        movz    x1, #0x0900, lsl #16
        mov     w2, #32
        str     w2, [x1, #0x38]
        ldr     w0, [x1, #0x40]
        str     wzr, [x1, #0x38]
        done
        at_el1  "GICD_ISPENDR1 with the transmit interrupt unmasked"
        movz    x1, #0x0900, lsl #16
        mov     w2, #32
        str     w2, [x1, #0x38]
        movz    x3, #0x0800, lsl #16
        ldr     w0, [x3, #0x204]
        str     wzr, [x1, #0x38]
        mov     x1, x3
        ldr     w4, [x1, #0x204]
        done
        at_el1  "GICD_ISPENDR1 with it masked again"
        movz    x1, #0x0800, lsl #16
        ldr     w0, [x1, #0x204]
        done
        at_el1  "UARTRIS after UARTICR"
        movz    x1, #0x0900, lsl #16
        mov     w2, #2047
        str     w2, [x1, #0x44]
        ldr     w0, [x1, #0x3c]
        done
        at_el1  "UARTRIS after output again"
        movz    x1, #0x0900, lsl #16
        ldr     w0, [x1, #0x3c]
        done
        at_el1  "UARTIMSC after all ones"
        movz    x1, #0x0900, lsl #16
        mov     w2, #-1
        str     w2, [x1, #0x38]
        ldr     w0, [x1, #0x38]
        str     wzr, [x1, #0x38]
        done
        at_el1  "UARTIBRD after all ones"
        movz    x1, #0x0900, lsl #16
        mov     w2, #-1
        str     w2, [x1, #0x24]
        ldr     w0, [x1, #0x24]
        done
        at_el1  "UARTFBRD after all ones"
        movz    x1, #0x0900, lsl #16
        mov     w2, #-1
        str     w2, [x1, #0x28]
        ldr     w0, [x1, #0x28]
        done
        at_el1  "UARTIFLS after all ones"
        movz    x1, #0x0900, lsl #16
        mov     w2, #-1
        str     w2, [x1, #0x34]
        ldr     w0, [x1, #0x34]
        mov     w2, #18
        str     w2, [x1, #0x34]
        done
        at_el1  "UARTLCR_H after 0x70"
        movz    x1, #0x0900, lsl #16
        mov     w2, #112
        str     w2, [x1, #0x2c]
        ldr     w0, [x1, #0x2c]
        done
        at_el1  "UARTCR after 0x301"
        movz    x1, #0x0900, lsl #16
        mov     w2, #769
        str     w2, [x1, #0x30]
        ldr     w0, [x1, #0x30]
        done
        at_el1  "UARTILPR after all ones"
        movz    x1, #0x0900, lsl #16
        mov     w2, #-1
        str     w2, [x1, #0x20]
        ldr     w0, [x1, #0x20]
        done
        at_el1  "UARTFR with FIFOs on"
        movz    x1, #0x0900, lsl #16
        ldr     w0, [x1, #0x18]
        done
        at_el1  "UARTFR is not writable"
        movz    x1, #0x0900, lsl #16
        mov     w2, #0
        str     w2, [x1, #0x18]
        ldr     w0, [x1, #0x18]
        done
        at_el1  "UARTDR with nothing received"
        movz    x1, #0x0900, lsl #16
        ldr     w0, [x1, #0x0]
        done
        at_el1  "a reserved register"
        movz    x1, #0x0900, lsl #16
        ldr     w0, [x1, #0x90]
        done
        at_el1  "UARTFR as a halfword"
        movz    x1, #0x0900, lsl #16
        ldrh    w0, [x1, #0x18]
        done
        at_el1  "UARTFR as a byte"
        movz    x1, #0x0900, lsl #16
        ldrb    w0, [x1, #0x18]
        done
        at_el1  "loopback: UARTFR, UARTDR and UARTRIS"
        movz    x1, #0x0900, lsl #16
        movz    w2, #0x381              // UARTEN, LBE, TXE, RXE
        str     w2, [x1, #0x30]
        mov     w2, #0x7ff
        str     w2, [x1, #0x44]
        mov     w2, #'L'
        str     w2, [x1]
        ldr     w3, [x1, #0x18]
        ldr     w4, [x1]
        ldr     w5, [x1, #0x18]
        movz    w2, #0x301
        str     w2, [x1, #0x30]
        and     w3, w3, #0x70           // RXFF, TXFF, RXFE
        and     w5, w5, #0x70
        lsl     x3, x3, #16
        add     x3, x3, x4
        lsl     x5, x5, #32
        add     x0, x3, x5
        done
        at_el1  "RTCCR at reset"
        movz    x1, #0x0901, lsl #16
        ldr     w0, [x1, #0xc]
        done
        at_el1  "RTCIMSC at reset"
        movz    x1, #0x0901, lsl #16
        ldr     w0, [x1, #0x10]
        done
        at_el1  "RTCRIS at reset"
        movz    x1, #0x0901, lsl #16
        ldr     w0, [x1, #0x14]
        done
        at_el1  "RTCMIS at reset"
        movz    x1, #0x0901, lsl #16
        ldr     w0, [x1, #0x18]
        done
        at_el1  "RTCMR at reset"
        movz    x1, #0x0901, lsl #16
        ldr     w0, [x1, #0x4]
        done
        at_el1  "RTC identification 0"
        movz    x1, #0x0901, lsl #16
        ldr     w0, [x1, #0xfe0]
        done
        at_el1  "RTC identification 1"
        movz    x1, #0x0901, lsl #16
        ldr     w0, [x1, #0xfe4]
        done
        at_el1  "RTC identification 2"
        movz    x1, #0x0901, lsl #16
        ldr     w0, [x1, #0xfe8]
        done
        at_el1  "RTC identification 3"
        movz    x1, #0x0901, lsl #16
        ldr     w0, [x1, #0xfec]
        done
        at_el1  "RTC identification 4"
        movz    x1, #0x0901, lsl #16
        ldr     w0, [x1, #0xff0]
        done
        at_el1  "RTC identification 5"
        movz    x1, #0x0901, lsl #16
        ldr     w0, [x1, #0xff4]
        done
        at_el1  "RTC identification 6"
        movz    x1, #0x0901, lsl #16
        ldr     w0, [x1, #0xff8]
        done
        at_el1  "RTC identification 7"
        movz    x1, #0x0901, lsl #16
        ldr     w0, [x1, #0xffc]
        done
        at_el1  "RTCDR grows from RTCLR"
        movz    x1, #0x0901, lsl #16
        mov     w2, #4660
        str     w2, [x1, #0x8]
        ldr     w0, [x1, #0x0]
        done
        at_el1  "RTCLR reads what was written"
        movz    x1, #0x0901, lsl #16
        ldr     w0, [x1, #0x8]
        done
        at_el1  "RTCMR reads what was written"
        movz    x1, #0x0901, lsl #16
        mov     w2, #1911
        str     w2, [x1, #0x4]
        ldr     w0, [x1, #0x4]
        done
        at_el1  "RTCIMSC after all ones"
        movz    x1, #0x0901, lsl #16
        mov     w2, #-1
        str     w2, [x1, #0x10]
        ldr     w0, [x1, #0x10]
        done
        at_el1  "RTCRIS when the alarm is now"
        movz    x1, #0x0901, lsl #16
        mov     w2, #0
        str     w2, [x1, #0x10]
        mov     w2, #8192
        str     w2, [x1, #0x8]
        mov     w2, #8192
        str     w2, [x1, #0x4]
        ldr     w0, [x1, #0x14]
        done
        at_el1  "RTCRIS after RTCICR"
        movz    x1, #0x0901, lsl #16
        mov     w2, #1
        str     w2, [x1, #0x1c]
        ldr     w0, [x1, #0x14]
        done
        at_el1  "RTCCR after zero"
        movz    x1, #0x0901, lsl #16
        mov     w2, #0
        str     w2, [x1, #0xc]
        ldr     w0, [x1, #0xc]
        done
        at_el1  "virtio MagicValue"
        movz    x1, #0x0a00, lsl #16
        ldr     w0, [x1, #0x0]
        done
        at_el1  "virtio Version"
        movz    x1, #0x0a00, lsl #16
        ldr     w0, [x1, #0x4]
        done
        at_el1  "virtio DeviceID of an empty slot"
        movz    x1, #0x0a00, lsl #16
        ldr     w0, [x1, #0x8]
        done
        at_el1  "virtio VendorID"
        movz    x1, #0x0a00, lsl #16
        ldr     w0, [x1, #0xc]
        done
        at_el1  "virtio MagicValue, last slot"
        movz    x1, #0x0a00, lsl #16
        add     x1, x1, #3, lsl #12
        ldr     w0, [x1, #0xe00]
        done

        mov     x0, #0
        ldp     x29, x30, [sp], #16
        ret
