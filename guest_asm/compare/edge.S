// SPDX-License-Identifier: MIT
// edge: an edge of a device, while its CPU works.
#define FLOW            irqc_flow_edge
#define INPUT           16
#define HANDLER         bench_handled
#include "device.inc"
