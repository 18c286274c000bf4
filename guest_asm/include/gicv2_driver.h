// SPDX-License-Identifier: MIT
// GICv2 driver, after Linux's. irq.h has the same names for it and for that of RVIC and RVID.
//
// INTIDs 0 to 15 are SGIs, 16 to 31 PPIs: this CPU's own; input n is SPI n, INTID 32 + n.
#ifndef GICV2_DRIVER_H
#define GICV2_DRIVER_H

#include "gic.h"
#include "irq_types.h"

// Statuses.
#define GICV2_SUCCESS 0
#define GICV2_NOT_FOUND (-1) // what is at GICC_BASE is no GICv2
#define GICV2_NO_SPIS (-2)   // it is one without SPIs
#define GICV2_NO_INPUT (-3)  // it has no such SPI
#define GICV2_NO_CPU (-4)    // no such CPU, or one that has not started its interface

extern unsigned gicv2_total; // INTIDs
extern struct irq_counters gicv2_counters[MAX_CPUS];

// Once, on CPU 0: check it, take the IRQ vectors, start this CPU's interface, reset the SPIs, turn it on.
int gicv2_probe(void);
// On every other CPU: its SGIs, PPIs and interface into a known state.
int gicv2_cpu_start(void);
// This CPU takes no more interrupts.
int gicv2_cpu_dying(void);

// The handler and flow of an INTID, for all CPUs; null pointers take them out.
void gicv2_set_handler(unsigned intid, irq_handler *handler, irq_flow *flow);
// The same, of an SGI or a PPI, and let it come on this CPU.
int gicv2_request(unsigned intid, irq_handler *handler, irq_flow *flow);

// End; handler. One that is sent meanwhile is not lost in this one.
irq_flow gicv2_flow_ipi;
// Handler; end. A level that is still high comes again; an edge that came meanwhile comes next.
irq_flow gicv2_flow_timer;
irq_flow gicv2_flow_edge;
irq_flow gicv2_flow_level;
// Mask; end; handler, which notes that there is work. Whoever does that work calls gicv2_unmask.
irq_flow gicv2_flow_threaded;
irq_flow gicv2_flow_threaded_level;

// On one interrupt: an SGI or PPI of this CPU, or an SPI. An SGI need not be maskable (4.3.5).
int gicv2_mask(unsigned intid);
int gicv2_unmask(unsigned intid);
int gicv2_is_pending(unsigned intid); // 0 or 1
int gicv2_set_pending(unsigned intid);
int gicv2_retrigger(unsigned intid);
int gicv2_clear_pending(unsigned intid);

// The target sees all stores made before it.
int gicv2_send_ipi(unsigned cpu, unsigned ipi);

int gicv2_spi_probe(void);
unsigned gicv2_spi_intid(unsigned input);
// Send an input to this CPU, without what was pending; mask it. It stays masked until gicv2_unmask.
int gicv2_spi_activate(unsigned input);
int gicv2_spi_deactivate(unsigned input);
// Handler, trigger (a level for the two flows that say so, else an edge), target, unmask.
int gicv2_spi_request(unsigned input, irq_handler *handler, irq_flow *flow);
// Move an input to a CPU that has started, with whatever is pending. If it fails, it stays.
int gicv2_spi_set_affinity(unsigned input, unsigned cpu);

#endif
