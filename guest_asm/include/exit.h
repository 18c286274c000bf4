// SPDX-License-Identifier: MIT
// Semihosting SYS_EXIT (Arm semihosting specification, 2.0): end the whole machine with a code, 0 for success.
#ifndef EXIT_H
#define EXIT_H

#include <stdint.h>

__attribute__((noreturn)) void exit(uint64_t code);

#endif
