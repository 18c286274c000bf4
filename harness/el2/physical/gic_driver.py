# SPDX-License-Identifier: MIT
"""EL2's driver of the machine's physical GICv2: MMIO accesses and nothing else (IHI 0048B, chapter 4)."""

from __future__ import annotations

from collections.abc import Iterable

from harness.arch import gic
from harness.arch import intid as ids
from harness.arch.gic import Ctlr
from harness.arch.virt import GICC_BASE, GICD_BASE, MAX_CPUS
from harness.el2.vm import DeviceBus, device_at

GICD_CTLR = GICD_BASE + gic.GICD_CTLR
GICD_ISENABLER = GICD_BASE + gic.GICD_ISENABLER
GICD_ISPENDR = GICD_BASE + gic.GICD_ISPENDR
GICD_IPRIORITYR = GICD_BASE + gic.GICD_IPRIORITYR
GICD_ITARGETSR = GICD_BASE + gic.GICD_ITARGETSR
GICD_ICFGR = GICD_BASE + gic.GICD_ICFGR
GICD_SGIR = GICD_BASE + gic.GICD_SGIR
GICC_CTLR = GICC_BASE + gic.GICC_CTLR
GICC_PMR = GICC_BASE + gic.GICC_PMR
GICC_IAR = GICC_BASE + gic.GICC_IAR
GICC_EOIR = GICC_BASE + gic.GICC_EOIR
GICC_DIR = GICC_BASE + gic.GICC_DIR

DEFAULT_PRIORITY = 0xA0
_EVERY_BYTE = 0x0101_0101
_EVERY_BIT = 0xFFFF_FFFF


class GicDriver:
    """Driver of the physical GIC: the operations EL2 needs, each named by what it does to the interrupt.

    With EOImode set, a write of GICC_EOIR only drops the running priority; the interrupt stays active, and
    cannot be taken again, until GICC_DIR deactivates it (3.2.1). That split lets a guest own the time in between.
    """

    def __init__(self, bus: DeviceBus, intids: int, level: Iterable[int]) -> None:
        self._bus = bus
        self._gicd = [device_at(bus, cpu, GICD_BASE) for cpu in range(MAX_CPUS)]
        self._gicc = [device_at(bus, cpu, GICC_BASE) for cpu in range(MAX_CPUS)]
        self._intids = intids
        self._level = frozenset(level)

    def start_distributor(self) -> None:
        """Configures every SPI (trigger, target CPU0, priority), enables them all and the distributor."""
        write = self._bus.write
        for first in range(ids.SPI_BASE, self._intids, gic.INTIDS_PER_ICFGR):
            fields = range(gic.INTIDS_PER_ICFGR)
            config = sum(gic.ICFGR_EDGE << 2 * n for n in fields if first + n not in self._level)
            write(0, GICD_ICFGR + first // 4, 4, config)
        for first in range(ids.SPI_BASE, self._intids, 4):
            write(0, GICD_ITARGETSR + first, 4, _EVERY_BYTE)
            write(0, GICD_IPRIORITYR + first, 4, DEFAULT_PRIORITY * _EVERY_BYTE)
        for first in range(ids.SPI_BASE, self._intids, gic.INTIDS_PER_WORD):
            write(0, GICD_ISENABLER + first // 8, 4, _EVERY_BIT)
        write(0, GICD_CTLR, 4, Ctlr.ENABLE_GRP0)

    def start_cpu(self, cpu: int) -> None:
        """Enables this CPU's private interrupts and its CPU interface, priority drop split from deactivation."""
        for first in range(0, ids.SPI_BASE, 4):
            self._bus.write(cpu, GICD_IPRIORITYR + first, 4, DEFAULT_PRIORITY * _EVERY_BYTE)
        self._bus.write(cpu, GICD_ISENABLER, 4, _EVERY_BIT)
        self._bus.write(cpu, GICC_PMR, 4, 0xFF)
        self._bus.write(cpu, GICC_CTLR, 4, Ctlr.ENABLE_GRP0 | Ctlr.EOI_MODE)

    def acknowledge(self, cpu: int) -> int:
        """Reads GICC_IAR: pending becomes active. INTID in bits 9:0 (1023 none), an SGI's source CPU in 12:10."""
        return self._gicc[cpu].load(GICC_IAR, 4)

    def drop_priority(self, cpu: int, iar: int) -> None:
        """Writes GICC_EOIR: the running priority drops, the interrupt stays active."""
        self._gicc[cpu].store(GICC_EOIR, 4, iar)

    def deactivate(self, cpu: int, iar: int) -> None:
        """Writes GICC_DIR: the interrupt may be taken again."""
        self._gicc[cpu].store(GICC_DIR, 4, iar)

    def send_sgi(self, cpu: int, target: int, sgi: int) -> None:
        """Writes GICD_SGIR: ``cpu`` makes ``sgi`` pending on ``target``."""
        self._gicd[cpu].store(GICD_SGIR, 4, 1 << gic.SGIR_TARGETS_SHIFT + target | sgi)

    def line_is_high(self, cpu: int, intid: int) -> bool:
        """Returns True if an *active* level-sensitive interrupt's input is high: it is then pending too (4.3.7)."""
        word = self._gicd[cpu].load(GICD_ISPENDR + (intid >> 5) * 4, 4)
        return word >> (intid & 31) & 1 != 0

    def route(self, cpu: int, intid: int, target: int) -> None:
        """Writes the SPI's GICD_ITARGETSR byte: it goes to ``target`` from now on."""
        self._bus.write(cpu, GICD_ITARGETSR + intid, 1, 1 << target)

    def is_level(self, intid: int) -> bool:
        """Returns True if the board wires the SPI as a level."""
        return intid in self._level

    def has(self, intid: int) -> bool:
        """Returns True if the GIC implements the INTID."""
        return intid < self._intids
