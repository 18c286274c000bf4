// SPDX-License-Identifier: MIT
// c_tick: 100 ticks of the virtual timers, dealt out among the CPUs, which sleep in between. See README.md.
#include "irq.h"
#include "smp.h"
#include "timer.h"
#include "uart.h"

#define TICKS 100
#define PERIOD 10000 // ticks of the counter: 160 us

// Each written by its own CPU alone.
static struct share {
    volatile uint64_t taken, wanted;
} PER_CPU shares[MAX_CPUS];

volatile uint64_t ticks; // all CPUs together

// The handler. It moves the deadline on, or stops the timer: either way the line is low when the flow's Resample
// looks at it, so the tick does not come again.
static void on_tick(unsigned intid, struct frame *frame)
{
    (void)intid, (void)frame;
    struct share *share = &shares[cpu_index()];
    if (!timer_expired())
        return; // it was no tick: a hypervisor may deliver a level once too often
    share->taken++;
    if (share->taken < share->wanted)
        timer_advance(PERIOD);
    else
        timer_stop();
}

// Every CPU: let its own timer's interrupt come, and start that timer.
static int start_ticking(unsigned cpu)
{
    (void)cpu;
    int status = irq_request(TIMER_INTID, on_tick, irq_flow_timer);
    timer_start(PERIOD);
    return status;
}

static uint64_t taken_by_all(void)
{
    uint64_t sum = 0;
    for (unsigned cpu = 0; cpu < smp_cpus; cpu++)
        sum += shares[cpu].taken;
    return sum;
}

int main(void)
{
    unsigned cpus = cpus_present();
    if (irq_probe())
        goto failed;
    for (unsigned cpu = 0; cpu < cpus; cpu++) // CPU n takes 100 / N ticks, and one more if n < 100 mod N
        shares[cpu].wanted = TICKS / cpus + (cpu < TICKS % cpus);
    if (smp_start(start_ticking) || start_ticking(0))
        goto failed;
    while ((ticks = taken_by_all()) < TICKS)
        if (shares[0].taken < shares[0].wanted) // CPU 0 sleeps until its own last tick, then looks at the others
            sleep_once();
    smp_stop();
    print("c_tick: %lu ticks\n", ticks);
    return 0;
failed:
    print("c_tick: FAILED\n");
    return 1;
}
