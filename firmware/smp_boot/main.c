// SPDX-License-Identifier: MIT
// smp_boot: every CPU brought up by PSCI, off, and on again; then an interrupt goes round all of them. See README.md.
#include "irq.h"
#include "psci.h"
#include "smp.h"
#include "uart.h"

#define IPI_BATON 1

volatile uint64_t boots;  // how often a CPU has come up
volatile uint64_t rounds; // how often the baton has gone round

static const char *name_of(int status)
{
    switch (status) {
    case PSCI_SUCCESS:
        return "SUCCESS";
    case PSCI_INVALID_PARAMETERS:
        return "INVALID_PARAMETERS";
    case PSCI_ALREADY_ON:
        return "ALREADY_ON";
    default:
        return "another status";
    }
}

static const char *state_of(unsigned cpu)
{
    int state = psci_affinity_info(cpu);
    return state == PSCI_AFFINITY_ON ? "on" : state == PSCI_AFFINITY_OFF ? "off" : "neither on nor off";
}

// What a CPU does when it comes up: it has the UART for itself, for CPU 0 waits until it is off.
static void hello(unsigned cpu)
{
    boots++;
    print("CPU %u: here, at EL%u, affinity %#lx\n", cpu, (unsigned)(sysreg_read(CurrentEL) >> 2),
          sysreg_read(mpidr_el1) & 0xff00ffffff);
}

static void up_and_down(unsigned cpus)
{
    for (unsigned cpu = 1; cpu < cpus; cpu++) {
        int status = cpu_start(cpu, hello);
        cpu_wait_off(cpu);
        print("CPU %u: CPU_ON %s, now %s\n", cpu, name_of(status), state_of(cpu));
    }
}

// Each passes it on to the next, so one at a time prints; back at CPU 0 it has gone round.
static void on_baton(unsigned intid, struct frame *frame)
{
    (void)intid, (void)frame;
    unsigned cpu = cpu_index();
    print("CPU %u: has the baton\n", cpu);
    if (cpu == 0)
        rounds++;
    else
        irq_send_ipi((cpu + 1) % smp_cpus, IPI_BATON);
}

static int join(unsigned cpu)
{
    (void)cpu;
    return irq_request(IPI_BATON, on_baton, irq_flow_ipi);
}

int main(void)
{
    unsigned cpus = cpus_present();
    uint32_t version = psci_version();
    print("PSCI %u.x, %u CPUs\n", version >> 16, cpus);
    print("CPU_ON of CPU 0: %s\n", name_of(psci_cpu_on(0, 0x40080000, 0)));
    print("CPU_ON of a CPU that there is not: %s\n", name_of(psci_cpu_on(cpus, 0x40080000, 0)));

    up_and_down(cpus);
    up_and_down(cpus); // a CPU that is off can be turned on again

    if (irq_probe() || irq_request(IPI_BATON, on_baton, irq_flow_ipi) || smp_start(join)) {
        print("smp_boot: FAILED\n");
        return 1;
    }
    irq_send_ipi(1 % smp_cpus, IPI_BATON);
    while (!rounds)
        sleep_once();
    smp_stop();
    for (unsigned cpu = 0; cpu < cpus; cpu++)
        print("CPU %u: %s\n", cpu, state_of(cpu));
    print("smp_boot: done\n");
    return 0;
}
