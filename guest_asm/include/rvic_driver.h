// SPDX-License-Identifier: MIT
// RVIC and RVID driver, after Linux's. irq.h has the same names for it and for that of the GICv2.
//
// A status is RVIC_*: 0 is success. INTIDs 0 to T - 1 are trusted: this CPU's own; input n is INTID T + n.
#ifndef RVIC_DRIVER_H
#define RVIC_DRIVER_H

#include "irq_types.h"
#include "rvic.h"

#define RVIC_PROBE_VERSION (-1) // no RVIC here, or not one of version 0.3
#define RVIC_PROBE_LIMITS (-2)  // it answers numbers of interrupts that cannot be

extern unsigned rvic_trusted; // T
extern unsigned rvic_total;   // T + U
extern struct irq_counters rvic_counters[MAX_CPUS];

// Once, on CPU 0: find it, check it, take the IRQ vectors, start this CPU's instance.
int rvic_probe(void);
// On every other CPU: its instance into a known state, and enabled; 2 + 2 (T + U) calls.
int rvic_cpu_start(void);
// This CPU takes no more interrupts.
int rvic_cpu_dying(void);

// The handler and flow of an INTID, for all CPUs; null pointers take them out.
void rvic_set_handler(unsigned intid, irq_handler *handler, irq_flow *flow);
// The same, of a trusted INTID, and let it come on this CPU.
int rvic_request(unsigned intid, irq_handler *handler, irq_flow *flow);

// ClearMasked; handler. One that is sent meanwhile is not lost in this one.
irq_flow rvic_flow_ipi;
// Handler; Resample; ClearMasked. A trusted level that is still high pends again.
irq_flow rvic_flow_timer;
// Handler; ClearMasked. An edge that came meanwhile comes next; a level is looked at again by the hypervisor.
irq_flow rvic_flow_edge;
irq_flow rvic_flow_level;
// SetMasked; handler, which notes that there is work. Whoever does that work calls rvic_unmask.
irq_flow rvic_flow_threaded;

// On one interrupt: on this CPU if it is trusted, else on the CPU that the RVID sends it to.
int rvic_mask(unsigned intid);
int rvic_unmask(unsigned intid);
int rvic_end_of_interrupt(unsigned intid); // ClearMasked, unless software has it masked
int rvic_is_pending(unsigned intid);       // 0, 1, or -1
int rvic_set_pending(unsigned intid);
int rvic_retrigger(unsigned intid);
int rvic_clear_pending(unsigned intid);

// The target sees all stores made before it.
int rvic_send_ipi(unsigned cpu, unsigned ipi);

int rvid_probe(void);
unsigned rvid_intid(unsigned input);
// Map to this CPU; Unmap. It stays masked until rvic_unmask.
int rvid_activate(unsigned input);
int rvid_deactivate(unsigned input);
// Handler, Map to this CPU, unmask.
int rvid_request(unsigned input, irq_handler *handler, irq_flow *flow);
// Move an input to a CPU whose instance is enabled, with whatever is pending. If it fails, it stays.
int rvid_set_affinity(unsigned input, unsigned cpu);

#endif
