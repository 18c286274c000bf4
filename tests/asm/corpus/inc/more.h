/* SPDX-License-Identifier: MIT */
#define SUBTRACT(a, b) sub a, a, b
