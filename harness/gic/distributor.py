# SPDX-License-Identifier: MIT
"""Distributor of a GICv2 (IHI 0048B, 3 and 4.3): what is pending, and which of it each CPU should take."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

from harness.arch.gic import IAR_CPUID_SHIFT, SGIR_SGI, sgi_targets
from harness.arch.intid import SGI_COUNT, SPI_BASE
from harness.gic.config import GicConfig
from harness.gic.interrupts import Interrupts
from harness.gic.priority import NO_RANK
from harness.gic.registers import Field, Register, Write

_ALL: Final = 0xFFFF_FFFF
_GIC_400: Final = GicConfig()
_SGIS: Final = 0xFFFF

# What a write of a register with a bit or two for each interrupt does to them: (own, first, reach, value).
_WRITES: Final[dict[Field, Callable[[Interrupts, int, int, int], None]]] = {
    Field.GROUP: Interrupts.write_group,
    Field.ENABLED: Interrupts.enable,
    Field.PENDING: Interrupts.set_pending,
    Field.ACTIVE: Interrupts.set_active,
    Field.EDGE: Interrupts.configure,
}
# The same of one whose ones clear.
_CLEARS: Final[dict[Field, Callable[[Interrupts, int, int, int], None]]] = {
    Field.ENABLED: Interrupts.disable,
    Field.PENDING: Interrupts.clear_pending,
    Field.ACTIVE: Interrupts.clear_active,
}


class Distributor:
    """Distributor: all interrupts of the machine; it knows CPU interfaces only by number."""

    def __init__(self, config: GicConfig = _GIC_400) -> None:
        cpus = range(config.cpus)
        self.config = config
        self.cpus = config.cpus
        self.intids = config.intids
        self.private = [Interrupts(_ALL, _SGIS) for _ in cpus]  # [cpu]
        self.shared = Interrupts((1 << config.intids) - 1 & ~_ALL)
        self.targets: list[int] = []  # [cpu] -> the SPIs targeted at it
        self.sgi_sources: list[list[int]] = []  # [target][SGI] -> the CPUs that sent it
        self.ctlr: int = 0
        self._shared_ranks = [
            NO_RANK
        ] * self.cpus  # [cpu] -> that of its first SPI, as of this version of the SPIs
        self._versions = [-1] * self.cpus
        self.reset()

    def reset(self) -> None:
        """Takes everything to its reset state; a uniprocessor's only CPU is the target of every SPI (4.3.12)."""
        self.ctlr = 0
        for own in (*self.private, self.shared):
            own.reset()
        self.targets[:] = [self.shared.exists if self.cpus == 1 else 0] * self.cpus
        self.sgi_sources[:] = [[0] * SGI_COUNT for _ in range(self.cpus)]

    def contents(self) -> tuple[object, ...]:
        """Returns all of its state as plain data, to compare."""
        sets = [own.contents() for own in (*self.private, self.shared)]
        return (self.ctlr, self.targets, self.sgi_sources, sets)

    def owner(self, intid: int, cpu: int) -> Interrupts:
        """Returns the set that the INTID belongs to, as ``cpu`` sees it."""
        return self.private[cpu] if intid < SPI_BASE else self.shared

    # What the CPU interfaces ask for

    def highest(self, cpu: int) -> int:
        """Returns the rank of a CPU's highest-priority pending interrupt.

        It is of the groups that GICD_CTLR forwards (4.3.1). What the CPU interface then does with it plays no
        part in the choice (4.4.4).
        """
        own = self.private[cpu]
        if self._versions[cpu] != self.shared.version:
            self._versions[cpu] = self.shared.version
            self._shared_ranks[cpu] = self._highest_shared(cpu)
        rank, mine = self._shared_ranks[cpu], own.ready
        if not mine:
            return rank
        groups = self.ctlr & 3
        if groups != 3:
            mine &= 0 if not groups else own.group if groups == 2 else ~own.group
        best = own.best(mine)
        return best if best < rank else rank

    def _highest_shared(self, cpu: int) -> int:
        """Returns the rank of the SPI that comes first for a CPU: the same until one of them changes."""
        shared, groups = self.shared, self.ctlr & 3
        ready = shared.ready & self.targets[cpu]
        if groups != 3:
            ready &= 0 if not groups else shared.group if groups == 2 else ~shared.group
        return shared.best(ready) if ready else NO_RANK

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
        if intid >= SGI_COUNT:
            (self.private[cpu] if intid < SPI_BASE else self.shared).activate(1 << intid)
            return intid
        own, sources = self.private[cpu], self.sgi_sources[cpu][intid]
        first = sources & -sources
        own.active |= 1 << intid
        self.sgi_sources[cpu][intid] = sources & ~first
        own.latch_sgi(1 << intid, sources != first)
        return intid | (first.bit_length() - 1) << IAR_CPUID_SHIFT

    def deactivate(self, intid: int, cpu: int) -> bool:
        """Deactivates an interrupt: active becomes inactive, active and pending becomes pending.

        Returns True if that changes what can be signalled.
        """
        return (self.private[cpu] if intid < SPI_BASE else self.shared).deactivate(1 << intid)

    def set_line(self, intid: int, level: bool, cpu: int) -> bool:
        """Drives the input of an SPI, or of one CPU's PPI. Returns True if that changes what can be signalled."""
        return self.owner(intid, cpu).set_line(1 << intid, level)

    def send_sgi(self, cpu: int, value: int) -> int:
        """Makes an SGI pending as GICD_SGIR says; returns the CPUs that it was sent to, as a bitmask."""
        targets = sgi_targets(self.cpus, cpu, value)
        sgi = value & SGIR_SGI
        for target in range(self.cpus):
            if targets >> target & 1:
                self._set_sources(target, sgi, self.sgi_sources[target][sgi] | 1 << cpu)
        return targets

    def _set_sources(self, cpu: int, sgi: int, sources: int) -> None:
        """Sets an SGI's sources; it is pending while there is any."""
        self.sgi_sources[cpu][sgi] = sources
        self.private[cpu].latch_sgi(1 << sgi, sources != 0)

    # Registers, found by their rows once

    def reader(self, register: Register, first: int, cpu: int) -> Callable[[], int]:
        """Returns what reads one word for a CPU, from INTID ``first`` on."""
        own = self.owner(first, cpu)
        match register.field:
            case Field.CTLR:
                return lambda: self.ctlr
            case Field.GROUP:
                return lambda: own.group >> first & _ALL
            case Field.ENABLED:
                return lambda: own.enabled >> first & _ALL
            case Field.PENDING:
                return lambda: (own.latch | own.line & ~own.edge) >> first & _ALL
            case Field.ACTIVE:
                return lambda: own.active >> first & _ALL
            case Field.EDGE:
                return partial(own.configuration, first)
            case _:
                return partial(self._read_bytes, register.field, first, cpu)

    def writer(self, register: Register, first: int, cpu: int) -> Callable[[int], object]:
        """Returns what writes one word for a CPU, from INTID ``first`` on; reserved bits are cleared already."""
        own = self.owner(first, cpu)
        reach = (_SGIS if register.field is Field.EDGE else _ALL) << first & own.exists
        if register.sgis_fixed:
            reach &= ~_SGIS
        table = _CLEARS if register.write is Write.W1C else _WRITES
        write = table.get(register.field)
        if write is not None:
            return partial(write, own, first, reach)
        if register.field is Field.CTLR:
            return self._write_ctlr
        return partial(self._write_word, register, first, cpu)

    def _write_ctlr(self, value: int) -> None:
        self.ctlr = value
        self.shared.version += 1

    def _read_bytes(self, shown: Field, first: int, cpu: int) -> int:
        word = 0
        for n in range(4):
            word |= self._read_byte(shown, first + n, cpu) << 8 * n
        return word

    def _read_byte(self, shown: Field, n: int, cpu: int) -> int:
        if shown is Field.SGI_SOURCES:
            return self.sgi_sources[cpu][n]
        if n >= self.intids:
            return 0
        if shown is Field.PRIORITY:
            return self.owner(n, cpu).priority(n)
        if self.cpus == 1:
            return 0  # a uniprocessor has no GICD_ITARGETSR (4.3.12)
        if n < SPI_BASE:
            return 1 << cpu
        return self.spi_targets(n)

    def _write_word(self, register: Register, first: int, cpu: int, value: int) -> None:
        if register.field is Field.PRIORITY and value == (value & 0xFF) * 0x0101_0101:
            self.owner(first, cpu).set_priority(0xF << first, value & self.config.priority_mask)
            return
        for n in range(4):
            self.write_byte(register, first + n, cpu, value >> 8 * n & 0xFF)

    def write_byte(self, register: Register, n: int, cpu: int, value: int) -> None:
        """Writes one field of a register with a byte for each interrupt."""
        if register.field is Field.SGI_SOURCES:
            old, value = self.sgi_sources[cpu][n], value & (1 << self.cpus) - 1
            self._set_sources(cpu, n, old | value if register.write is Write.W1S else old & ~value)
        elif n >= self.intids:
            return
        elif register.field is Field.PRIORITY:
            self.owner(n, cpu).set_priority(1 << n, value & self.config.priority_mask)
        elif self.cpus > 1:
            for target in range(self.cpus):
                others = self.targets[target] & ~(1 << n)
                self.targets[target] = others | (value >> target & 1) << n
            self.shared.version += 1
