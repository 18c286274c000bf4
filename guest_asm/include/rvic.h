// SPDX-License-Identifier: MIT
// RVIC and RVID (DEN0103, 00alp1): function numbers, statuses and calls. The driver is rvic_driver.h.
//
// The bases are those of the Linux/KVM series; a machine may choose others: define RVIC_BASE for the compiler.
#ifndef RVIC_H
#define RVIC_H

#include "smccc.h"

#ifndef RVIC_BASE
#define RVIC_BASE 0xc5000200u
#endif
#ifndef RVID_BASE
#define RVID_BASE 0xc5000100u
#endif

// Functions, as offsets from the base. "self": on the caller's instance only.
#define RVIC_VERSION 0       // x1 := major in bits 31:16, minor in 15:0
#define RVIC_INFO 1          // x1 = key; x1 := value
#define RVIC_ENABLE 2        // self
#define RVIC_DISABLE 3       // self
#define RVIC_SET_MASKED 4    // x1 = MPIDR, x2 = INTID
#define RVIC_CLEAR_MASKED 5  // x1 = MPIDR, x2 = INTID
#define RVIC_IS_PENDING 6    // x1 = MPIDR, x2 = INTID; x1 := 0 or 1
#define RVIC_SIGNAL 7        // x1 = MPIDR, x2 = INTID
#define RVIC_CLEAR_PENDING 8 // x1 = MPIDR, x2 = INTID
#define RVIC_ACKNOWLEDGE 9   // self; x1 := INTID
#define RVIC_RESAMPLE 10     // self; x1 = INTID, trusted

#define RVID_VERSION 0 // x1 := version
#define RVID_MAP 1     // x1 = input, x2 = MPIDR, x3 = INTID
#define RVID_UNMAP 2   // x1 = input

// Keys of RVIC_INFO.
#define RVIC_INFO_TRUSTED 0
#define RVIC_INFO_UNTRUSTED 1

// x0 of an answer: the reason in bits 7:0, the index of the wrong argument (x1 is 0) in bits 15:8.
#define RVIC_SUCCESS 0
#define RVIC_ERROR_PARAMETER 1
#define RVIC_INVALID_CPU 2
#define RVIC_DISABLED 3
#define RVIC_NO_INTERRUPTS 4

#define RVIC_VERSION_0_3 3    // what this driver wants, or a later minor
#define RVIC_MAX_INTIDS 2048  // trusted and untrusted together

static inline struct smccc_result rvic_call(unsigned function, uint64_t x1, uint64_t x2)
{
    return smccc_call(RVIC_BASE + function, x1, x2, 0);
}

static inline struct smccc_result rvid_call(unsigned function, uint64_t x1, uint64_t x2, uint64_t x3)
{
    return smccc_call(RVID_BASE + function, x1, x2, x3);
}

#endif
