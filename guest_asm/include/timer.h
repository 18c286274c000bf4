// SPDX-License-Identifier: MIT
// The virtual timer of this CPU (DDI 0487, D11): a level, high while its deadline has passed and it is on.
#ifndef TIMER_H
#define TIMER_H

#include <stdint.h>

#include "cpu.h"

#define TIMER_INTID 27

#define CNTV_CTL_ENABLE 1
#define CNTV_CTL_IMASK 2
#define CNTV_CTL_ISTATUS 4

static inline uint64_t timer_now(void)
{
    isb();
    return sysreg_read(cntvct_el0);
}

// Ticks of the counter per second.
static inline uint64_t timer_frequency(void)
{
    return sysreg_read(cntfrq_el0);
}

// Fire once, so many ticks from now. The line stays high until the deadline is moved or the timer stopped.
static inline void timer_start(uint32_t ticks)
{
    sysreg_write(cntv_tval_el0, ticks);
    sysreg_write(cntv_ctl_el0, CNTV_CTL_ENABLE);
    isb();
}

// Fire so many ticks after the last deadline: lateness does not add up.
static inline void timer_advance(uint32_t ticks)
{
    sysreg_write(cntv_cval_el0, sysreg_read(cntv_cval_el0) + ticks);
    isb();
}

static inline void timer_stop(void)
{
    sysreg_write(cntv_ctl_el0, 0);
    isb();
}

// Whether the deadline has passed. A hypervisor may deliver a level once too often: ask before counting.
static inline int timer_expired(void)
{
    return (sysreg_read(cntv_ctl_el0) & CNTV_CTL_ISTATUS) != 0;
}

#endif
