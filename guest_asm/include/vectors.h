// SPDX-License-Identifier: MIT
// Exceptions at EL1 (DDI 0487, D1.10): a full register frame, and a handler for each of the 16 vectors.
//
// A vector without a handler reports the exception on the UART and exits with code 64 + its number.
#ifndef VECTORS_H
#define VECTORS_H

#include <stdint.h>

// A handler may change all of it: what it leaves here is restored.
struct frame {
    uint64_t x[31];
    uint64_t sp_el0;
    uint64_t elr;
    uint64_t spsr;
    uint64_t esr;
    uint64_t far;
};

// Numbers of the vectors: offset in the table / 0x80.
#define VECTOR_EL1T_SYNC 0
#define VECTOR_EL1T_IRQ 1
#define VECTOR_EL1T_FIQ 2
#define VECTOR_EL1T_SERROR 3
#define VECTOR_EL1H_SYNC 4
#define VECTOR_EL1H_IRQ 5
#define VECTOR_EL1H_FIQ 6
#define VECTOR_EL1H_SERROR 7
#define VECTOR_EL0_64_SYNC 8
#define VECTOR_EL0_64_IRQ 9
#define VECTOR_EL0_64_FIQ 10
#define VECTOR_EL0_64_SERROR 11
#define VECTOR_EL0_32_SYNC 12
#define VECTOR_EL0_32_IRQ 13
#define VECTOR_EL0_32_FIQ 14
#define VECTOR_EL0_32_SERROR 15

// ESR_EL1.EC
#define ESR_EC_SHIFT 26
#define EC_SVC64 0x15
#define EC_INSTRUCTION_ABORT_EL0 0x20
#define EC_INSTRUCTION_ABORT_EL1 0x21
#define EC_DATA_ABORT_EL0 0x24
#define EC_DATA_ABORT_EL1 0x25

// ESR_EL1.ISS of an abort
#define ISS_WNR (1u << 6)
#define ISS_FSC 0x3f
#define FSC_LEVEL 3
#define FSC_TRANSLATION 0x04 // with the level in bits 1:0
#define FSC_ACCESS_FLAG 0x08
#define FSC_PERMISSION 0x0c

typedef void vector_handler(struct frame *frame, unsigned vector);

// Handle a vector, on every CPU. It runs with PSTATE.DAIF set; a null pointer takes it out.
void vector_set(unsigned vector, vector_handler *handler);

// What an exception is without a handler: it is reported, and the machine exits.
__attribute__((noreturn)) void vector_unexpected(struct frame *frame, unsigned vector);

static inline unsigned esr_class(uint64_t esr)
{
    return esr >> ESR_EC_SHIFT & 0x3f;
}

#endif
