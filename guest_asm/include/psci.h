// SPDX-License-Identifier: MIT
// Power State Coordination Interface (DEN0022): CPUs on and off, the machine off. A CPU is its number, 0 to 7.
#ifndef PSCI_H
#define PSCI_H

#include <stdint.h>

#define PSCI_VERSION 0x84000000u
#define PSCI_CPU_OFF 0x84000002u
#define PSCI_CPU_ON 0xc4000003u
#define PSCI_AFFINITY_INFO 0xc4000004u
#define PSCI_SYSTEM_OFF 0x84000008u
#define PSCI_SYSTEM_RESET 0x84000009u
#define PSCI_FEATURES 0x8400000au

#define PSCI_SUCCESS 0
#define PSCI_NOT_SUPPORTED (-1)
#define PSCI_INVALID_PARAMETERS (-2)
#define PSCI_DENIED (-3)
#define PSCI_ALREADY_ON (-4)
#define PSCI_ON_PENDING (-5)
#define PSCI_INTERNAL_FAILURE (-6)
#define PSCI_NOT_PRESENT (-7)
#define PSCI_INVALID_ADDRESS (-9)

#define PSCI_AFFINITY_ON 0
#define PSCI_AFFINITY_OFF 1
#define PSCI_AFFINITY_ON_PENDING 2

// Major version in bits 31:16, minor in 15:0.
uint32_t psci_version(void);

// PSCI_NOT_SUPPORTED, or the feature flags of a PSCI function.
int psci_features(uint32_t function);

// `entry` is a physical address; that CPU finds `context` in its x0. To call a C routine: cpu_start.
int psci_cpu_on(uint64_t cpu, uintptr_t entry, uint64_t context);

// PSCI_AFFINITY_*, or negative where there is no such CPU.
int psci_affinity_info(uint64_t cpu);

__attribute__((noreturn)) void psci_cpu_off(void);
__attribute__((noreturn)) void psci_system_off(void);
__attribute__((noreturn)) void psci_system_reset(void);

#endif
