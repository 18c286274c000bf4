// SPDX-License-Identifier: MIT
// Virtio 1.2: the MMIO transport (4.2), the split virtqueue (2.7), the block device (5.2). Constants and layouts.
#ifndef VIRTIO_H
#define VIRTIO_H

#include <stdint.h>

// Slot n of the board: VIRTIO_BASE + n * VIRTIO_STRIDE; its interrupt is input VIRTIO_INPUT + n, an edge.
#define VIRTIO_BASE 0x0a000000
#define VIRTIO_STRIDE 0x200
#define VIRTIO_SLOTS 32
#define VIRTIO_INPUT 16

// Registers (4.2.2)
#define VIRTIO_MAGIC_VALUE 0x000
#define VIRTIO_VERSION 0x004
#define VIRTIO_DEVICE_ID 0x008
#define VIRTIO_DEVICE_FEATURES 0x010
#define VIRTIO_DEVICE_FEATURES_SEL 0x014
#define VIRTIO_DRIVER_FEATURES 0x020
#define VIRTIO_DRIVER_FEATURES_SEL 0x024
#define VIRTIO_QUEUE_SEL 0x030
#define VIRTIO_QUEUE_NUM_MAX 0x034
#define VIRTIO_QUEUE_NUM 0x038
#define VIRTIO_QUEUE_READY 0x044
#define VIRTIO_QUEUE_NOTIFY 0x050
#define VIRTIO_INTERRUPT_STATUS 0x060
#define VIRTIO_INTERRUPT_ACK 0x064
#define VIRTIO_STATUS 0x070
#define VIRTIO_QUEUE_DESC_LOW 0x080
#define VIRTIO_QUEUE_DRIVER_LOW 0x090
#define VIRTIO_QUEUE_DEVICE_LOW 0x0a0
#define VIRTIO_CONFIG 0x100

#define VIRTIO_MAGIC 0x74726976 // "virt"
#define VIRTIO_MODERN 2         // version; 1 is the layout from before the standard

// Status (2.1)
#define VIRTIO_ACKNOWLEDGE 1
#define VIRTIO_DRIVER 2
#define VIRTIO_DRIVER_OK 4
#define VIRTIO_FEATURES_OK 8
#define VIRTIO_FAILED 128

#define VIRTIO_F_VERSION_1 32 // bit number

// Split virtqueue (2.7)
#define VIRTQ_DESC_NEXT 1  // another descriptor follows
#define VIRTQ_DESC_WRITE 2 // the device writes it

struct virtq_desc {
    uint64_t address;
    uint32_t length;
    uint16_t flags;
    uint16_t next;
};

// Block device (5.2)
#define VIRTIO_ID_BLOCK 2
#define VIRTIO_BLK_SECTOR 512
#define VIRTIO_BLK_F_RO 5    // bit numbers
#define VIRTIO_BLK_F_FLUSH 9

#define VIRTIO_BLK_IN 0 // read
#define VIRTIO_BLK_OUT 1
#define VIRTIO_BLK_FLUSH 4

#define VIRTIO_BLK_OK 0
#define VIRTIO_BLK_IOERR 1
#define VIRTIO_BLK_UNSUPP 2

struct virtio_blk_header {
    uint32_t type;
    uint32_t reserved;
    uint64_t sector;
};

#endif
