// SPDX-License-Identifier: MIT
// burst8: edges of 8 devices in the same tick, twice as many as a GICv2 commonly has list registers.
#define FLOW            irqc_flow_edge
#define INPUT           16
#define DEVICES         8
#define HANDLER         bench_handled
#include "device.inc"
