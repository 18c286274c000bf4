// SPDX-License-Identifier: MIT
// hello: every CPU says that it is there, one after the other. See README.md.
#include "boot.inc"
#include "uart.inc"

main:
        stp     x19, x30, [sp, #-16]!
        bl      say_hello
        mov     x19, #1
1:      mov     x0, x19
        adr     x1, say_hello
        bl      cpu_start
        cbnz    x0, 2f                  // INVALID_PARAMETERS: there is no such CPU
        mov     x0, x19
        bl      cpu_wait_off
        add     x19, x19, #1
        cmp     x19, #MAX_CPUS
        b.lo    1b
2:      adr     x0, cpus
        str     x19, [x0]
        print   text_total
        mov     x0, x19
        bl      uart_put_dec
        mov     w0, #'\n'
        bl      uart_putc
        mov     x0, #0                  // boot.inc turns the machine off
        ldp     x19, x30, [sp], #16
        ret

// On a secondary CPU, returning from here turns it off.
say_hello:
        stp     x19, x30, [sp, #-16]!
        print   text_hello
        cpu_index x0
        bl      uart_put_dec
        print   text_level
        mrs     x0, currentel
        lsr     x0, x0, #2
        bl      uart_put_dec
        mov     w0, #'\n'
        bl      uart_putc
        ldp     x19, x30, [sp], #16
        ret

text_hello:     .asciz "hello from CPU "
text_level:     .asciz " at EL"
text_total:     .asciz "hello: CPUs: "
        .balign 4

        .bss
        .balign 8
cpus:   .space  8
