// SPDX-License-Identifier: MIT
// tick: 100 ticks of the virtual timers, dealt out among the CPUs, which sleep in between. See README.md.
#include "boot.inc"
#include "smp.inc"
#include "timer.inc"
#include "uart.inc"

#define TICKS   100
#define PERIOD  10000                   // ticks of the counter: 160 us

main:
        stp     x19, x30, [sp, #-16]!
        bl      irqc_probe
        cbnz    x0, fail
        bl      cpus_present
        adr     x1, shares
        mov     x2, #TICKS              // CPU n takes 100 / N ticks, and one more if n < 100 mod N
        udiv    x3, x2, x0
        msub    x4, x3, x0, x2
        mov     x5, #0
1:      cmp     x5, x4
        cinc    x6, x3, lo
        str     x6, [x1, x5, lsl #3]
        add     x5, x5, #1
        cmp     x5, x0
        b.lo    1b

        adr     x0, start_ticking
        bl      smp_start
        mov     x19, x1
        cbnz    x0, fail
        bl      start_ticking
        cbnz    x0, fail

2:      mov     x1, #0                  // the sum over all CPUs
        mov     x2, #0
        adr     x3, counts
3:      ldr     x0, [x3, x2, lsl #3]
        add     x1, x1, x0
        add     x2, x2, #1
        cmp     x2, x19
        b.lo    3b
        adr     x0, ticks
        str     x1, [x0]
        cmp     x1, #TICKS
        b.hs    4f
        adr     x2, shares              // CPU 0 sleeps until its own last tick, then looks at the others
        ldr     x2, [x2]
        ldr     x0, [x3]
        cmp     x0, x2
        b.hs    2b
        sleep_once
        b       2b

4:      bl      smp_stop
        print   text_done
        adr     x0, ticks
        ldr     x0, [x0]
        bl      uart_put_dec
        print   text_ticks
        mov     x0, #0
        ldp     x19, x30, [sp], #16
        ret

fail:   print   text_failed
        mov     x0, #1
        ldp     x19, x30, [sp], #16
        ret

// Every CPU: let its own timer's interrupt come, and start that timer. x0 := status.
start_ticking:
        stp     x19, x30, [sp, #-16]!
        mov     x0, #TIMER_INTID
        adr     x1, on_tick
        adr     x2, irqc_flow_timer
        bl      irqc_request
        mov     x19, x0
        mov     x0, #PERIOD
        bl      timer_start
        mov     x0, x19
        ldp     x19, x30, [sp], #16
        ret

// The handler. It moves the deadline on, or stops the timer: either way the line is low when the flow's
// Resample looks at it, so the tick does not come again. Where the condition is not met any more, it was
// no tick: a hypervisor may deliver a level once too often.
on_tick:
        mov     x9, x30
        mrs     x3, cntv_ctl_el0
        tbz     x3, #CNTV_CTL_ISTATUS, 2f
        cpu_index x3
        adr     x4, counts
        ldr     x5, [x4, x3, lsl #3]
        add     x5, x5, #1
        str     x5, [x4, x3, lsl #3]
        adr     x6, shares
        ldr     x6, [x6, x3, lsl #3]
        cmp     x5, x6
        b.hs    1f
        mov     x0, #PERIOD
        bl      timer_advance
        ret     x9
1:      bl      timer_stop
2:      ret     x9

text_done:      .asciz "tick: "
text_ticks:     .asciz " ticks\n"
text_failed:    .asciz "tick: FAILED\n"
        .balign 4

        .bss
        .balign 8
ticks:  .space  8                       // all CPUs together
counts: .space  MAX_CPUS * 8            // ticks taken, per CPU
shares: .space  MAX_CPUS * 8            // ticks to take, per CPU
