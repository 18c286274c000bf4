// SPDX-License-Identifier: MIT
// burst64: edges of 64 devices in the same tick, many times more than a GICv2 commonly has list registers.
#define FLOW            irqc_flow_edge
#define INPUT           16
#define DEVICES         64
#define HANDLER         bench_handled
#include "device.inc"
