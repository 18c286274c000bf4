// SPDX-License-Identifier: MIT
// move: CPU 0 moves a device's interrupt between CPU 1 and CPU 2, with nothing pending in one move, and in the
// next with an edge that is pending on the old CPU. That is handled after the move, which is what is counted.
#include "bench.inc"

#define INPUT           16

main:
        stp     x19, x30, [sp, #-32]!
        stp     x20, x21, [sp, #16]
        bl      bench_probe
        cbnz    x0, 5f
        mov     x0, #INPUT
        adr     x1, bench_handled
        adr     x2, irqc_flow_edge
        bl      irqc_input_request
        cbnz    x0, 5f
        mov     x19, #1
1:      mov     x0, x19
        adr     x1, owner
        bl      cpu_start
        cbnz    x0, 5f
        add     x19, x19, #1
        cmp     x19, #2
        b.ls    1b
        bl      beats
        mov     x0, #INPUT
        mov     x1, #1
        bl      irqc_input_set_affinity
        cbnz    x0, 5f
        bl      beats
        bl      bench_start
        mov     x19, #0                 // x19 = moves, x20 = where it is, x21 = edges
        mov     x20, #1
        mov     x21, #0
2:      tbz     x19, #0, 3f
        mov     x0, #1
        mov     x1, #(BENCH_SPI + INPUT)
        mov     x2, #1
        bl      bench_pulse
        add     x21, x21, #1
        bl      beats
3:      eor     x20, x20, #3
        bl      bench_begin
        bl      bench_enter
        mov     x0, #INPUT
        mov     x1, x20
        bl      irqc_input_set_affinity
        bl      bench_leave
        cbnz    x0, 5f
        bl      beats                   // what the move does to the other CPUs is part of it
        bl      bench_end
        adr     x1, window
        mov     x0, #1
        str     x0, [x1]
        mov     x0, x21
        bl      bench_wait
        adr     x1, window
        str     xzr, [x1]
        bl      beats
        add     x19, x19, #1
        cmp     x19, #ROUNDS
        b.lo    2b
        bl      bench_stop
        mov     x0, #0
5:      ldp     x20, x21, [sp, #16]
        ldp     x19, x30, [sp], #32
        ret

// beats: until both other CPUs have gone round their loop twice: once with all that was stored before.
// Clobbers x1..x4.
beats:
        adr     x4, beaten
        ldp     x1, x2, [x4, #8]
1:      ldr     x3, [x4, #8]
        sub     x3, x3, x1
        cmp     x3, #2
        b.lo    1b
2:      ldr     x3, [x4, #16]
        sub     x3, x3, x2
        cmp     x3, #2
        b.lo    2b
        ret

// CPU 1 and CPU 2. They work with PSTATE.I set, and take what is theirs while the window is open.
owner:
        stp     x19, x30, [sp, #-16]!
        mov     x19, x0
        bl      irqc_cpu_start
        cbnz    x0, 3f
1:      adr     x1, beaten
        ldr     x0, [x1, x19, lsl #3]
        add     x0, x0, #1
        str     x0, [x1, x19, lsl #3]
        adr     x1, window
        ldr     x0, [x1]
        cbz     x0, 1b
        irq_enable
        isb
        irq_disable
        b       1b
3:      ldp     x19, x30, [sp], #16
        ret

        .bss
        .balign 8
window: .space  8
beaten: .space  MAX_CPUS * 8            // turns of its loop, per CPU
        .text
