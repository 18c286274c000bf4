// SPDX-License-Identifier: MIT
// What the drivers of both interrupt controllers share: handlers, flows, counters.
#ifndef IRQ_TYPES_H
#define IRQ_TYPES_H

#include <stdint.h>

#include "cpu.h"
#include "vectors.h"

// Called with PSTATE.I set.
typedef void irq_handler(unsigned intid, struct frame *frame);

// An interrupt that was acknowledged. `token` is what the controller gave, and its end wants back.
struct irq {
    unsigned intid;
    uint32_t token;
    struct frame *frame;
    irq_handler *handler;
};

// What surrounds the handler: calls it, and ends the interrupt.
typedef void irq_flow(const struct irq *irq);

static inline void irq_run_handler(const struct irq *irq)
{
    irq->handler(irq->intid, irq->frame);
}

// Of each CPU.
struct irq_counters {
    volatile uint64_t taken;     // acknowledged, with a handler
    volatile uint64_t spurious;  // withdrawn before the acknowledge: legal
    volatile uint64_t range;     // an INTID that there is not
    volatile uint64_t unhandled; // no handler: it stays masked
    volatile uint64_t error;     // the acknowledge failed
} PER_CPU;

#endif
