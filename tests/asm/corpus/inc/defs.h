/* SPDX-License-Identifier: MIT */
#ifndef DEFS_H
#define DEFS_H
#define FROM_HEADER 3
#include "more.h"
#endif
