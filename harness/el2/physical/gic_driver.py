# SPDX-License-Identifier: MIT
"""EL2's driver of the machine's physical GICv2: MMIO accesses and nothing else (IHI 0048B, chapter 4)."""

from __future__ import annotations

from collections.abc import Iterable

from harness.arch import gic
from harness.arch import intid as ids
from harness.arch.gic import Ctlr
from harness.arch.virt import GICC_BASE, GICD_BASE
from harness.el2.vm import DeviceBus, device_at

GICD_CTLR = GICD_BASE + gic.GICD_CTLR
GICD_ISENABLER = GICD_BASE + gic.GICD_ISENABLER
GICD_ISPENDR = GICD_BASE + gic.GICD_ISPENDR
GICD_ITARGETSR = GICD_BASE + gic.GICD_ITARGETSR
GICD_ICFGR = GICD_BASE + gic.GICD_ICFGR
GICD_SGIR = GICD_BASE + gic.GICD_SGIR
GICC_CTLR = GICC_BASE + gic.GICC_CTLR
GICC_PMR = GICC_BASE + gic.GICC_PMR
GICC_IAR = GICC_BASE + gic.GICC_IAR
GICC_EOIR = GICC_BASE + gic.GICC_EOIR
GICC_DIR = GICC_BASE + gic.GICC_DIR

_EVERY_BYTE = 0x0101_0101
_EVERY_BIT = 0xFFFF_FFFF
_EVERY_EDGE = 0xAAAA_AAAA


class GicDriver:
    """Driver of the physical GIC: the operations EL2 needs, each named by what it does to the interrupt.

    With EOImode set, a write of GICC_EOIR only drops the running priority; the interrupt stays active, and
    cannot be taken again, until GICC_DIR deactivates it (3.2.1). That split lets a guest own the time in between.
    """

    def __init__(self, bus: DeviceBus, cpus: int, intids: int, level: Iterable[int]) -> None:
        self._gicd = [device_at(bus, cpu, GICD_BASE) for cpu in range(cpus)]
        self._gicc = [device_at(bus, cpu, GICC_BASE) for cpu in range(cpus)]
        self._intids = intids
        self._level = frozenset(level)
        self._triggers = [
            (GICD_ICFGR + first // 4, self._configuration(first))
            for first in range(ids.SPI_BASE, intids, gic.INTIDS_PER_ICFGR)
        ]

    def _configuration(self, first: int) -> int:
        """Returns a word of GICD_ICFGR, from INTID ``first`` on: edges, but what the board wires as levels."""
        config = _EVERY_EDGE
        for intid in self._level:
            if first <= intid < first + gic.INTIDS_PER_ICFGR:
                config &= ~(gic.ICFGR_EDGE << 2 * (intid - first))
        return config

    def start_distributor(self) -> None:
        """Configures every SPI of a GIC in reset (trigger, target CPU0), enables them all and the distributor.

        Their priorities stay what reset makes them, all the same (table 4-1): EL2 prefers none to another. A
        uniprocessor's GIC has no GICD_ITARGETSR, since all SPIs go to its one CPU (4.3.12).
        """
        store = self._gicd[0].store
        for register, config in self._triggers:
            store(register, 4, config)
        if len(self._gicd) > 1:
            for first in range(ids.SPI_BASE, self._intids, 4):
                store(GICD_ITARGETSR + first, 4, _EVERY_BYTE)
        for first in range(ids.SPI_BASE, self._intids, gic.INTIDS_PER_WORD):
            store(GICD_ISENABLER + first // 8, 4, _EVERY_BIT)
        store(GICD_CTLR, 4, Ctlr.ENABLE_GRP0)

    def start_cpu(self, cpu: int) -> None:
        """Enables this CPU's private interrupts and its CPU interface, priority drop split from deactivation."""
        gicc = self._gicc[cpu]
        self._gicd[cpu].store(GICD_ISENABLER, 4, _EVERY_BIT)
        gicc.store(GICC_PMR, 4, 0xFF)
        gicc.store(GICC_CTLR, 4, Ctlr.ENABLE_GRP0 | Ctlr.EOI_MODE)

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
        self._gicd[cpu].store(GICD_ITARGETSR + intid, 1, 1 << target)

    def is_level(self, intid: int) -> bool:
        """Returns True if the board wires the SPI as a level."""
        return intid in self._level

    def has(self, intid: int) -> bool:
        """Returns True if the GIC implements the INTID."""
        return intid < self._intids
