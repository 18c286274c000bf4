# SPDX-License-Identifier: MIT
"""Distributor of a GICv2 (IHI 0048B, 3 and 4.3): what is pending, and which of it each CPU should take."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from harness.arch.gic import IAR_CPUID_SHIFT, SGIR_SGI, sgi_targets
from harness.arch.intid import SGI_COUNT, SPI_BASE
from harness.gic.config import GicConfig
from harness.gic.interrupts import Interrupts
from harness.gic.priority import NONE, Candidate
from harness.gic.registers import Field, Register, Write

_ALL = 0xFFFF_FFFF
_SGIS = 0xFFFF
_BITMAPS: Final = {  # one-bit fields -> the attribute of Interrupts that a write changes
    Field.GROUP: "group",
    Field.ENABLED: "enabled",
    Field.PENDING: "latch",
    Field.ACTIVE: "active",
    Field.EDGE: "edge",
}


@dataclass(slots=True)
class Distributor:
    """Distributor: all interrupts of the machine; it knows CPU interfaces only by number."""

    config: GicConfig
    ctlr: int = 0
    private: list[Interrupts] = field(init=False)  # [cpu]
    shared: Interrupts = field(init=False)
    targets: list[int] = field(init=False)  # [cpu] -> the SPIs targeted at it
    sgi_sources: list[list[int]] = field(init=False)  # [target][SGI] -> the CPUs that sent it

    def __post_init__(self) -> None:
        """Sets everything to its reset state; a uniprocessor's only CPU is the target of every SPI (4.3.12)."""
        cpus = range(self.config.cpus)
        self.private = [Interrupts(_ALL, enabled=_SGIS, edge=_SGIS) for _ in cpus]
        self.shared = Interrupts((1 << self.config.intids) - 1 & ~_ALL)
        self.targets = [self.shared.exists if len(cpus) == 1 else 0 for _ in cpus]
        self.sgi_sources = [[0] * SGI_COUNT for _ in cpus]

    def owner(self, intid: int, cpu: int) -> Interrupts:
        """Returns the set that the INTID belongs to, as ``cpu`` sees it."""
        return self.private[cpu] if intid < SPI_BASE else self.shared

    # What the CPU interfaces ask for

    def highest(self, cpu: int) -> Candidate:
        """Returns the highest-priority pending interrupt for a CPU in the groups that GICD_CTLR forwards (4.3.1).

        What the CPU interface then does with it plays no part in the choice (4.4.4).
        """
        groups = self.ctlr & 3
        if not groups:
            return NONE
        own, shared = self.private[cpu], self.shared
        mine = (own.latch | own.line & ~own.edge) & own.enabled & ~own.active
        ours = (
            (shared.latch | shared.line & ~shared.edge) & shared.enabled & ~shared.active & self.targets[cpu]
        )
        if groups != 3:
            mine &= own.group if groups == 2 else ~own.group
            ours &= shared.group if groups == 2 else ~shared.group
        if not (mine or ours):
            return NONE
        priority, intid = min(own.best(mine), shared.best(ours))
        return Candidate(priority, intid, self.group(intid, cpu))

    def group(self, intid: int, cpu: int) -> int:
        """Returns the interrupt's group, 0 or 1."""
        return self.owner(intid, cpu).group >> intid & 1

    def spi_targets(self, intid: int) -> int:
        """Returns a bitmask of the CPUs an SPI is targeted at."""
        return sum((mask >> intid & 1) << cpu for cpu, mask in enumerate(self.targets))

    def identify(self, intid: int, cpu: int) -> int:
        """Returns what IAR or HPPIR shows: the INTID and, for an SGI, the lowest CPU that sent it (CPUID)."""
        if intid >= SGI_COUNT:
            return intid
        sources = self.sgi_sources[cpu][intid]
        return intid | ((sources & -sources).bit_length() - 1) << IAR_CPUID_SHIFT

    def activate(self, intid: int, cpu: int) -> int:
        """Acknowledges an interrupt and returns the value for IAR.

        Pending becomes active, or active and pending if the line or another source holds it.
        """
        value = self.identify(intid, cpu)
        own, bit = self.owner(intid, cpu), 1 << intid
        own.active |= bit
        if intid < SGI_COUNT:
            self._set_sources(cpu, intid, self.sgi_sources[cpu][intid] & ~(1 << (value >> IAR_CPUID_SHIFT)))
        else:
            own.latch &= ~bit
        return value

    def deactivate(self, intid: int, cpu: int) -> None:
        """Deactivates an interrupt: active becomes inactive, active and pending becomes pending."""
        self.owner(intid, cpu).active &= ~(1 << intid)

    def set_line(self, intid: int, level: bool, cpu: int) -> None:
        """Drives the input of an SPI, or of one CPU's PPI."""
        self.owner(intid, cpu).set_line(1 << intid, level)

    # Registers

    def read(self, register: Register, index: int, cpu: int) -> int:
        """Returns one word, before access rules."""
        shown, first = register.field, register.first + index * register.fields
        if shown in _BITMAPS:
            return self._read_bits(shown, first, cpu)
        if shown is Field.CTLR:
            return self.ctlr
        return sum(self._read_byte(shown, first + n, cpu) << 8 * n for n in range(4))

    def write(self, register: Register, index: int, cpu: int, value: int, lanes: int) -> None:
        """Writes one word, of which the bits in ``lanes`` were written; reserved bits are cleared already."""
        shown, first = register.field, register.first + index * register.fields
        if shown in _BITMAPS:
            self._write_bits(register, first, cpu, value)
        elif shown is Field.CTLR:
            self.ctlr = value
        elif shown is Field.SGIR:
            self._send_sgi(cpu, value)
        else:
            for n in range(4):
                if lanes >> 8 * n & 0xFF:
                    self._write_byte(register, first + n, cpu, value >> 8 * n & 0xFF)

    def _read_bits(self, shown: Field, first: int, cpu: int) -> int:
        own = self.owner(first, cpu)
        bits: int = own.pending if shown is Field.PENDING else getattr(own, _BITMAPS[shown])
        word = bits >> first & _ALL
        if shown is not Field.EDGE:
            return word
        return sum(2 << 2 * n for n in range(16) if word >> n & 1)

    def _write_bits(self, register: Register, first: int, cpu: int, value: int) -> None:
        own = self.owner(first, cpu)
        span = _ALL
        if register.field is Field.EDGE:
            value, span = sum(1 << n for n in range(16) if value >> 2 * n & 2), 0xFFFF
        reach = span << first & own.exists
        if register.sgis_fixed:
            reach &= ~_SGIS
        ones, attribute = value << first & reach, _BITMAPS[register.field]
        bits: int = getattr(own, attribute)
        if register.write is Write.W1S:
            bits |= ones
        elif register.write is Write.W1C:
            bits &= ~ones
        else:
            bits = bits & ~reach | ones
        setattr(own, attribute, bits)

    def _read_byte(self, shown: Field, n: int, cpu: int) -> int:
        if shown is Field.SGI_SOURCES:
            return self.sgi_sources[cpu][n]
        if n >= self.config.intids:
            return 0
        if shown is Field.PRIORITY:
            return self.owner(n, cpu).priority(n)
        if self.config.cpus == 1:
            return 0  # a uniprocessor has no GICD_ITARGETSR (4.3.12)
        if n < SPI_BASE:
            return 1 << cpu
        return self.spi_targets(n)

    def _write_byte(self, register: Register, n: int, cpu: int, value: int) -> None:
        cpus = (1 << self.config.cpus) - 1
        if register.field is Field.SGI_SOURCES:
            old, value = self.sgi_sources[cpu][n], value & cpus
            self._set_sources(cpu, n, old | value if register.write is Write.W1S else old & ~value)
        elif n >= self.config.intids:
            return
        elif register.field is Field.PRIORITY:
            self.owner(n, cpu).set_priority(n, value & self.config.priority_mask)
        elif self.config.cpus > 1:
            for target in range(self.config.cpus):
                others = self.targets[target] & ~(1 << n)
                self.targets[target] = others | (value >> target & 1) << n

    def _send_sgi(self, cpu: int, value: int) -> None:
        """Makes an SGI pending as GICD_SGIR says."""
        targets = sgi_targets(self.config.cpus, cpu, value)
        sgi = value & SGIR_SGI
        for target in range(self.config.cpus):
            if targets >> target & 1:
                self._set_sources(target, sgi, self.sgi_sources[target][sgi] | 1 << cpu)

    def _set_sources(self, cpu: int, sgi: int, sources: int) -> None:
        """Sets an SGI's sources; it is pending while there is any."""
        self.sgi_sources[cpu][sgi] = sources
        own = self.private[cpu]
        own.latch = own.latch | 1 << sgi if sources else own.latch & ~(1 << sgi)
