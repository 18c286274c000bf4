// SPDX-License-Identifier: MIT
// Lamport's bakery lock: it works on Device memory, which is what all memory is while the MMU is off.
#ifndef LOCK_H
#define LOCK_H

#include <stdint.h>

#include "cpu.h"

// All zero: free. Each word has one CPU that writes it.
struct lock {
    uint64_t choosing[MAX_CPUS];
    uint64_t ticket[MAX_CPUS];
};

// With PSTATE.I set: an interrupt handler of the holder's CPU that wants it too would wait for ever.
void lock_take(struct lock *lock);
void lock_give(struct lock *lock);

#endif
