// SPDX-License-Identifier: MIT
// One set of names for the interrupt controller of the machine, so that one source runs on all of them.
//
// With IRQ_GICV2 defined, as the machine gives it where it has a GICv2, they are those of gicv2_driver.h, else
// of rvic_driver.h; what each does, and its statuses, stand there. 0 is success.
//
//   INTIDs: 0 to 15 are IPIs, TIMER_INTID the timer; both are this CPU's own. A device is known by its input;
//   its INTID is what irq_input_intid says: 32 + input with a GICv2, T + input with RVIC.
#ifndef IRQ_H
#define IRQ_H

#include "irq_types.h"

#ifdef IRQ_GICV2
#include "gicv2_driver.h"
#define IRQ_CPU_NAME(name) gicv2_##name
#define IRQ_INPUT_NAME(name) gicv2_spi_##name
#define irq_flow_threaded_level gicv2_flow_threaded_level
#else
#include "rvic_driver.h"
#define IRQ_CPU_NAME(name) rvic_##name
#define IRQ_INPUT_NAME(name) rvid_##name
#define irq_flow_threaded_level rvic_flow_threaded
#endif

#define irq_probe IRQ_CPU_NAME(probe)
#define irq_cpu_start IRQ_CPU_NAME(cpu_start)
#define irq_cpu_dying IRQ_CPU_NAME(cpu_dying)
#define irq_set_handler IRQ_CPU_NAME(set_handler)
#define irq_request IRQ_CPU_NAME(request)

#define irq_flow_ipi IRQ_CPU_NAME(flow_ipi)
#define irq_flow_timer IRQ_CPU_NAME(flow_timer)
#define irq_flow_edge IRQ_CPU_NAME(flow_edge)
#define irq_flow_level IRQ_CPU_NAME(flow_level)
#define irq_flow_threaded IRQ_CPU_NAME(flow_threaded)

#define irq_mask IRQ_CPU_NAME(mask)
#define irq_unmask IRQ_CPU_NAME(unmask)
#define irq_is_pending IRQ_CPU_NAME(is_pending)
#define irq_set_pending IRQ_CPU_NAME(set_pending)
#define irq_retrigger IRQ_CPU_NAME(retrigger)
#define irq_clear_pending IRQ_CPU_NAME(clear_pending)
#define irq_send_ipi IRQ_CPU_NAME(send_ipi)
#define irq_counters_of IRQ_CPU_NAME(counters) // an array, by CPU

#define irq_input_probe IRQ_INPUT_NAME(probe)
#define irq_input_intid IRQ_INPUT_NAME(intid)
#define irq_input_activate IRQ_INPUT_NAME(activate)
#define irq_input_deactivate IRQ_INPUT_NAME(deactivate)
#define irq_input_request IRQ_INPUT_NAME(request)
#define irq_input_set_affinity IRQ_INPUT_NAME(set_affinity)

#endif
