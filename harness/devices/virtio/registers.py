# SPDX-License-Identifier: MIT
"""Registers of the MMIO transport (4.2.2 and, for legacy devices, 4.2.4), and the device status (2.1)."""

from __future__ import annotations

from enum import IntEnum, IntFlag

MAGIC = 0x7472_6976  # "virt"
VENDOR = 0x554D_4551  # "QEMU", whose board this is
CONFIG = 0x100
F_VERSION_1 = 1 << 32
ISR_USED, ISR_CONFIG = 1, 2


class VirtioRegister(IntEnum):
    """Offsets of the registers (4.2.2, table 4.1; 4.2.4, table 4.3)."""

    MAGIC_VALUE = 0x000
    VERSION = 0x004
    DEVICE_ID = 0x008
    VENDOR_ID = 0x00C
    DEVICE_FEATURES = 0x010
    DEVICE_FEATURES_SEL = 0x014
    DRIVER_FEATURES = 0x020
    DRIVER_FEATURES_SEL = 0x024
    GUEST_PAGE_SIZE = 0x028  # legacy
    QUEUE_SEL = 0x030
    QUEUE_NUM_MAX = 0x034
    QUEUE_NUM = 0x038
    QUEUE_ALIGN = 0x03C  # legacy
    QUEUE_PFN = 0x040  # legacy
    QUEUE_READY = 0x044
    QUEUE_NOTIFY = 0x050
    INTERRUPT_STATUS = 0x060
    INTERRUPT_ACK = 0x064
    STATUS = 0x070
    QUEUE_DESC_LOW = 0x080
    QUEUE_DESC_HIGH = 0x084
    QUEUE_DRIVER_LOW = 0x090
    QUEUE_DRIVER_HIGH = 0x094
    QUEUE_DEVICE_LOW = 0x0A0
    QUEUE_DEVICE_HIGH = 0x0A4
    SHM_LEN_LOW = 0x0B0
    SHM_LEN_HIGH = 0x0B4
    SHM_BASE_LOW = 0x0B8
    SHM_BASE_HIGH = 0x0BC
    CONFIG_GENERATION = 0x0FC


class Status(IntFlag):
    """Bits of the device status (2.1)."""

    ACKNOWLEDGE = 1
    DRIVER = 2
    DRIVER_OK = 4
    FEATURES_OK = 8
    DEVICE_NEEDS_RESET = 64
    FAILED = 128


LEGACY_ONLY = (VirtioRegister.GUEST_PAGE_SIZE, VirtioRegister.QUEUE_ALIGN, VirtioRegister.QUEUE_PFN)
