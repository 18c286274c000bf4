// SPDX-License-Identifier: MIT
// ipi: a token goes round all CPUs 1,000 times, as an inter-processor interrupt. See README.md.
#include "boot.inc"
#include "smp.inc"
#include "uart.inc"

#define ROUNDS          1000
#define IPI_TOKEN       0

main:
        stp     x19, x30, [sp, #-16]!
        bl      irqc_probe
        cbnz    x0, fail
        mov     x0, #IPI_TOKEN
        adr     x1, on_token
        adr     x2, irqc_flow_ipi
        bl      irqc_request
        cbnz    x0, fail
        adr     x0, accept_token
        bl      smp_start
        cbnz    x0, fail
        mov     x19, x1

        cmp     x19, #1                 // the first one: to CPU 1, or to ourselves where we are alone
        cset    x0, hi
        mov     x1, #IPI_TOKEN
        bl      irqc_send_ipi
        cbnz    x0, fail
1:      adr     x0, rounds
        ldr     x0, [x0]
        cmp     x0, #ROUNDS
        b.hs    2f
        sleep_once
        b       1b

2:      bl      smp_stop
        adr     x1, counts              // every CPU must have had it exactly that often
3:      sub     x19, x19, #1
        ldr     x0, [x1, x19, lsl #3]
        cmp     x0, #ROUNDS
        b.ne    fail
        cbnz    x19, 3b
        print   text_done
        adr     x0, rounds
        ldr     x0, [x0]
        bl      uart_put_dec
        print   text_rounds
        mov     x0, #0
        ldp     x19, x30, [sp], #16
        ret

fail:   print   text_failed
        mov     x0, #1
        ldp     x19, x30, [sp], #16
        ret

// A secondary CPU lets the token come. x0 := status.
accept_token:
        mov     x0, #IPI_TOKEN
        b       irqc_unmask

// The handler: count it, and pass it on. CPU 0 closes the round, and keeps the token after the last.
on_token:
        mov     x9, x30
        cpu_index x4
        adr     x5, counts
        ldr     x6, [x5, x4, lsl #3]
        add     x6, x6, #1
        str     x6, [x5, x4, lsl #3]
        cbnz    x4, 1f
        adr     x5, rounds
        str     x6, [x5]
        cmp     x6, #ROUNDS
        b.hs    2f
1:      adr     x5, smp_cpus
        ldr     x5, [x5]
        add     x0, x4, #1
        cmp     x0, x5
        csel    x0, xzr, x0, hs
        mov     x1, #IPI_TOKEN
        bl      irqc_send_ipi
2:      ret     x9

text_done:      .asciz "ipi: "
text_rounds:    .asciz " rounds\n"
text_failed:    .asciz "ipi: FAILED\n"
        .balign 4

        .bss
        .balign 8
rounds: .space  8
counts: .space  MAX_CPUS * 8            // tokens taken, per CPU
