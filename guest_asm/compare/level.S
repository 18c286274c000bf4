// SPDX-License-Identifier: MIT
// level: a device that holds its line high until its handler has served it.
#define FLOW            irqc_flow_level
#define INPUT           2               // the board wires SPI 2 as a level
#define RAISE           bench_high
#define HANDLER         serve
#include "device.inc"

// The handler makes the device let go of its line.
serve:
        stp     x19, x30, [sp, #-16]!
        mov     x1, #(BENCH_SPI + INPUT)
        bl      bench_low
        bl      bench_handled
        ldp     x19, x30, [sp], #16
        ret
