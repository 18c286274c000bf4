// SPDX-License-Identifier: MIT
// spurious: an interrupt that is withdrawn before the guest acknowledges it, on the CPU itself and from
// another one. The driver answers NO_INTERRUPTS with a counter and a quiet return. See README.md.
#include "boot.inc"
#include "smp.inc"
#include "uart.inc"

#define ROUNDS          100             // of each kind
#define IPI             3

main:
        stp     x19, x30, [sp, #-32]!
        stp     x20, x21, [sp, #16]
        bl      rvic_probe
        cbnz    x0, fail
        mov     x0, #VECTOR_EL1H_IRQ    // our own step between the exception and the acknowledge
        adr     x1, on_irq
        bl      vector_set
        mov     x0, #IPI
        adr     x1, on_ipi
        adr     x2, rvic_flow_ipi
        bl      rvic_request
        cbnz    x0, fail
        adr     x0, accept_ipi
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
        mov     x21, #1
2:      cmp     x21, x20
        b.hs    3f
        mov     x0, x21
        bl      withdraw_on_other
        cbnz    x0, fail
        add     x21, x21, #1
        b       2b
3:      subs    x19, x19, #1
        b.ne    1b
        bl      smp_stop

        adr     x21, rvic_counters      // what the driver has counted, on CPU 0
        ldr     x0, [x21, #RVIC_COUNT_SPURIOUS]
        adr     x1, spurious_self
        str     x0, [x1]
        cmp     x0, #(2 * ROUNDS)
        b.ne    fail
        ldr     x0, [x21, #RVIC_COUNT_TAKEN]
        adr     x1, taken_self
        str     x0, [x1]
        cmp     x0, #ROUNDS
        b.ne    fail
        mov     x19, #1                 // and on every other CPU: one spurious a round, one taken to stop
4:      cmp     x19, x20
        b.hs    5f
        add     x21, x21, #64
        ldr     x0, [x21, #RVIC_COUNT_SPURIOUS]
        cmp     x0, #ROUNDS
        b.ne    fail
        ldr     x0, [x21, #RVIC_COUNT_TAKEN]
        cmp     x0, #1
        b.ne    fail
        add     x19, x19, #1
        b       4b
5:      print   text_done
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
        mov     x0, #IPI
        bl      rvic_set_pending
        mrs     x1, isr_el1
        tbz     x1, #7, 9f              // ISR_EL1.I: the line is high
        mov     x0, #IPI
        bl      rvic_clear_pending
        mrs     x1, isr_el1
        tbnz    x1, #7, 9f              // and low again
        bl      irq_window
        bl      taken_and_spurious
        subs    x0, x0, x19
        b       8f

// ClearPending between the exception and the acknowledge: Acknowledge finds nothing. It is lost, as asked.
withdraw_pending:
        stp     x19, x30, [sp, #-16]!
        adr     x0, clear_own_pending
        b       withdraw_in_exception

// SetMasked at that moment: spurious too, but the interrupt stays pending and comes after ClearMasked.
withdraw_by_mask:
        stp     x19, x30, [sp, #-16]!
        adr     x0, mask_own
        bl      provoke
        cbnz    x0, 9f
        bl      taken_and_spurious
        mov     x19, x0
        mov     x0, #IPI
        bl      rvic_unmask
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

// Another CPU takes the exception and waits before its acknowledge until we have withdrawn the interrupt.
// In: x0 = that CPU. x0 := 0 if all is well.
withdraw_on_other:
        mov     x9, x30
        mov     x8, x0
        adr     x4, arrived
        adr     x5, withdrawn
        adr     x6, before_acknowledge
        str     xzr, [x4, x8, lsl #3]
        str     xzr, [x5, x8, lsl #3]
        adr     x0, wait_for_withdrawal
        str     x0, [x6, x8, lsl #3]
        mov     x0, x8
        mov     x1, #IPI
        bl      rvic_send_ipi
        cbnz    x0, 3f
1:      ldr     x0, [x4, x8, lsl #3]
        cbz     x0, 1b
        mov     x1, x8
        mov     x2, #IPI
        rvic_call RVIC_CLEAR_PENDING
        mov     x1, #1
        str     x1, [x5, x8, lsl #3]
        dmb     sy
2:      ldr     x1, [x6, x8, lsl #3]    // it takes its step out when it is through
        cbnz    x1, 2b
3:      ret     x9

// provoke: send this CPU the IPI, with a step before the acknowledge. In: x0 = step.
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
        mov     x0, #IPI
        bl      rvic_set_pending
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
        adr     x2, rvic_counters
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
        bl      rvic_handle_irq
        str     xzr, [x21]
        b       2f
1:      mov     x0, x19
        bl      rvic_handle_irq
2:      ldp     x20, x21, [sp, #16]
        ldp     x19, x30, [sp], #32
        ret

// Steps. In: x0 = this CPU.
clear_own_pending:
        mov     x0, #IPI
        b       rvic_clear_pending
mask_own:
        mov     x0, #IPI
        b       rvic_mask
wait_for_withdrawal:
        adr     x1, arrived
        mov     x2, #1
        str     x2, [x1, x0, lsl #3]
        adr     x1, withdrawn
1:      ldr     x2, [x1, x0, lsl #3]
        cbz     x2, 1b
        ret

// A secondary CPU lets the IPI come. x0 := status.
accept_ipi:
        mov     x0, #IPI
        b       rvic_unmask

// The handler has nothing to do: the driver counts.
on_ipi:
        ret

text_done:      .asciz "spurious: all withdrawn quietly\n"
text_failed:    .asciz "spurious: FAILED\n"
        .balign 4

        .bss
        .balign 8
spurious_self:  .space 8
taken_self:     .space 8
before_acknowledge: .space MAX_CPUS * 8 // a step between exception and acknowledge, per CPU
arrived:        .space MAX_CPUS * 8
withdrawn:      .space MAX_CPUS * 8
