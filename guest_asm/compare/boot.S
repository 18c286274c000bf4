// SPDX-License-Identifier: MIT
// boot: CPU 1 is turned on, brings its part of the interrupt controller up, and is turned off.
#include "bench.inc"

main:
        stp     x19, x30, [sp, #-16]!
        bl      bench_probe
        cbnz    x0, 2f
        bl      bench_start
        mov     x19, #0
1:      mov     x0, #1
        adr     x1, second
        bl      cpu_start
        cbnz    x0, 2f
        add     x19, x19, #1
        mov     x0, x19
        bl      bench_wait
        mov     x0, #1
        bl      cpu_wait_off
        cmp     x19, #ROUNDS
        b.lo    1b
        bl      bench_stop
        mov     x0, #0
2:      ldp     x19, x30, [sp], #16
        ret

// CPU 1. What is counted is the driver's part of its start; CPU 0 makes no exit meanwhile.
second:
        stp     x19, x30, [sp, #-16]!
        bl      bench_begin
        bl      bench_enter
        bl      irqc_cpu_start
        bl      bench_leave
        bl      bench_end
        cbnz    x0, 1f
        bl      bench_handled
1:      ldp     x19, x30, [sp], #16
        ret
