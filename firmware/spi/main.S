// SPDX-License-Identifier: MIT
// spi: an edge device on SPI 5. It raises 1,000 edges, each once the last was handled, while its
// interrupt is moved from CPU to CPU with edges in flight: none is lost, none is seen twice. See README.md.
#include "boot.inc"
#include "smp.inc"
#include "testdev.inc"
#include "timer.inc"
#include "uart.inc"

#define EDGES           1000
#define INPUT           5               // SPI 5: no other device of the board is on it
#define LINE            (TESTDEV_SPI + INPUT)
#define AFTERMATH       20000           // ticks to wait for an edge that should not come

main:
        stp     x19, x30, [sp, #-48]!
        stp     x20, x21, [sp, #16]
        stp     x22, x23, [sp, #32]
        bl      testdev_probe
        cbnz    x0, fail
        bl      irqc_probe
        cbnz    x0, fail
        bl      irqc_input_probe
        cbnz    x0, fail
        mov     x0, #0
        bl      smp_start
        cbnz    x0, fail
        mov     x19, x1                 // x19 = how many CPUs, x20 = where the interrupt is now,
        mov     x20, #0                 // x21 = moves, x22 = state of the pauses
        mov     x21, #0
        mov     x22, #1
        mov     x0, #INPUT
        adr     x1, on_edge
        adr     x2, irqc_flow_edge
        bl      irqc_input_request
        cbnz    x0, fail
        mov     w0, #LINE               // edge number 1
        mov     w1, #100
        bl      testdev_pulse_after

        irq_enable
1:      bl      sum_handled
        cmp     x0, #EDGES
        b.hs    4f
        cmp     x19, #1
        b.eq    3f
        add     x20, x20, #1            // move it to the next CPU
        cmp     x20, x19
        csel    x20, xzr, x20, hs
        mov     x0, #INPUT
        mov     x1, x20
        bl      irqc_input_set_affinity
        cbnz    x0, fail
        add     x21, x21, #1
        mov     x0, x22                 // and leave it there for a while that always differs
        bl      random
        mov     x22, x0
        ubfx    x0, x0, #16, #9
2:      subs    x0, x0, #1
        b.pl    2b
        b       1b
3:      irq_disable                     // alone, there is nothing to do but to wait
        bl      sum_handled
        cmp     x0, #EDGES
        b.hs    4f
        sleep_once
        b       3b

4:      irq_enable
        bl      timer_now               // does anything come that should not?
        mov     x23, #AFTERMATH
        add     x23, x23, x0
5:      bl      timer_now
        cmp     x0, x23
        b.lo    5b
        irq_disable
        bl      smp_stop

        bl      sum_handled
        adr     x1, handled
        str     x0, [x1]
        cmp     x0, #EDGES
        b.ne    fail
        mov     w0, #LINE
        bl      testdev_count
        adr     x1, raised
        str     x0, [x1]
        cmp     x0, #EDGES
        b.ne    fail
        adr     x0, mismatches
        ldr     x0, [x0]
        cbnz    x0, fail
        print   text_done
        print   text_moves
        mov     x0, x21
        bl      uart_put_dec
        print   text_cpus
        mov     x0, x19
        bl      uart_put_dec
        mov     w0, #'\n'
        bl      uart_putc
        mov     x0, #0
        b       leave
fail:   irq_disable
        print   text_failed
        mov     x0, #1
leave:  ldp     x22, x23, [sp, #32]
        ldp     x20, x21, [sp, #16]
        ldp     x19, x30, [sp], #48
        ret

// The handler: edge k must find k - 1 handled and k raised; then it orders edge k + 1.
on_edge:
        stp     x9, x30, [sp, #-16]!
        cpu_index x4
        adr     x5, counts
        ldr     x6, [x5, x4, lsl #3]
        add     x6, x6, #1
        str     x6, [x5, x4, lsl #3]
        bl      sum_handled
        mov     x4, x0
        mov     w0, #LINE
        bl      testdev_count
        cmp     x0, x4
        b.eq    1f
        adr     x5, mismatches
        ldr     x6, [x5]
        add     x6, x6, #1
        str     x6, [x5]
1:      cmp     x4, #EDGES
        b.hs    2f
        adr     x5, delays
        ldr     x0, [x5]
        bl      random
        str     x0, [x5]
        ubfx    x1, x0, #16, #9         // 1 to 512 ticks from now: before, during or after a move
        add     x1, x1, #1
        mov     w0, #LINE
        bl      testdev_pulse_after
2:      ldp     x9, x30, [sp], #16
        ret

// sum_handled: x0 := edges handled on all CPUs. Clobbers x1..x3.
sum_handled:
        adr     x1, counts
        mov     x0, #0
        mov     x2, #0
1:      ldr     x3, [x1, x2, lsl #3]
        add     x0, x0, x3
        add     x2, x2, #1
        cmp     x2, #MAX_CPUS
        b.lo    1b
        ret

// random: x0 := the next state of a linear congruential generator; its bits 16 and up look random.
// In: x0 = the last state. Clobbers x1.
random:
        movz    x1, #(1103515245 & 0xffff)
        movk    x1, #(1103515245 >> 16), lsl #16
        mul     x0, x0, x1
        mov     w1, #12345
        add     x0, x0, x1
        ret

text_done:      .asciz "spi: 1000 raised, 1000 handled, none lost, none doubled\n"
text_moves:     .asciz "spi: moves: "
text_cpus:      .asciz ", CPUs: "
text_failed:    .asciz "spi: FAILED\n"
        .balign 4

        .bss
        .balign 8
raised:     .space 8
handled:    .space 8
mismatches: .space 8                    // edges that were not the one expected
delays:     .space 8                    // state of the delays; one handler at a time has it
counts:     .space MAX_CPUS * 8         // edges handled, per CPU
