// SPDX-License-Identifier: MIT
// All CPUs of the machine under the interrupt driver: start them, let them serve interrupts, stop them.
#ifndef SMP_H
#define SMP_H

#define IPI_STOP 15 // asks a CPU to leave; smp_start claims it

// How many CPUs there are: known after smp_start.
extern unsigned smp_cpus;

// Turn on every other CPU. Each starts its interrupts, calls routine(its number), and then sleeps, taking
// interrupts, until smp_stop. Returns when all have come so far: 0, or -1 if a CPU or its routine failed.
int smp_start(int (*routine)(unsigned cpu));

// Send every other CPU IPI_STOP, and return when all are off.
void smp_stop(void);

#endif
