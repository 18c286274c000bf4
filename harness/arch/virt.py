# SPDX-License-Identifier: MIT
"""Board: its memory map and interrupt wiring: QEMU's ``virt`` machine with a GICv2, so that its programs fit."""

from __future__ import annotations

GICD_BASE = 0x0800_0000
GICC_BASE = 0x0801_0000
GICH_BASE = 0x0803_0000
GICV_BASE = 0x0804_0000
GIC_FRAME_SIZE = 0x1_0000

UART_BASE = 0x0900_0000
UART_INTID = 33
RTC_BASE = 0x0901_0000
RTC_INTID = 34
VIRTIO_BASE = 0x0A00_0000
VIRTIO_STRIDE = 0x200
VIRTIO_SLOTS = 32
VIRTIO_FIRST_INTID = 48
TESTDEV_BASE = 0x0B00_0000
DEVICE_FRAME_SIZE = 0x1000

RAM_BASE = 0x4000_0000
TEXT_OFFSET = 0x8_0000  # where a flat binary starts within RAM when its image header does not say

CNTFRQ = 62_500_000  # ticks of the system counter per second; one retired instruction is one tick
MAX_CPUS = 8
DEFAULT_INTIDS = 288  # 32 private + 256 SPIs, as QEMU's board

LEVEL_INTIDS = frozenset({UART_INTID, RTC_INTID})  # SPIs whose device holds its line; all others pulse


def is_gic(address: int) -> bool:
    """Returns True for an address in one of the GIC's frames."""
    return GICD_BASE <= address < GICV_BASE + GIC_FRAME_SIZE


def mpidr(cpu: int) -> int:
    """Returns MPIDR_EL1 of a CPU: RES1 bit 31, affinity Aff0 = its number."""
    return 1 << 31 | cpu
