// SPDX-License-Identifier: MIT
// ipi: CPU 0 interrupts CPU 1, which works, and waits until that has gone on working.
#include "bench.inc"

#define IPI             3

main:
        stp     x19, x30, [sp, #-16]!
        bl      bench_probe
        cbnz    x0, 4f
        mov     x0, #1
        adr     x1, second
        bl      cpu_start
        cbnz    x0, 4f
        mov     x0, #1
        bl      wait_until_seen
        bl      bench_start
        mov     x19, #1
1:      bl      bench_enter
        mov     x0, #1
        mov     x1, #IPI
        bl      irqc_send_ipi
        bl      bench_leave
        cbnz    x0, 4f
        add     x19, x19, #1
        mov     x0, x19
        bl      wait_until_seen
        cmp     x19, #ROUNDS
        b.ls    1b
        bl      bench_stop
        mov     x0, #0
4:      ldp     x19, x30, [sp], #16
        ret

// wait_until_seen: until CPU 1 has come to x0. Clobbers x1.
wait_until_seen:
        adr     x1, seen
        ldr     x1, [x1]
        cmp     x1, x0
        b.lo    wait_until_seen
        ret

// CPU 1 works: what its handler has counted, it tells CPU 0 once it is back from the exception.
second:
        stp     x19, x30, [sp, #-16]!
        bl      irqc_cpu_start
        mov     x0, #IPI
        adr     x1, bench_handled
        adr     x2, irqc_flow_ipi
        bl      irqc_request
        irq_enable
1:      adr     x0, handled
        ldr     x1, [x0]
        add     x1, x1, #1
        adr     x0, seen
        str     x1, [x0]
        b       1b

        .bss
        .balign 8
seen:   .space  8                       // 1 + interrupts handled; 0 until CPU 1 has started
        .text
