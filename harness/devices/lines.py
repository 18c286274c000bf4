# SPDX-License-Identifier: MIT
"""Interrupt lines: each a wired OR of the drivers on it, with every change kept in order.

A line is high while any of its drivers drives it high. Changes of the wire, not of the drivers, are
recorded as they happen, so that a pulse is two changes and never lost. Whoever feeds the interrupt
controller drains them: ``for intid, cpu, level in lines.drain(): gic.set_line(intid, level, cpu)``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from harness.arch.intid import PPI_BASE, SPI_BASE
from harness.errors import ConfigError


class LineChange(NamedTuple):
    """One change of one wire; ``cpu`` is 0 for an SPI."""

    intid: int
    cpu: int
    level: bool


@dataclass(slots=True)
class Lines:
    """Every line of a machine: PPIs per CPU, SPIs (INTID 32 to ``maximum``) once.

    ``changes`` holds what happened since the last :meth:`drain`, oldest first.
    """

    maximum: int = 287
    changes: list[LineChange] = field(default_factory=list)
    # Who drives each high wire, longest first; a wire that nobody drives has no entry.
    _drivers: dict[tuple[int, int], list[str]] = field(default_factory=dict)

    def __getitem__(self, intid: int) -> Line:
        """The SPI ``intid`` for a person to drive; ConfigError for anything that is none."""
        if not isinstance(intid, int) or not SPI_BASE <= intid <= self.maximum:
            raise ConfigError(
                f"no interrupt line {intid!r}: lines are INTID {SPI_BASE} to {self.maximum} "
                f"(SPI n is INTID {SPI_BASE} + n)"
            )
        return Line(self, intid)

    def has(self, intid: int) -> bool:
        """Whether ``intid`` is an SPI of this machine."""
        return SPI_BASE <= intid <= self.maximum

    def drive(self, intid: int, source: str, level: bool, cpu: int = 0) -> None:
        """Let driver ``source`` drive the line to ``level``; no effect if it already does.

        ``cpu`` matters for a PPI (16 to 31) only. An INTID without a line is a ValueError: the board's bug.
        """
        if not PPI_BASE <= intid <= self.maximum:
            raise ValueError(f"INTID {intid} has no line")
        if intid >= SPI_BASE:
            cpu = 0
        wire = (intid, cpu)
        drivers = self._drivers.get(wire)
        if level:
            if drivers is None:
                self._drivers[wire] = [source]
                self.changes.append(LineChange(intid, cpu, True))
            elif source not in drivers:
                drivers.append(source)
        elif drivers is not None and source in drivers:
            drivers.remove(source)
            if not drivers:
                del self._drivers[wire]
                self.changes.append(LineChange(intid, cpu, False))

    def pulse(self, intid: int, source: str, cpu: int = 0) -> None:
        """Drive high, then low: an edge, unless the line was high already. ``source`` ends up driving low."""
        self.drive(intid, source, True, cpu)
        self.drive(intid, source, False, cpu)

    def level(self, intid: int, cpu: int = 0) -> bool:
        """Level of the wire now."""
        return (intid, 0 if intid >= SPI_BASE else cpu) in self._drivers

    def sources(self, intid: int, cpu: int = 0) -> tuple[str, ...]:
        """Who holds the wire high, longest first; for diagnostics."""
        return tuple(self._drivers.get((intid, 0 if intid >= SPI_BASE else cpu), ()))

    def high(self) -> list[tuple[int, int]]:
        """(INTID, CPU) of every wire that is high, in order."""
        return sorted(self._drivers)

    def drain(self) -> list[LineChange]:
        """Take the changes since the last call, oldest first."""
        taken, self.changes = self.changes, []
        return taken


@dataclass(frozen=True, slots=True)
class Line:
    """One SPI as seen from outside the machine: ``board.lines[33].pulse()``."""

    lines: Lines
    intid: int
    source: str = "host"

    @property
    def level(self) -> bool:
        """Whether the wire is high, whoever drives it."""
        return self.lines.level(self.intid)

    def high(self) -> None:
        """Drive the line high and hold it."""
        self.lines.drive(self.intid, self.source, True)

    def low(self) -> None:
        """Stop driving the line high; it stays high if a device still does."""
        self.lines.drive(self.intid, self.source, False)

    def pulse(self) -> None:
        """One edge: high, then low."""
        self.lines.pulse(self.intid, self.source)
