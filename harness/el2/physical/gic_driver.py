# SPDX-License-Identifier: MIT
"""EL2's driver of the machine's physical GICv2: MMIO accesses and nothing else (IHI 0048B, chapter 4)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from harness.arch import intid as ids
from harness.arch.virt import GIC_FRAME_SIZE, GICC_BASE, GICD_BASE, GICV_BASE

GICD_CTLR = GICD_BASE + 0x000
GICD_ISENABLER = GICD_BASE + 0x100
GICD_ICENABLER = GICD_BASE + 0x180
GICD_ISPENDR = GICD_BASE + 0x200
GICD_ICACTIVER = GICD_BASE + 0x380
GICD_IPRIORITYR = GICD_BASE + 0x400
GICD_ITARGETSR = GICD_BASE + 0x800
GICD_ICFGR = GICD_BASE + 0xC00
GICD_SGIR = GICD_BASE + 0xF00
GICC_CTLR = GICC_BASE + 0x0000
GICC_PMR = GICC_BASE + 0x0004
GICC_IAR = GICC_BASE + 0x000C
GICC_EOIR = GICC_BASE + 0x0010
GICC_DIR = GICC_BASE + 0x1000

CTLR_ENABLE_GRP0 = 1
CTLR_EOIMODE = 1 << 9  # EOImodeS, which is EOImode on a GIC without the Security Extensions (4.4.1)
IAR_INTID = 0x3FF
EDGE = 0b10  # GICD_ICFGR Int_config<1> (4.3.13)
DEFAULT_PRIORITY = 0xA0


class PhysicalBus(Protocol):
    """The physical address space as a CPU at EL2 sees it."""

    def read(self, cpu: int, address: int, size: int) -> int:
        """Read ``size`` bytes as ``cpu``."""
        ...

    def write(self, cpu: int, address: int, size: int, value: int) -> None:
        """Write ``size`` bytes as ``cpu``."""
        ...


class GicDriver:
    """The GICv2 operations EL2 needs, each named by what it does to the interrupt.

    With EOImode set, a write of GICC_EOIR only drops the running priority; the interrupt stays active, and
    cannot be taken again, until GICC_DIR deactivates it (3.2.1). That split lets a guest own the time in between.
    """

    def __init__(self, bus: PhysicalBus, intids: int, level: Iterable[int]) -> None:
        self._bus = bus
        self._intids = intids
        self._level = frozenset(level)

    def start_distributor(self) -> None:
        """Configure every SPI (trigger, target CPU0, priority), enable them all and the distributor."""
        for first in range(ids.SPI_BASE, self._intids, 16):
            config = sum(EDGE << 2 * n for n in range(16) if first + n not in self._level)
            self._bus.write(0, GICD_ICFGR + first // 4, 4, config)
        for first in range(ids.SPI_BASE, self._intids, 4):
            self._bus.write(0, GICD_ITARGETSR + first, 4, 0x0101_0101)
            self._bus.write(0, GICD_IPRIORITYR + first, 4, DEFAULT_PRIORITY * 0x0101_0101)
        for first in range(ids.SPI_BASE, self._intids, 32):
            self._bus.write(0, GICD_ISENABLER + first // 8, 4, 0xFFFF_FFFF)
        self._bus.write(0, GICD_CTLR, 4, CTLR_ENABLE_GRP0)

    def start_cpu(self, cpu: int) -> None:
        """Enable this CPU's private interrupts and its CPU interface, priority drop split from deactivation."""
        for first in range(0, ids.SPI_BASE, 4):
            self._bus.write(cpu, GICD_IPRIORITYR + first, 4, DEFAULT_PRIORITY * 0x0101_0101)
        self._bus.write(cpu, GICD_ISENABLER, 4, 0xFFFF_FFFF)
        self._bus.write(cpu, GICC_PMR, 4, 0xFF)
        self._bus.write(cpu, GICC_CTLR, 4, CTLR_ENABLE_GRP0 | CTLR_EOIMODE)

    def acknowledge(self, cpu: int) -> int:
        """Read GICC_IAR: pending becomes active. INTID in bits 9:0 (1023 none), an SGI's source CPU in 12:10."""
        return self._bus.read(cpu, GICC_IAR, 4)

    def drop_priority(self, cpu: int, iar: int) -> None:
        """Write GICC_EOIR: the running priority drops, the interrupt stays active."""
        self._bus.write(cpu, GICC_EOIR, 4, iar)

    def deactivate(self, cpu: int, iar: int) -> None:
        """Write GICC_DIR: the interrupt may be taken again."""
        self._bus.write(cpu, GICC_DIR, 4, iar)

    def send_sgi(self, cpu: int, target: int, sgi: int) -> None:
        """Write GICD_SGIR: ``cpu`` makes ``sgi`` pending on ``target``."""
        self._bus.write(cpu, GICD_SGIR, 4, 1 << 16 + target | sgi)

    def line_is_high(self, cpu: int, intid: int) -> bool:
        """Whether an *active* level-sensitive interrupt's input is high: it is then active and pending (4.3.7)."""
        word = self._bus.read(cpu, GICD_ISPENDR + intid // 32 * 4, 4)
        return bool(word >> intid % 32 & 1)

    def route(self, cpu: int, intid: int, target: int) -> None:
        """Write the SPI's GICD_ITARGETSR byte: it goes to ``target`` from now on."""
        self._bus.write(cpu, GICD_ITARGETSR + intid, 1, 1 << target)

    def is_level(self, intid: int) -> bool:
        """Whether the board wires the SPI as a level."""
        return intid in self._level

    def has(self, intid: int) -> bool:
        """Whether the GIC implements the INTID."""
        return intid < self._intids

    @staticmethod
    def owns(address: int) -> bool:
        """Whether the address is in one of the GIC's frames."""
        return GICD_BASE <= address < GICV_BASE + GIC_FRAME_SIZE
