// SPDX-License-Identifier: MIT
// threaded: a device whose interrupt stays masked from its handler until a thread has done the work.
#define FLOW            irqc_flow_threaded
#define INPUT           16
#define HANDLER         bench_handled
#define AFTER           thread
#include "device.inc"

// The thread, which has nothing to do but this. In: x0 = INTID.
thread:
        stp     x19, x30, [sp, #-16]!
        bl      bench_enter
        bl      irqc_unmask
        bl      bench_leave
        ldp     x19, x30, [sp], #16
        ret
