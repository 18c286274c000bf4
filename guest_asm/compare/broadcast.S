// SPDX-License-Identifier: MIT
// broadcast: CPU 0 interrupts CPU 1, CPU 2 and CPU 3 at once, and waits until each of them, which work, has gone
// on working. All that is counted: a call of RVIC names one target, one write of GICD_SGIR names any number.
#include "bench.inc"

#define IPI             3
#define LAST            3               // the CPUs interrupted are 1 to LAST

main:
        stp     x19, x30, [sp, #-16]!
        bl      bench_probe
        cbnz    x0, 4f
        mov     x19, #1
1:      mov     x0, x19
        adr     x1, target
        bl      cpu_start
        cbnz    x0, 4f
        add     x19, x19, #1
        cmp     x19, #LAST
        b.ls    1b
        mov     x0, #1
        bl      wait_until_seen
        bl      bench_start
        mov     x19, #1
2:      bl      bench_begin
        bl      bench_enter
        bl      send
        bl      bench_leave
        cbnz    x0, 4f
        add     x19, x19, #1
        mov     x0, x19
        bl      wait_until_seen
        bl      bench_end
        bl      bench_handled
        cmp     x19, #ROUNDS
        b.ls    2b
        bl      bench_stop
        mov     x0, #0
4:      ldp     x19, x30, [sp], #16
        ret

// send: the IPI, to each of them. x0 := 0 or a status. Clobbers x1..x7.
#ifdef IRQ_GICV2
send:
        load32  x1, (1 << 24 | IPI)     // TargetListFilter 0b01: every CPU but this one
        mov     x2, #GICD_BASE
        dsb     sy
        str     w1, [x2, #GICD_SGIR]
        mov     x0, #0
        ret
#else
send:
        mov     x7, x30
        mov     x6, #1
1:      mov     x0, x6
        mov     x1, #IPI
        bl      irqc_send_ipi
        cbnz    x0, 2f
        add     x6, x6, #1
        cmp     x6, #LAST
        b.ls    1b
2:      ret     x7
#endif

// wait_until_seen: until each target has come to x0. Clobbers x1..x3.
wait_until_seen:
        adr     x1, seen
        mov     x2, #1
1:      ldr     x3, [x1, x2, lsl #3]
        cmp     x3, x0
        b.lo    1b
        add     x2, x2, #1
        cmp     x2, #LAST
        b.ls    1b
        ret

// A target works: what its handler has counted, it tells CPU 0 once it is back from the exception.
target:
        stp     x19, x30, [sp, #-16]!
        mov     x19, x0
        bl      irqc_cpu_start
        mov     x0, #IPI
        adr     x1, count
        adr     x2, irqc_flow_ipi
        bl      irqc_request
        irq_enable
1:      adr     x0, counts
        ldr     x1, [x0, x19, lsl #3]
        add     x1, x1, #1
        adr     x0, seen
        str     x1, [x0, x19, lsl #3]
        b       1b

// The handler.
count:
        cpu_index x2
        adr     x0, counts
        ldr     x1, [x0, x2, lsl #3]
        add     x1, x1, #1
        str     x1, [x0, x2, lsl #3]
        ret

        .bss
        .balign 8
counts: .space  MAX_CPUS * 8            // interrupts handled, by CPU
seen:   .space  MAX_CPUS * 8            // 1 + that; 0 until the CPU has started
        .text
