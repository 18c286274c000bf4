// SPDX-License-Identifier: MIT
// wfi: an edge of a device, while its CPU waits for it in WFI.
#define FLOW            irqc_flow_edge
#define INPUT           16
#define HANDLER         bench_handled
#define WAIT            sleep
#include "device.inc"

// Sleep until x0 are handled. Clobbers x1.
sleep:
        irq_disable
1:      adr     x1, handled
        ldr     x1, [x1]
        cmp     x1, x0
        b.hs    2f
        sleep_once
        b       1b
2:      irq_enable
        ret
