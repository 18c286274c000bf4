// SPDX-License-Identifier: MIT
// SMC Calling Convention 1.1 (DEN0028). The conduit is HVC; `#define SMCCC_CONDUIT "smc"` before for SMC.
#ifndef SMCCC_H
#define SMCCC_H

#include <stdint.h>

#ifndef SMCCC_CONDUIT
#define SMCCC_CONDUIT "hvc"
#endif

#define SMCCC_VERSION 0x80000000u
#define SMCCC_ARCH_FEATURES 0x80000001u
#define SMCCC_NOT_SUPPORTED (-1)

struct smccc_result {
    uint64_t x0, x1, x2, x3;
};

// A call leaves x4 and up alone.
static inline struct smccc_result smccc_call(uint32_t function, uint64_t x1, uint64_t x2, uint64_t x3)
{
    register uint64_t r0 __asm__("x0") = function;
    register uint64_t r1 __asm__("x1") = x1;
    register uint64_t r2 __asm__("x2") = x2;
    register uint64_t r3 __asm__("x3") = x3;
    __asm__ volatile(SMCCC_CONDUIT " #0" : "+r"(r0), "+r"(r1), "+r"(r2), "+r"(r3) : : "memory");
    return (struct smccc_result){r0, r1, r2, r3};
}

#endif
