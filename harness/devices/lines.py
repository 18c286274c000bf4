# SPDX-License-Identifier: MIT
"""Interrupt lines of the board: each a wired OR of the drivers on it, that ends in a wire to the GIC.

A line is high while any of its drivers drives it high. Its wire tells of changes of the line, not of the drivers,
and as they happen, so that a pulse is two changes and never lost.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from harness.arch.intid import PPI_BASE, SPI_BASE
from harness.errors import ConfigError
from harness.wires import Listener, Wire

HOST = "host"


@dataclass(slots=True)
class Line:
    """One line: ``board.lines[33].pulse()``. ``cpu`` is whose PPI it is, 0 for an SPI.

    ``pulsing``: the line rose in a pulse that is not over, so that no time passes before it falls.
    """

    intid: int
    cpu: int = 0
    wire: Wire = field(default_factory=Wire)
    pulsing: bool = False
    _drivers: list[str] = field(default_factory=list)  # who holds it high, longest first

    @property
    def level(self) -> bool:
        """Level of the line, whoever drives it."""
        return self.wire.level

    @property
    def drivers(self) -> tuple[str, ...]:
        """Drivers that hold the line high, longest first; for diagnostics."""
        return tuple(self._drivers)

    def drive(self, driver: str, level: bool) -> None:
        """Lets ``driver`` drive the line to a level; nothing happens where it does already."""
        drivers = self._drivers
        if level:
            if driver not in drivers:
                drivers.append(driver)
        elif driver in drivers:
            drivers.remove(driver)
        self.wire.drive(bool(drivers))

    def high(self, driver: str = HOST) -> None:
        """Drives the line high and holds it."""
        self.drive(driver, True)

    def low(self, driver: str = HOST) -> None:
        """Stops driving the line high; it stays high if another driver holds it."""
        self.drive(driver, False)

    def pulse(self, driver: str = HOST) -> None:
        """Drives high, then low: an edge, unless the line was high already. The driver ends up driving low."""
        self.pulsing = not self.wire.level
        self.drive(driver, True)
        self.drive(driver, False)
        self.pulsing = False


class Lines:
    """Every line of a machine: the PPIs of each CPU, and the SPIs (INTID 32 to ``maximum``).

    A line is made when somebody asks for it: until then it is low, and nobody has heard of it. It ends at
    ``input_of(line)``, which hears of its changes before all others. A copy's new lines end nowhere.
    """

    def __init__(
        self, maximum: int = 287, cpus: int = 1, input_of: Callable[[Line], Listener] | None = None
    ) -> None:
        self.maximum = maximum
        self._input_of = input_of
        self._private: list[dict[int, Line]] = [{} for _ in range(cpus)]
        self._shared: dict[int, Line] = {}

    def __getitem__(self, intid: int) -> Line:
        """Returns the line of an SPI; ConfigError for anything that is none."""
        if not isinstance(intid, int) or not self.has(intid):
            raise ConfigError(
                f"no interrupt line {intid!r}: lines are INTID {SPI_BASE} to {self.maximum} "
                f"(SPI n is INTID {SPI_BASE} + n)"
            )
        return self._shared.get(intid) or self._make(self._shared, intid, 0)

    def __iter__(self) -> Iterator[Line]:
        """Yields every line, PPIs first."""
        for cpu in range(len(self._private)):
            for intid in range(PPI_BASE, SPI_BASE):
                yield self.private(intid, cpu)
        for intid in range(SPI_BASE, self.maximum + 1):
            yield self[intid]

    def __eq__(self, other: object) -> bool:
        return list(self) == list(other) if isinstance(other, Lines) else NotImplemented

    __hash__ = None  # type: ignore[assignment]  # equal by lines that change

    def __getstate__(self) -> dict[str, object]:
        return {**self.__dict__, "_input_of": None}

    def has(self, intid: int) -> bool:
        """Returns True if ``intid`` is an SPI of this machine."""
        return SPI_BASE <= intid <= self.maximum

    @property
    def spis(self) -> dict[int, Wire]:
        """Wires of all the SPIs, by INTID."""
        return {intid: self[intid].wire for intid in range(SPI_BASE, self.maximum + 1)}

    @property
    def high(self) -> list[Line]:
        """Lines that are high, PPIs first."""
        made = [lines[intid] for lines in (*self._private, self._shared) for intid in sorted(lines)]
        return [line for line in made if line.level]

    def private(self, intid: int, cpu: int) -> Line:
        """Returns the line of a CPU's PPI. IndexError for what is none: the board's bug."""
        if not PPI_BASE <= intid < SPI_BASE:
            raise IndexError(f"INTID {intid} is no PPI")
        own = self._private[cpu]
        return own.get(intid) or self._make(own, intid, cpu)

    def _make(self, lines: dict[int, Line], intid: int, cpu: int) -> Line:
        lines[intid] = line = Line(intid, cpu)
        if self._input_of is not None:
            line.wire.listen(self._input_of(line))
        return line
