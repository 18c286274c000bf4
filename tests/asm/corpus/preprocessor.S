// SPDX-License-Identifier: MIT
/* What the C preprocessor does:
   comments over lines, #include, #define, conditions. */
#include "inc/defs.h"
#include "inc/defs.h"   // guarded
#ifndef DEFS_H
#error "the guard is gone"
#endif
#define WIDTH   (1 << 4)
#define SUM(a, b)       ((a) + (b))
#define LOAD(r, v)      mov r, \
                        v
#define REG(n)          x##n
#define TWO             nop; nop
#define EMPTY()         nop
#if WIDTH == 16 && defined(FROM_HEADER) && !defined NOTHING
# define GOOD 1
#elif 1
# error "wrong branch"
#else
# error "wrong branch"
#endif
# a comment as GNU as has it; it's not a directive
_start: mov     x0, #WIDTH          // comment
        mov     x1, #SUM(2, SUM(3, 4))
        LOAD(x2, #5) ; LOAD(REG(3), #6)
        mov     /* inside
                   a line */ x4, #GOOD
        TWO
        EMPTY()
        SUBTRACT(x5, x6)
#if 0
        this is not read "nor this
#  if 1
        nor this
#  endif
#else
        mov     x7, #FROM_HEADER
#endif
#undef WIDTH
#ifdef WIDTH
        .error  "still there"
#endif
#if (1 ? 2 : 3) == 2 && -1 >> 1 < 0 && 1 + 2 * 3 == 7 && 1UL << 3 == 0x8 && UNKNOWN == 0
        mov     x8, #8
#endif
        .asciz  "WIDTH // not a comment /* at all */ GOOD"
        .balign 4
        .include "inc/plain.inc"
