# SPDX-License-Identifier: MIT
"""The register maps as IHI 0048B.b prints them, and a driver that reaches a Gic by the manual's names.

Written apart from harness.gic.registers, which is checked against this.
"""

from __future__ import annotations

from dataclasses import dataclass

from harness.gic import Frame, Gic

# name: (offset of the first, offset of the last), tables 4-1, 4-2, 5-1 and 5-8
MAP = {
    "GICD_CTLR": (0x000, 0x000),
    "GICD_TYPER": (0x004, 0x004),
    "GICD_IIDR": (0x008, 0x008),
    "GICD_IGROUPR": (0x080, 0x0FC),
    "GICD_ISENABLER": (0x100, 0x17C),
    "GICD_ICENABLER": (0x180, 0x1FC),
    "GICD_ISPENDR": (0x200, 0x27C),
    "GICD_ICPENDR": (0x280, 0x2FC),
    "GICD_ISACTIVER": (0x300, 0x37C),
    "GICD_ICACTIVER": (0x380, 0x3FC),
    "GICD_IPRIORITYR": (0x400, 0x7F8),
    "GICD_ITARGETSR": (0x800, 0xBF8),
    "GICD_ICFGR": (0xC00, 0xCFC),
    "GICD_NSACR": (0xE00, 0xEFC),
    "GICD_SGIR": (0xF00, 0xF00),
    "GICD_CPENDSGIR": (0xF10, 0xF1C),
    "GICD_SPENDSGIR": (0xF20, 0xF2C),
    "GICD_ID": (0xFD0, 0xFFC),
    "GICC_CTLR": (0x000, 0x000),
    "GICC_PMR": (0x004, 0x004),
    "GICC_BPR": (0x008, 0x008),
    "GICC_IAR": (0x00C, 0x00C),
    "GICC_EOIR": (0x010, 0x010),
    "GICC_RPR": (0x014, 0x014),
    "GICC_HPPIR": (0x018, 0x018),
    "GICC_ABPR": (0x01C, 0x01C),
    "GICC_AIAR": (0x020, 0x020),
    "GICC_AEOIR": (0x024, 0x024),
    "GICC_AHPPIR": (0x028, 0x028),
    "GICC_APR": (0x0D0, 0x0DC),
    "GICC_NSAPR": (0x0E0, 0x0EC),
    "GICC_IIDR": (0x0FC, 0x0FC),
    "GICC_DIR": (0x1000, 0x1000),
    "GICH_HCR": (0x000, 0x000),
    "GICH_VTR": (0x004, 0x004),
    "GICH_VMCR": (0x008, 0x008),
    "GICH_MISR": (0x010, 0x010),
    "GICH_EISR": (0x020, 0x024),
    "GICH_ELRSR": (0x030, 0x034),
    "GICH_APR": (0x0F0, 0x0F0),
    "GICH_LR": (0x100, 0x1FC),
    "GICV_CTLR": (0x000, 0x000),
    "GICV_PMR": (0x004, 0x004),
    "GICV_BPR": (0x008, 0x008),
    "GICV_IAR": (0x00C, 0x00C),
    "GICV_EOIR": (0x010, 0x010),
    "GICV_RPR": (0x014, 0x014),
    "GICV_HPPIR": (0x018, 0x018),
    "GICV_ABPR": (0x01C, 0x01C),
    "GICV_AIAR": (0x020, 0x020),
    "GICV_AEOIR": (0x024, 0x024),
    "GICV_AHPPIR": (0x028, 0x028),
    "GICV_APR": (0x0D0, 0x0DC),
    "GICV_IIDR": (0x0FC, 0x0FC),
    "GICV_DIR": (0x1000, 0x1000),
}

GRP0, GRP1, ACK_CTL, FIQ_EN, CBPR, EOI_MODE = 1, 2, 4, 8, 16, 1 << 9
SPURIOUS, OTHER_GROUP = 1023, 1022


@dataclass
class Driver:
    """Word accesses to one Gic by register name and number."""

    gic: Gic

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
