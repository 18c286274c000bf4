// SPDX-License-Identifier: MIT
// withdrawn: an edge whose interrupt the guest has taken the exception for, but has not acknowledged yet, when
// it is made not pending. The acknowledge finds nothing.
#define FLOW            irqc_flow_edge
#define INPUT           16
#define HANDLER         never
#define SETUP           take_vector
#define AFTER           check
#include "device.inc"

// In: x20 = INTID. Take the IRQ vector from the driver, to step in before it acknowledges.
take_vector:
        stp     x19, x30, [sp, #-16]!
        adr     x1, intid
        str     x20, [x1]
        mov     x0, #VECTOR_EL1H_IRQ
        adr     x1, withdraw
        bl      vector_set
        ldp     x19, x30, [sp], #16
        ret

// In: x0 = frame, x1 = entry number.
withdraw:
        stp     x19, x30, [sp, #-32]!
        stp     x20, x21, [sp, #16]
        mov     x19, x0
        mov     x20, x1
        adr     x0, intid
        ldr     x0, [x0]
        bl      irqc_clear_pending
        mov     x0, x19
        mov     x1, x20
        bl      irqc_handle_irq
        bl      bench_handled
        ldp     x20, x21, [sp, #16]
        ldp     x19, x30, [sp], #32
        ret

// As many spurious interrupts as edges, up to here.
check:
        adr     x1, irqc_counters
        ldr     x0, [x1, #IRQC_COUNT_SPURIOUS]
        cmp     x0, x19
        b.ne    never
        ret

// The handler must never be called.
never:
        mov     x0, #1
        b       exit

        .bss
        .balign 8
intid:  .space  8
        .text
