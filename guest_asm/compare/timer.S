// SPDX-License-Identifier: MIT
// timer: the virtual timer of a CPU that works; each tick's handler sets the next.
#include "bench.inc"
#include "timer.inc"

#define PERIOD          400             // ticks from one handler to the next

main:
        stp     x19, x30, [sp, #-16]!
        bl      bench_probe
        cbnz    x0, 1f
        mov     x0, #TIMER_INTID
        adr     x1, on_tick
        adr     x2, irqc_flow_timer
        bl      irqc_request
        cbnz    x0, 1f
        irq_enable
        bl      bench_start
        mov     x0, #PERIOD
        bl      timer_start
        mov     x0, #ROUNDS
        bl      bench_wait
        bl      bench_stop
        mov     x0, #0
1:      ldp     x19, x30, [sp], #16
        ret

// The handler: the line goes low, by a new deadline or for good.
on_tick:
        stp     x19, x30, [sp, #-16]!
        bl      bench_handled
        cmp     x1, #ROUNDS
        b.hs    1f
        mov     x0, #PERIOD
        bl      timer_start
        b       2f
1:      bl      timer_stop
2:      ldp     x19, x30, [sp], #16
        ret
