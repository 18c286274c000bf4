// SPDX-License-Identifier: MIT
// What the two halves of the RVIC driver share, and nobody else.
#ifndef RVIC_PRIVATE_H
#define RVIC_PRIVATE_H

#include "rvic_driver.h"

// An interrupt nobody else touches: between rvic_hold and rvic_release.
struct rvic_hold {
    unsigned intid, cpu; // and the CPU it is for
    uint64_t bit, *masks; // masked by software: its bit in that word
    uint64_t daif;
    int untrusted;
};

extern uint8_t rvid_targets[RVIC_MAX_INTIDS]; // untrusted interrupts: their CPU

struct rvic_hold rvic_hold(unsigned intid);
void rvic_release(const struct rvic_hold *hold);

#endif
