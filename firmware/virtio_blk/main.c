// SPDX-License-Identifier: MIT
// virtio_blk: reads and writes sectors of a virtio block device; each request ends by an interrupt. See README.md.
#include "blk.h"
#include "string.h"
#include "uart.h"

#define SECTORS 8 // tried, one request each
#define SECTOR VIRTIO_BLK_SECTOR

static uint8_t before[SECTORS][SECTOR], pattern[SECTORS][SECTOR], after[SECTORS][SECTOR];

static const char *answer_of(unsigned status)
{
    switch (status) {
    case VIRTIO_BLK_OK:
        return "OK";
    case VIRTIO_BLK_IOERR:
        return "IOERR";
    case VIRTIO_BLK_UNSUPP:
        return "UNSUPP";
    default:
        return "no answer";
    }
}

// One request at a time for each sector. How many were answered OK.
static unsigned each(uint32_t type, uint8_t (*sectors)[SECTOR])
{
    unsigned ok = 0;
    for (unsigned n = 0; n < SECTORS; n++)
        ok += blk_do(type, n, sectors[n], SECTOR) == VIRTIO_BLK_OK;
    return ok;
}

// All of them as a few requests of several sectors, which the device has at one time.
static unsigned together(uint32_t type, uint8_t (*sectors)[SECTOR])
{
    const unsigned share = SECTORS / BLK_REQUESTS;
    unsigned ok = 0;
    for (unsigned n = 0; n < BLK_REQUESTS; n++)
        blk_submit(n, type, n * share, sectors[n * share], share * SECTOR);
    blk_notify();
    for (unsigned n = 0; n < BLK_REQUESTS; n++)
        ok += blk_wait(n) == VIRTIO_BLK_OK;
    return ok;
}

static void make_pattern(void)
{
    for (unsigned n = 0; n < SECTORS; n++)
        for (unsigned at = 0; at < SECTOR; at++)
            pattern[n][at] = at * 7 + n * 31 + 1;
}

static int write_and_read_back(void)
{
    make_pattern();
    print("written: %u of %u sectors\n", each(VIRTIO_BLK_OUT, pattern), SECTORS);
    print("flush: %s\n", answer_of(blk_do(VIRTIO_BLK_FLUSH, 0, 0, 0)));
    print("read: %u of %u sectors\n", each(VIRTIO_BLK_IN, after), SECTORS);
    int same = !memcmp(pattern, after, sizeof after);
    print("what was read is what was written: %s\n", same ? "yes" : "no");
    print("put back: %u of %u requests at one time\n", together(VIRTIO_BLK_OUT, before), BLK_REQUESTS);
    return same;
}

int main(void)
{
    int status;
    if (irq_probe() || irq_input_probe() || (status = blk_start()) < -1) {
        print("virtio_blk: FAILED\n");
        return 1;
    }
    if (status) {
        print("virtio_blk: no block device of version 2 here\n");
        return 1;
    }
    print("virtio_blk: a disk of %lu sectors%s\n", blk_sectors(), blk_is_read_only() ? ", read-only" : "");
    print("read: %u of %u requests at one time\n", together(VIRTIO_BLK_IN, before), BLK_REQUESTS);
    print("beyond the end: %s\n", answer_of(blk_do(VIRTIO_BLK_IN, blk_sectors(), after, SECTOR)));
    print("a request of no known type: %s\n", answer_of(blk_do(99, 0, after, SECTOR)));
    int good;
    if (blk_is_read_only()) {
        good = each(VIRTIO_BLK_OUT, before) == 0;
        print("written: %s\n", good ? "nothing" : "something");
    } else
        good = write_and_read_back();
    print("virtio_blk: %s\n", good ? "done" : "FAILED");
    return !good;
}
