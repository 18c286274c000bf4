// SPDX-License-Identifier: MIT
// c_spi: an edge device on SPI 5. It raises 1,000 edges, each once the last was handled, while its interrupt is
// moved from CPU to CPU with edges in flight: none is lost, none is seen twice. See README.md.
#include "irq.h"
#include "smp.h"
#include "testdev.h"
#include "timer.h"
#include "uart.h"

#define EDGES 1000
#define INPUT 5 // SPI 5: no other device of the board is on it
#define LINE (TESTDEV_SPI + INPUT)
#define AFTERMATH 20000 // ticks to wait for an edge that should not come

// Edges handled: each written by its own CPU alone.
static struct count {
    volatile uint64_t edges;
} PER_CPU counts[MAX_CPUS];

volatile uint64_t raised, handled;
volatile uint64_t mismatches; // edges that were not the one expected

static uint64_t handled_by_all(void)
{
    uint64_t sum = 0;
    for (unsigned cpu = 0; cpu < MAX_CPUS; cpu++)
        sum += counts[cpu].edges;
    return sum;
}

// A number from 0 to 511; its source is a linear congruential generator, whose upper bits look random.
static uint32_t random_from(uint32_t *state)
{
    *state = *state * 1103515245u + 12345u;
    return *state >> 16 & 511;
}

// The handler: edge k must find k - 1 handled and k raised; then it orders edge k + 1.
static void on_edge(unsigned intid, struct frame *frame)
{
    static uint32_t delays; // one handler at a time has it
    (void)intid, (void)frame;
    counts[cpu_index()].edges++;
    uint64_t so_far = handled_by_all();
    if (testdev_count(LINE) != so_far)
        mismatches++;
    if (so_far < EDGES) // before, during or after a move
        testdev_pulse_after(LINE, random_from(&delays) + 1);
}

// Move the interrupt from CPU to CPU until all edges are handled. How often, or -1 if that failed.
static int move_about(void)
{
    uint32_t pauses = 1;
    int moves = 0;
    for (unsigned cpu = 1; handled_by_all() < EDGES; cpu++) {
        if (irq_input_set_affinity(INPUT, cpu % smp_cpus))
            return -1;
        moves++;
        for (uint32_t pause = random_from(&pauses); pause; pause--)
            __asm__ volatile("");
    }
    return moves;
}

// Does anything come that should not?
static void wait_for_the_unexpected(void)
{
    uint64_t end = timer_now() + AFTERMATH;
    while (timer_now() < end)
        ;
}

int main(void)
{
    int moves = 0;
    if (testdev_probe() || irq_probe() || irq_input_probe() || smp_start(0))
        goto failed;
    if (irq_input_request(INPUT, on_edge, irq_flow_edge))
        goto failed;
    testdev_pulse_after(LINE, 100); // edge number 1
    if (smp_cpus > 1) {
        irq_enable();
        moves = move_about();
    } else
        while (handled_by_all() < EDGES) // alone, there is nothing to do but to wait
            sleep_once();
    irq_enable();
    wait_for_the_unexpected();
    irq_disable();
    smp_stop();

    raised = testdev_count(LINE);
    handled = handled_by_all();
    if (moves < 0 || raised != EDGES || handled != EDGES || mismatches)
        goto failed;
    print("c_spi: 1000 raised, 1000 handled, none lost, none doubled\n");
    print("c_spi: moves: %d, CPUs: %u\n", moves, smp_cpus);
    return 0;
failed:
    print("c_spi: FAILED\n");
    return 1;
}
