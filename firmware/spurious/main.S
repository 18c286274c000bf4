// SPDX-License-Identifier: MIT
// spurious: an interrupt that is withdrawn before the guest acknowledges it, on the CPU itself and from
// another one. The driver answers NO_INTERRUPTS, or 1023, with a counter and a quiet return. See README.md.
#include "boot.inc"
#include "smp.inc"
#include "uart.inc"

#define ROUNDS          100             // of each kind
#define INPUT           6               // no device of the board is on it: only we make it pending

// the_intid: x0 := INTID of our interrupt.
.macro  the_intid
        adr     x0, intid
        ldr     x0, [x0]
.endm

main:
        stp     x19, x30, [sp, #-32]!
        stp     x20, x21, [sp, #16]
        bl      irqc_probe
        cbnz    x0, fail
        mov     x0, #VECTOR_EL1H_IRQ    // our own step between the exception and the acknowledge
        adr     x1, on_irq
        bl      vector_set
        bl      irqc_input_probe
        cbnz    x0, fail
        mov     x0, #INPUT
        adr     x1, on_interrupt
        adr     x2, irqc_flow_edge
        bl      irqc_input_request
        cbnz    x0, fail
        adr     x0, intid
        str     x1, [x0]
        mov     x0, #0
        bl      smp_start
        cbnz    x0, fail
        mov     x20, x1                 // x20 = how many CPUs

        mov     x19, #ROUNDS
1:      bl      withdraw_while_masked
        cbnz    x0, fail
        bl      withdraw_pending
        cbnz    x0, fail
        bl      withdraw_by_mask
        cbnz    x0, fail
        subs    x19, x19, #1
        b.ne    1b
        mov     x21, #1
2:      cmp     x21, x20
        b.hs    4f
        mov     x0, #INPUT              // it is that CPU's now
        mov     x1, x21
        bl      irqc_input_set_affinity
        cbnz    x0, fail
        mov     x19, #ROUNDS
3:      mov     x0, x21
        bl      withdraw_on_other
        cbnz    x0, fail
        subs    x19, x19, #1
        b.ne    3b
        add     x21, x21, #1
        b       2b
4:      bl      smp_stop

        adr     x21, irqc_counters      // what the driver has counted, on CPU 0
        ldr     x0, [x21, #IRQC_COUNT_SPURIOUS]
        adr     x1, spurious_self
        str     x0, [x1]
        cmp     x0, #(2 * ROUNDS)
        b.ne    fail
        ldr     x0, [x21, #IRQC_COUNT_TAKEN]
        adr     x1, taken_self
        str     x0, [x1]
        cmp     x0, #ROUNDS
        b.ne    fail
        mov     x19, #1                 // and on every other CPU: one spurious a round, one taken to stop
5:      cmp     x19, x20
        b.hs    6f
        add     x21, x21, #64
        ldr     x0, [x21, #IRQC_COUNT_SPURIOUS]
        cmp     x0, #ROUNDS
        b.ne    fail
        ldr     x0, [x21, #IRQC_COUNT_TAKEN]
        cmp     x0, #1
        b.ne    fail
        add     x19, x19, #1
        b       5b
6:      print   text_done
        mov     x0, #0
        b       leave
fail:   print   text_failed
        mov     x0, #1
leave:  ldp     x20, x21, [sp, #16]
        ldp     x19, x30, [sp], #32
        ret

// Withdrawn while PSTATE.I is set: the line goes up and down, and no exception comes at all.
withdraw_while_masked:
        stp     x19, x30, [sp, #-16]!
        bl      taken_and_spurious
        mov     x19, x0
        the_intid
        bl      irqc_set_pending
        mrs     x1, isr_el1
        tbz     x1, #7, 9f              // ISR_EL1.I: the line is high
        the_intid
        bl      irqc_clear_pending
        mrs     x1, isr_el1
        tbnz    x1, #7, 9f              // and low again
        bl      irq_window
        bl      taken_and_spurious
        subs    x0, x0, x19
        b       8f

// Not pending any more, between the exception and the acknowledge: which finds nothing. It is lost, as asked.
withdraw_pending:
        stp     x19, x30, [sp, #-16]!
        adr     x0, clear_own_pending
        b       withdraw_in_exception

// Masked at that moment: spurious too, but the interrupt stays pending and comes when it is unmasked.
withdraw_by_mask:
        stp     x19, x30, [sp, #-16]!
        adr     x0, mask_own
        bl      provoke
        cbnz    x0, 9f
        bl      taken_and_spurious
        mov     x19, x0
        the_intid
        bl      irqc_unmask
        bl      irq_window
        bl      taken_and_spurious
        sub     x0, x0, x19
        cmp     x0, #1
        cset    x0, ne
        b       8f

withdraw_in_exception:
        bl      provoke
        b       8f
9:      mov     x0, #1
8:      ldp     x19, x30, [sp], #16
        ret

// The other CPU that the interrupt goes to takes the exception, and waits before its acknowledge until we
// have withdrawn it. In: x0 = that CPU. x0 := 0 if all is well.
withdraw_on_other:
        stp     x19, x30, [sp, #-32]!
        stp     x20, x21, [sp, #16]
        lsl     x19, x0, #3
        adr     x20, withdrawn
        adr     x21, before_acknowledge
        adr     x1, arrived
        str     xzr, [x1, x19]
        str     xzr, [x20, x19]
        adr     x0, wait_for_withdrawal
        str     x0, [x21, x19]
        the_intid
        bl      irqc_set_pending
        cbnz    x0, 3f
        adr     x1, arrived
1:      ldr     x0, [x1, x19]
        cbz     x0, 1b
        the_intid
        bl      irqc_clear_pending
        cbnz    x0, 3f
        mov     x1, #1
        str     x1, [x20, x19]
        dmb     sy
2:      ldr     x1, [x21, x19]          // it takes its step out when it is through
        cbnz    x1, 2b
3:      ldp     x20, x21, [sp, #16]
        ldp     x19, x30, [sp], #32
        ret

// provoke: make it pending, with a step before the acknowledge. In: x0 = step.
// x0 := 0 if that gave exactly one spurious interrupt and none else.
provoke:
        stp     x19, x30, [sp, #-32]!
        stp     x20, x21, [sp, #16]
        mov     x20, x0
        bl      taken_and_spurious
        mov     x19, x0
        mov     x21, x1
        adr     x0, before_acknowledge
        str     x20, [x0]               // only CPU 0 provokes
        the_intid
        bl      irqc_set_pending
        bl      irq_window
        bl      taken_and_spurious
        sub     x0, x0, x19
        sub     x1, x1, x21
        sub     x1, x1, #1
        orr     x0, x0, x1
        ldp     x20, x21, [sp, #16]
        ldp     x19, x30, [sp], #32
        ret

// irq_window: let what is pending come, now.
irq_window:
        irq_enable
        isb
        nop
        irq_disable
        ret

// taken_and_spurious: CPU 0's counters. x0 := interrupts taken, x1 := spurious ones. Clobbers x2.
taken_and_spurious:
        adr     x2, irqc_counters
        ldp     x0, x1, [x2]
        ret

// The IRQ vector of this guest: this CPU's step, once, then the driver. In: x0 = frame.
on_irq:
        stp     x19, x30, [sp, #-32]!
        stp     x20, x21, [sp, #16]
        mov     x19, x0
        cpu_index x20
        adr     x21, before_acknowledge
        add     x21, x21, x20, lsl #3
        ldr     x1, [x21]
        cbz     x1, 1f
        mov     x0, x20
        blr     x1
        mov     x0, x19
        bl      irqc_handle_irq
        str     xzr, [x21]
        b       2f
1:      mov     x0, x19
        bl      irqc_handle_irq
2:      ldp     x20, x21, [sp, #16]
        ldp     x19, x30, [sp], #32
        ret

// Steps. In: x0 = this CPU.
clear_own_pending:
        the_intid
        b       irqc_clear_pending
mask_own:
        the_intid
        b       irqc_mask
wait_for_withdrawal:
        adr     x1, arrived
        mov     x2, #1
        str     x2, [x1, x0, lsl #3]
        adr     x1, withdrawn
1:      ldr     x2, [x1, x0, lsl #3]
        cbz     x2, 1b
        ret

// The handler has nothing to do: the driver counts.
on_interrupt:
        ret

text_done:      .asciz "spurious: all withdrawn quietly\n"
text_failed:    .asciz "spurious: FAILED\n"
        .balign 4

        .bss
        .balign 8
intid:          .space 8
spurious_self:  .space 8
taken_self:     .space 8
before_acknowledge: .space MAX_CPUS * 8 // a step between exception and acknowledge, per CPU
arrived:        .space MAX_CPUS * 8
withdrawn:      .space MAX_CPUS * 8
