// SPDX-License-Identifier: MIT
// The C library of guests, as one unit: it is compiled with every C guest, and what is not used is left out.
#include "gicv2_driver.c"
#include "print.c"
#include "rvic_driver.c"
#include "rvid_driver.c"
#include "smp.c"
#include "string.c"
