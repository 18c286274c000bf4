// SPDX-License-Identifier: MIT
// Memory and text. With the MMU off all memory is Device: words are used only where both sides are aligned.
#include "string.h"

#include <stdint.h>

#define WORD sizeof(uint64_t)
// Between two steps of a loop, so that no compiler makes a call of memset or memcpy out of it.
#define STEP() __asm__ volatile("" : : : "memory")

static int aligned(uintptr_t address)
{
    return address % WORD == 0;
}

void *memcpy(void *restrict to, const void *restrict from, size_t size)
{
    unsigned char *out = to;
    const unsigned char *in = from;
    if (aligned((uintptr_t)out | (uintptr_t)in))
        for (; size >= WORD; size -= WORD, out += WORD, in += WORD) {
            *(uint64_t *)out = *(const uint64_t *)in;
            STEP();
        }
    for (; size; size--) {
        *out++ = *in++;
        STEP();
    }
    return to;
}

void *memmove(void *to, const void *from, size_t size)
{
    unsigned char *out = to;
    const unsigned char *in = from;
    if (out <= in || out >= in + size)
        return memcpy(to, from, size);
    while (size--) {
        out[size] = in[size];
        STEP();
    }
    return to;
}

void *memset(void *to, int value, size_t size)
{
    unsigned char *out = to;
    uint64_t word = (unsigned char)value * 0x0101010101010101u;
    for (; size && !aligned((uintptr_t)out); size--) {
        *out++ = value;
        STEP();
    }
    for (; size >= WORD; size -= WORD, out += WORD) {
        *(uint64_t *)out = word;
        STEP();
    }
    for (; size; size--) {
        *out++ = value;
        STEP();
    }
    return to;
}

int memcmp(const void *left, const void *right, size_t size)
{
    const unsigned char *a = left, *b = right;
    for (; size; size--, a++, b++)
        if (*a != *b)
            return *a - *b;
    return 0;
}

size_t strlen(const char *text)
{
    size_t length = 0;
    while (text[length]) {
        length++;
        STEP();
    }
    return length;
}

int strcmp(const char *left, const char *right)
{
    for (; *left && *left == *right; left++, right++)
        ;
    return (unsigned char)*left - (unsigned char)*right;
}
