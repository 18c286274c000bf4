// SPDX-License-Identifier: MIT
// uart_echo: a level device behind an untrusted interrupt. What comes in goes out; an empty line ends it.
// See README.md.
#include "boot.inc"
#include "irq_driver.inc"
#include "uart.inc"

main:
        stp     x19, x30, [sp, #-16]!
        bl      irqc_probe
        cbnz    x0, fail
        bl      irqc_input_probe
        cbnz    x0, fail
        bl      uart_init
        mov     x0, #UART_INPUT
        adr     x1, on_uart
        adr     x2, irqc_flow_level
        bl      irqc_input_request
        cbnz    x0, fail
        print   text_ready
        bl      uart_irq_enable
1:      adr     x0, finished
        ldr     x0, [x0]
        cbnz    x0, 2f
        sleep_once
        b       1b
2:      bl      uart_irq_disable
        mov     x0, #UART_INPUT
        bl      irqc_input_deactivate
        cbnz    x0, fail
        print   text_done
        adr     x0, lines
        ldr     x0, [x0]
        bl      uart_put_dec
        print   text_lines
        adr     x0, characters
        ldr     x0, [x0]
        bl      uart_put_dec
        print   text_characters
        mov     x0, #0
        ldp     x19, x30, [sp], #16
        ret

fail:   print   text_failed
        mov     x0, #1
        ldp     x19, x30, [sp], #16
        ret

// The handler: empty the receive FIFO. Only that lowers the line; with one character left in it, the
// interrupt comes again as soon as the flow has cleared the mask.
on_uart:
        mov     x9, x30
        adr     x4, lines
        adr     x5, characters
        adr     x6, length
1:      bl      uart_getc
        tbnz    x0, #63, 3f
        ldr     x7, [x5]
        add     x7, x7, #1
        str     x7, [x5]
        ldr     x7, [x6]
        mov     x8, #'\n'
        cmp     x0, #'\r'               // Enter, on a terminal
        csel    x0, x8, x0, eq
        cmp     x0, #'\n'
        b.eq    2f
        add     x7, x7, #1
        str     x7, [x6]
        bl      uart_putc
        b       1b
2:      str     xzr, [x6]               // the end of a line; of an empty one, the end of all
        bl      uart_putc
        cbz     x7, 4f
        ldr     x7, [x4]
        add     x7, x7, #1
        str     x7, [x4]
        b       1b
4:      mov     x7, #1
        adr     x8, finished
        str     x7, [x8]
        b       1b
3:      ret     x9

text_ready:      .asciz "uart_echo: ready; an empty line ends\n"
text_done:       .asciz "uart_echo: lines: "
text_lines:      .asciz ", characters: "
text_characters: .asciz "\n"
text_failed:     .asciz "uart_echo: FAILED\n"
        .balign 4

        .bss
        .balign 8
lines:      .space 8
characters: .space 8                    // ends of lines included
length:     .space 8                    // of the line that is coming in
finished:   .space 8
