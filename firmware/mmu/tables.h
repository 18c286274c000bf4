// SPDX-License-Identifier: MIT
// Stage 1 translation at EL1 and EL0 (DDI 0487, D5): a granule of 4 KiB, 39 bits of address in each half, so
// three levels of tables, of which level 1 has an entry for each GiB.
#ifndef TABLES_H
#define TABLES_H

#include <stdint.h>

#include "cpu.h"

#define PAGE 4096ul
#define ENTRIES 512
#define HIGH 0xffffff8000000000ul // the lowest address of the upper half: TTBR1's

// Descriptors (D5.3).
#define VALID 1ul
#define TABLE 3ul // at levels 1 and 2; at level 3, a page
#define ATTRIBUTES(index) ((uint64_t)(index) << 2) // in MAIR_EL1
#define EL0_TOO (1ul << 6)                         // AP[1]
#define READ_ONLY (1ul << 7)                       // AP[2]
#define INNER_SHAREABLE (3ul << 8)
#define ACCESS_FLAG (1ul << 10)
#define NOT_GLOBAL (1ul << 11)
#define PXN (1ul << 53) // EL1 may not execute it
#define UXN (1ul << 54) // nor may EL0
#define ADDRESS 0x0000fffffffff000ul

#define NORMAL (ATTRIBUTES(0) | INNER_SHAREABLE | ACCESS_FLAG)
#define DEVICE (ATTRIBUTES(1) | ACCESS_FLAG | PXN | UXN)
#define KERNEL_CODE (NORMAL | READ_ONLY | UXN)
#define KERNEL_CONSTANTS (NORMAL | READ_ONLY | PXN | UXN)
#define KERNEL_DATA (NORMAL | PXN | UXN)
#define USER_CODE (NORMAL | NOT_GLOBAL | EL0_TOO | READ_ONLY | PXN)
#define USER_CONSTANTS (USER_CODE | UXN)
#define USER_DATA (NORMAL | NOT_GLOBAL | EL0_TOO | PXN | UXN)

#define MAIR 0x00fful // 0: Normal, write-back; 1: Device-nGnRnE
#define TCR (25ul | 25ul << 16 /* 39 bits each */ | 1ul << 8 | 1ul << 10 | 3ul << 12 | 1ul << 24 | 1ul << 26 \
             | 3ul << 28 /* walks are cached, shared */ | 2ul << 30 /* 4 KiB in the upper half, too */ | 1ul << 32)
#define SCTLR_MMU (1ul | 1ul << 2 | 1ul << 12) // M, C, I
#define SCTLR_SPAN (1ul << 23)                 // an exception leaves PSTATE.PAN alone

typedef volatile uint64_t table[ENTRIES];

static table lower __attribute__((aligned(PAGE))), upper __attribute__((aligned(PAGE))); // level 1
static table pool[8] __attribute__((aligned(PAGE)));
static unsigned pool_used;

static volatile uint64_t *next_level(volatile uint64_t *entry)
{
    if (!*entry)
        *entry = (uintptr_t)pool[pool_used++] | TABLE;
    return (volatile uint64_t *)(*entry & ADDRESS);
}

// The level 3 entry of an address in the lower half; tables on the way are made.
static volatile uint64_t *entry_of(uint64_t address)
{
    volatile uint64_t *level2 = next_level(&lower[address >> 30 & 511]);
    volatile uint64_t *level3 = next_level(&level2[address >> 21 & 511]);
    return &level3[address >> 12 & 511];
}

// Map a page, or change how it is mapped. What was invalid needs no TLB maintenance (D5.10).
static void map_page(uint64_t address, uint64_t physical, uint64_t attributes)
{
    volatile uint64_t *entry = entry_of(address);
    uint64_t before = *entry;
    if (before & VALID) { // break before make
        *entry = 0;
        dsb();
        __asm__ volatile("tlbi vae1is, %0" : : "r"(address >> 12) : "memory");
        dsb();
    }
    *entry = physical | attributes | TABLE;
    dsb();
    isb();
}

static void map_range(uint64_t from, uint64_t to, uint64_t attributes)
{
    for (uint64_t page = from & ~(PAGE - 1); page < to; page += PAGE)
        map_page(page, page, attributes);
}

static void turn_on(void)
{
    sysreg_write(mair_el1, MAIR);
    sysreg_write(tcr_el1, TCR);
    sysreg_write(ttbr0_el1, (uintptr_t)lower);
    sysreg_write(ttbr1_el1, (uintptr_t)upper);
    dsb();
    __asm__ volatile("tlbi vmalle1\n\tic iallu" : : : "memory");
    dsb();
    isb();
    sysreg_write(sctlr_el1, sysreg_read(sctlr_el1) | SCTLR_MMU | SCTLR_SPAN);
    isb();
}

// What was written as data is code now: clean it to where instructions are fetched from, and forget the old.
static void sync_code(uintptr_t from, uintptr_t to)
{
    for (uintptr_t line = from; line < to; line += 16)
        __asm__ volatile("dc cvau, %0" : : "r"(line) : "memory");
    dsb();
    for (uintptr_t line = from; line < to; line += 16)
        __asm__ volatile("ic ivau, %0" : : "r"(line) : "memory");
    dsb();
    isb();
}

#endif
