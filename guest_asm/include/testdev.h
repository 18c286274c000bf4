// SPDX-License-Identifier: MIT
// The test device: a guest's own hand on any interrupt line of the board. A line is named by the board's INTID.
#ifndef TESTDEV_H
#define TESTDEV_H

#include <stdint.h>

#include "mmio.h"

#define TESTDEV_BASE 0x0b000000
#define TESTDEV_MAGIC 0x54535444
#define TESTDEV_SPI 32 // the line of SPI n is TESTDEV_SPI + n

#define TESTDEV_ID 0x00          // reads TESTDEV_MAGIC
#define TESTDEV_RAISE 0x04       // write INTID: drive the line high and hold it
#define TESTDEV_LOWER 0x08       // write INTID: stop driving it
#define TESTDEV_PULSE 0x0c       // write INTID: an edge now
#define TESTDEV_LEVEL 0x10       // read: level of the selected line
#define TESTDEV_DELAY 0x14       // ticks from PULSE_AFTER to its edge
#define TESTDEV_PULSE_AFTER 0x18 // write INTID: an edge DELAY ticks from now
#define TESTDEV_SELECT 0x1c      // write INTID: the line that LEVEL and COUNT speak of
#define TESTDEV_COUNT 0x20       // read: edges made on the selected line
#define TESTDEV_IN_FLIGHT 0x24   // read: delayed edges that have not come yet

// 0 if the device is there.
static inline int testdev_probe(void)
{
    return mmio_read32(TESTDEV_BASE + TESTDEV_ID) == TESTDEV_MAGIC ? 0 : -1;
}

static inline void testdev_raise(unsigned line)
{
    mmio_write32(TESTDEV_BASE + TESTDEV_RAISE, line);
}

static inline void testdev_lower(unsigned line)
{
    mmio_write32(TESTDEV_BASE + TESTDEV_LOWER, line);
}

static inline void testdev_pulse(unsigned line)
{
    mmio_write32(TESTDEV_BASE + TESTDEV_PULSE, line);
}

// An edge so many ticks from now.
static inline void testdev_pulse_after(unsigned line, uint32_t ticks)
{
    mmio_write32(TESTDEV_BASE + TESTDEV_DELAY, ticks);
    mmio_write32(TESTDEV_BASE + TESTDEV_PULSE_AFTER, line);
}

// Edges made on a line so far.
static inline uint32_t testdev_count(unsigned line)
{
    mmio_write32(TESTDEV_BASE + TESTDEV_SELECT, line);
    return mmio_read32(TESTDEV_BASE + TESTDEV_COUNT);
}

#endif
