# SPDX-License-Identifier: MIT
"""A driver that reaches a Gic by the manual's names (IHI 0048B.b), and the bits it uses."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from gic_register_map import MAP

from harness.gic import Frame, Gic
from harness.wires import Wire

GRP0, GRP1, ACK_CTL, FIQ_EN, CBPR, EOI_MODE = 1, 2, 4, 8, 16, 1 << 9
SPURIOUS, OTHER_GROUP = 1023, 1022


def levels(wires: Iterable[Wire]) -> int:
    """A bit for each wire that is high."""
    return sum(wire.level << n for n, wire in enumerate(wires))


@dataclass
class Driver:
    """Word accesses to one Gic by register name and number."""

    gic: Gic

    @property
    def irq(self) -> int:
        """nIRQ, a bit for each CPU; so are the other outputs."""
        return levels(self.gic.irq)

    @property
    def fiq(self) -> int:
        return levels(self.gic.fiq)

    @property
    def virq(self) -> int:
        return levels(self.gic.virq)

    @property
    def vfiq(self) -> int:
        return levels(self.gic.vfiq)

    @property
    def maintenance(self) -> int:
        return levels(self.gic.maintenance)

    def read(self, name: str, n: int = 0, cpu: int = 0) -> int:
        return self.gic.read(Frame[name[:4]], cpu, MAP[name][0] + 4 * n, 4)

    def write(self, name: str, value: int, n: int = 0, cpu: int = 0) -> None:
        self.gic.write(Frame[name[:4]], cpu, MAP[name][0] + 4 * n, 4, value)

    def bit(self, name: str, intid: int, cpu: int = 0) -> bool:
        """The interrupt's bit of a register with one per interrupt."""
        return bool(self.read(name, intid // 32, cpu) >> intid % 32 & 1)

    def set_bit(self, name: str, intid: int, cpu: int = 0) -> None:
        """Write a one for the interrupt, zeros for its neighbours."""
        self.write(name, 1 << intid % 32, intid // 32, cpu)

    def set_byte(self, name: str, intid: int, value: int, cpu: int = 0) -> None:
        """Write the interrupt's byte of GICD_IPRIORITYR, GICD_ITARGETSR, ..."""
        self.gic.write(Frame.GICD, cpu, MAP[name][0] + intid, 1, value)

    def set_group1(self, intid: int, cpu: int = 0) -> None:
        self.write(
            "GICD_IGROUPR", self.read("GICD_IGROUPR", intid // 32, cpu) | 1 << intid % 32, intid // 32, cpu
        )

    def set_edge(self, intid: int, cpu: int = 0) -> None:
        word = self.read("GICD_ICFGR", intid // 16, cpu) | 2 << 2 * (intid % 16)
        self.write("GICD_ICFGR", word, intid // 16, cpu)

    def pulse(self, intid: int, cpu: int = 0) -> None:
        """One edge."""
        self.gic.set_line(intid, True, cpu)
        self.gic.set_line(intid, False, cpu)

    def sgi(self, intid: int, targets: int, cpu: int = 0, filter_: int = 0) -> None:
        self.write("GICD_SGIR", filter_ << 24 | targets << 16 | intid, cpu=cpu)

    def ack(self, cpu: int = 0) -> int:
        return self.read("GICC_IAR", cpu=cpu)

    def eoi(self, value: int, cpu: int = 0) -> None:
        self.write("GICC_EOIR", value, cpu=cpu)

    def dir(self, value: int, cpu: int = 0) -> None:
        self.write("GICC_DIR", value, cpu=cpu)


def driver(cpus: int = 1, *, ctlr: int = GRP0, **options: int) -> Driver:
    """A GIC with both groups forwarded, all interrupts enabled at priority 0x80, SPIs targeted at CPU 0."""
    gic = Gic(cpus, **options)
    d = Driver(gic)
    d.write("GICD_CTLR", 3)
    for n in range(1, (gic.config.intids + 31) // 32):
        d.write("GICD_ISENABLER", 0xFFFF_FFFF, n)
    for intid in range(32, gic.config.intids):
        d.set_byte("GICD_ITARGETSR", intid, 1)
        d.set_byte("GICD_IPRIORITYR", intid, 0x80)
    for cpu in range(cpus):
        d.write("GICD_ISENABLER", 0xFFFF_FFFF, cpu=cpu)
        for intid in range(32):
            d.set_byte("GICD_IPRIORITYR", intid, 0x80, cpu)
        d.write("GICC_PMR", 0xFF, cpu=cpu)
        d.write("GICC_CTLR", ctlr, cpu=cpu)
    return d


# Chapter 5

EN, UIE, LRENPIE, NPIE, VGRP0EIE, VGRP0DIE, VGRP1EIE, VGRP1DIE = (1 << n for n in range(8))
HW, LR_GRP1, EOI = 1 << 31, 1 << 30, 1 << 19
PENDING, ACTIVE, BOTH = 1 << 28, 2 << 28, 3 << 28
EOI_COUNT = 27


def lr(intid: int, state: int = PENDING, *, priority: int = 0x80, flags: int = 0, physical: int = 0) -> int:
    """A list register (5.3.8); ``physical`` also carries CPUID and EOI's place when HW is 0."""
    return flags | state | priority >> 3 << 23 | physical << 10 | intid


def guest(*lrs: int, ctlr: int = GRP0, hcr: int = EN, cpus: int = 1) -> Driver:
    """A guest that has set its CPU interface up, and list registers as given."""
    d = Driver(Gic(cpus))
    d.write("GICH_HCR", hcr)
    d.write("GICV_PMR", 0xFF)
    d.write("GICV_CTLR", ctlr)
    for n, value in enumerate(lrs):
        d.write("GICH_LR", value, n)
    return d
