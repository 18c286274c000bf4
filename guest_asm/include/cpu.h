// SPDX-License-Identifier: MIT
// This CPU: its number, its interrupt mask, barriers, system registers; and CPUs on and off.
#ifndef CPU_H
#define CPU_H

#include <stdint.h>

#define MAX_CPUS 8
#define CACHE_LINE 64

// What one CPU stores into alone stands in a cache line of its own.
#define PER_CPU __attribute__((aligned(CACHE_LINE)))

#define sysreg_read(name)                                                        \
    ({                                                                           \
        uint64_t value_;                                                         \
        __asm__ volatile("mrs %0, " #name : "=r"(value_) : : "memory");          \
        value_;                                                                  \
    })
#define sysreg_write(name, value)                                                \
    do {                                                                         \
        uint64_t value_ = (value);                                               \
        __asm__ volatile("msr " #name ", %x0" : : "rZ"(value_) : "memory");      \
    } while (0)

static inline void isb(void)
{
    __asm__ volatile("isb" : : : "memory");
}

static inline void dsb(void)
{
    __asm__ volatile("dsb sy" : : : "memory");
}

static inline void dmb(void)
{
    __asm__ volatile("dmb sy" : : : "memory");
}

// Number of this CPU, 0 to 7: MPIDR_EL1.Aff0, all other affinity fields being 0 on this board. So it is also
// the MPIDR argument of RVIC, RVID and PSCI calls.
static inline unsigned cpu_index(void)
{
    return sysreg_read(mpidr_el1) & 0xff;
}

// PSTATE.I cleared and set.
static inline void irq_enable(void)
{
    __asm__ volatile("msr daifclr, #2" : : : "memory");
}

static inline void irq_disable(void)
{
    __asm__ volatile("msr daifset, #2" : : : "memory");
}

// PSTATE.DAIF as it was, after which PSTATE.I is set; and back.
static inline uint64_t irq_save(void)
{
    uint64_t daif = sysreg_read(daif);
    irq_disable();
    return daif;
}

static inline void irq_restore(uint64_t daif)
{
    sysreg_write(daif, daif);
}

// The body of every waiting loop; enter it with PSTATE.I set, having found nothing to do. WFI wakes for an
// interrupt that PSTATE.I masks, and it is taken only in the window after: none is slept through.
static inline void sleep_once(void)
{
    __asm__ volatile("wfi\n\tmsr daifclr, #2\n\tisb\n\tmsr daifset, #2" : : : "memory");
}

// How many CPUs this machine has, up to MAX_CPUS. Asks PSCI.
unsigned cpus_present(void);

// Turn a CPU on; it calls routine(its number) on its own stack, and goes off when that returns. PSCI's status.
int cpu_start(unsigned cpu, void (*routine)(unsigned cpu));

// Return once a CPU is off, or at once if there is none.
void cpu_wait_off(unsigned cpu);

#endif
