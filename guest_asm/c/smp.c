// SPDX-License-Identifier: MIT
// CPUs on and off, and all of them under the interrupt driver.
#include "smp.h"

#include "irq.h"
#include "psci.h"

enum state { OFFLINE, ONLINE, STOPPING, FAILED };

// Each in a cache line of its own, written by that CPU alone.
struct cpu_state {
    volatile enum state state;
} PER_CPU;

unsigned smp_cpus;
static struct cpu_state states[MAX_CPUS];
static int (*on_start)(unsigned cpu);

void cpu_secondary(void); // crt0.S

unsigned cpus_present(void)
{
    unsigned cpus = 0;
    while (cpus < MAX_CPUS && psci_affinity_info(cpus) >= 0)
        cpus++;
    return cpus;
}

int cpu_start(unsigned cpu, void (*routine)(unsigned cpu))
{
    dsb();
    return psci_cpu_on(cpu, (uintptr_t)cpu_secondary, (uintptr_t)routine);
}

void cpu_wait_off(unsigned cpu)
{
    int state;
    do
        state = psci_affinity_info(cpu);
    while (state == PSCI_AFFINITY_ON || state == PSCI_AFFINITY_ON_PENDING);
}

static void on_stop(unsigned intid, struct frame *frame)
{
    (void)intid, (void)frame;
    states[cpu_index()].state = STOPPING;
}

static void secondary(unsigned cpu)
{
    int failed = irq_cpu_start() || irq_unmask(IPI_STOP) || (on_start && on_start(cpu));
    dsb();
    states[cpu].state = failed ? FAILED : ONLINE;
    while (states[cpu].state == ONLINE)
        sleep_once();
    irq_cpu_dying();
}

int smp_start(int (*routine)(unsigned cpu))
{
    int status = 0;
    on_start = routine;
    smp_cpus = cpus_present();
    irq_set_handler(IPI_STOP, on_stop, irq_flow_ipi);
    for (unsigned cpu = 1; cpu < smp_cpus; cpu++) {
        states[cpu].state = OFFLINE;
        if (cpu_start(cpu, secondary)) {
            status = -1;
            continue;
        }
        while (states[cpu].state == OFFLINE)
            ;
        if (states[cpu].state != ONLINE)
            status = -1;
    }
    return status;
}

void smp_stop(void)
{
    for (unsigned cpu = 1; cpu < smp_cpus; cpu++) {
        irq_send_ipi(cpu, IPI_STOP);
        cpu_wait_off(cpu);
    }
}
