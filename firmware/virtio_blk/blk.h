// SPDX-License-Identifier: MIT
// A driver for a virtio block device behind MMIO: one queue, a few requests at a time, ended by interrupt.
#ifndef BLK_H
#define BLK_H

#include <stdint.h>

#include "irq.h"
#include "mmio.h"
#include "virtio.h"

#define BLK_REQUESTS 4 // at a time; each takes three descriptors
#define BLK_QUEUE 16   // descriptors: a power of two
#define BLK_PENDING 0xff

// The queue, where the device finds it.
static struct {
    struct virtq_desc descriptors[BLK_QUEUE] __attribute__((aligned(16)));
    struct {
        uint16_t flags, index, ring[BLK_QUEUE];
    } available __attribute__((aligned(2)));
    struct {
        uint16_t flags;
        volatile uint16_t index;
        struct {
            uint32_t id, length;
        } ring[BLK_QUEUE];
    } used __attribute__((aligned(4)));
} blk_queue;

static struct {
    struct virtio_blk_header header;
    volatile uint8_t status; // BLK_PENDING, then the device's answer
    volatile int done;       // seen by the interrupt handler
} blk_requests[BLK_REQUESTS];

static uintptr_t blk_base;
static unsigned blk_input;   // of its interrupt
static uint16_t blk_seen;    // used entries
static uint32_t blk_offered; // features

volatile uint64_t blk_interrupts;

static uint32_t blk_read(unsigned offset)
{
    return mmio_read32(blk_base + offset);
}

static void blk_write(unsigned offset, uint32_t value)
{
    mmio_write32(blk_base + offset, value);
}

static void blk_write64(unsigned offset, const volatile void *address)
{
    blk_write(offset, (uintptr_t)address);
    blk_write(offset + 4, (uintptr_t)address >> 32);
}

static uint64_t blk_sectors(void)
{
    return blk_read(VIRTIO_CONFIG) | (uint64_t)blk_read(VIRTIO_CONFIG + 4) << 32;
}

static int blk_is_read_only(void)
{
    return blk_offered >> VIRTIO_BLK_F_RO & 1;
}

// What the device has used: each tells by its first descriptor which request it was.
static void blk_on_interrupt(unsigned intid, struct frame *frame)
{
    (void)intid, (void)frame;
    uint32_t why = blk_read(VIRTIO_INTERRUPT_STATUS);
    if (!why)
        return;
    blk_write(VIRTIO_INTERRUPT_ACK, why); // first: what is used after this raises the line again
    blk_interrupts++;
    for (; blk_seen != blk_queue.used.index; blk_seen++) {
        dmb();
        blk_requests[blk_queue.used.ring[blk_seen % BLK_QUEUE].id / 3].done = 1;
    }
}

// Find the first block device. 0, or -1 if there is none that has the modern layout.
static int blk_find(void)
{
    for (unsigned slot = 0; slot < VIRTIO_SLOTS; slot++) {
        blk_base = VIRTIO_BASE + slot * VIRTIO_STRIDE;
        blk_input = VIRTIO_INPUT + slot;
        if (blk_read(VIRTIO_MAGIC_VALUE) == VIRTIO_MAGIC && blk_read(VIRTIO_VERSION) == VIRTIO_MODERN
            && blk_read(VIRTIO_DEVICE_ID) == VIRTIO_ID_BLOCK)
            return 0;
    }
    return -1;
}

// Agree on features: the standard's own layout, and FLUSH where it is offered (3.1.1).
static int blk_negotiate(void)
{
    blk_write(VIRTIO_DEVICE_FEATURES_SEL, 0);
    blk_offered = blk_read(VIRTIO_DEVICE_FEATURES);
    blk_write(VIRTIO_DRIVER_FEATURES_SEL, 0);
    blk_write(VIRTIO_DRIVER_FEATURES, blk_offered & (1u << VIRTIO_BLK_F_FLUSH | 1u << VIRTIO_BLK_F_RO));
    blk_write(VIRTIO_DRIVER_FEATURES_SEL, 1);
    blk_write(VIRTIO_DRIVER_FEATURES, 1u << (VIRTIO_F_VERSION_1 - 32));
    blk_write(VIRTIO_STATUS, VIRTIO_ACKNOWLEDGE | VIRTIO_DRIVER | VIRTIO_FEATURES_OK);
    return blk_read(VIRTIO_STATUS) & VIRTIO_FEATURES_OK ? 0 : -1;
}

// Bring the device up. 0, or a negative number if it or its interrupt cannot be had.
static int blk_start(void)
{
    if (blk_find())
        return -1;
    blk_write(VIRTIO_STATUS, 0); // reset
    while (blk_read(VIRTIO_STATUS))
        ;
    blk_write(VIRTIO_STATUS, VIRTIO_ACKNOWLEDGE | VIRTIO_DRIVER);
    if (blk_negotiate())
        return -2;
    blk_write(VIRTIO_QUEUE_SEL, 0);
    if (blk_read(VIRTIO_QUEUE_NUM_MAX) < BLK_QUEUE)
        return -3;
    blk_write(VIRTIO_QUEUE_NUM, BLK_QUEUE);
    blk_write64(VIRTIO_QUEUE_DESC_LOW, blk_queue.descriptors);
    blk_write64(VIRTIO_QUEUE_DRIVER_LOW, &blk_queue.available);
    blk_write64(VIRTIO_QUEUE_DEVICE_LOW, &blk_queue.used);
    blk_write(VIRTIO_QUEUE_READY, 1);
    if (irq_input_request(blk_input, blk_on_interrupt, irq_flow_edge))
        return -4;
    blk_write(VIRTIO_STATUS, VIRTIO_ACKNOWLEDGE | VIRTIO_DRIVER | VIRTIO_FEATURES_OK | VIRTIO_DRIVER_OK);
    return 0;
}

static void blk_describe(unsigned index, const volatile void *data, uint32_t length, unsigned flags)
{
    struct virtq_desc *descriptor = &blk_queue.descriptors[index];
    *descriptor = (struct virtq_desc){(uintptr_t)data, length, flags, index + 1};
}

// Make request n available: a header, `size` bytes of data (none for a FLUSH), room for the status.
static void blk_submit(unsigned n, uint32_t type, uint64_t sector, void *data, uint32_t size)
{
    unsigned first = 3 * n, flags = type == VIRTIO_BLK_IN ? VIRTQ_DESC_WRITE : 0;
    blk_requests[n].header = (struct virtio_blk_header){type, 0, sector};
    blk_requests[n].status = BLK_PENDING;
    blk_requests[n].done = 0;
    blk_describe(first, &blk_requests[n].header, sizeof blk_requests[n].header, VIRTQ_DESC_NEXT);
    blk_describe(first + 1, data, size, VIRTQ_DESC_NEXT | flags);
    blk_describe(first + 2, &blk_requests[n].status, 1, VIRTQ_DESC_WRITE);
    if (!size)
        blk_queue.descriptors[first].next = first + 2;
    blk_queue.available.ring[blk_queue.available.index % BLK_QUEUE] = first;
    dmb(); // the device sees the ring before the index that covers it
    blk_queue.available.index++;
}

static void blk_notify(void)
{
    dsb();
    blk_write(VIRTIO_QUEUE_NOTIFY, 0);
}

// Sleep until request n is done. What the device said of it: VIRTIO_BLK_*. Enter with PSTATE.I set.
static unsigned blk_wait(unsigned n)
{
    while (!blk_requests[n].done)
        sleep_once();
    return blk_requests[n].status;
}

static unsigned blk_do(uint32_t type, uint64_t sector, void *data, uint32_t size)
{
    blk_submit(0, type, sector, data, size);
    blk_notify();
    return blk_wait(0);
}

#endif
