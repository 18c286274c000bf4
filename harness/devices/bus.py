# SPDX-License-Identifier: MIT
"""Address map of emulated hardware: which device answers at which physical address."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from harness.errors import ConfigError
from harness.wording import plural

ANY_SIZE = (1, 2, 4, 8)

Load = Callable[[], int]


class BusError(Exception):
    """Error of an access: nothing answers at ``address``, or what is there does not take an access of this size.

    EL2 turns it into a synchronous external abort for the guest; it is not an error of the host's.
    """

    def __init__(self, address: int, reason: str = "nothing answers") -> None:
        self.address = address
        self.reason = reason
        super().__init__(f"{reason} at 0x{address:08x}")


class Device(Protocol):
    """Device model: registers at byte offsets, state that copies, no knowledge of who calls.

    It may have ``sizes`` (a tuple of access sizes in bytes; any other is a :class:`BusError`), ``irq`` (its
    output :class:`~harness.wires.Wire`), ``elapse(now)`` and ``advance(now)``, both in ticks, ``next_action`` (a
    :class:`~harness.deadlines.Deadline`), and ``quiet_loads()``, which returns by offset what loads registers of up
    to 16 bits with no effect, whatever the time.
    """

    def read(self, cpu: int, offset: int, size: int) -> int:
        """Returns the value of the ``size`` bytes at ``offset``, as CPU ``cpu`` reads them."""
        ...

    def write(self, cpu: int, offset: int, size: int, value: int) -> None:
        """Writes ``value`` to the ``size`` bytes at ``offset``."""
        ...


class Port:
    """Way of one CPU to what answers at some addresses, found once: it says itself what it cannot do.

    ``quiet_loads``: by address, what loads a register of up to 16 bits without any effect, at whatever time.
    """

    quiet_loads: Mapping[int, Load] = {}

    def load(self, address: int, size: int) -> int:
        """Returns the value of a load; -1 if nothing was done, for want of a device or of such an access."""
        return -1

    def store(self, address: int, size: int, value: int) -> bool:
        """Does a store; False if nothing was done."""
        return False


class Region(NamedTuple):
    """Region of one device on the bus."""

    base: int
    size: int
    device: Device
    name: str
    sizes: tuple[int, ...] = ANY_SIZE

    @property
    def end(self) -> int:
        """First address above the region."""
        return self.base + self.size


@dataclass(slots=True)
class Bus:
    """Bus: devices by address, no two of which overlap."""

    _bases: list[int] = field(default_factory=list)
    _regions: list[Region] = field(default_factory=list)

    @property
    def regions(self) -> tuple[Region, ...]:
        """Every mapped region, by ascending address."""
        return tuple(self._regions)

    def map(self, base: int, size: int, device: Device, name: str) -> Region:
        """Lets ``device`` answer at ``base`` for ``size`` bytes; ConfigError where another already does."""
        at = self._place(base, size, name)
        region = Region(base, size, device, name, getattr(device, "sizes", ANY_SIZE))
        self._bases.insert(at, base)
        self._regions.insert(at, region)
        return region

    def map_row(self, base: int, size: int, count: int, device: Device, name: str) -> None:
        """Lets ``device`` answer in a row of regions, ``name0`` and so on; errors as :meth:`map`."""
        at = self._place(base, count * size, name)
        sizes = getattr(device, "sizes", ANY_SIZE)
        bases = range(base, base + count * size, size)
        self._bases[at:at] = bases
        self._regions[at:at] = [Region(b, size, device, f"{name}{n}", sizes) for n, b in enumerate(bases)]

    def _place(self, base: int, size: int, name: str) -> int:
        """Returns where among the regions one belongs; ConfigError if it is empty, or overlaps another."""
        if size <= 0:
            raise ConfigError(f"{name}: a region of {plural(size, 'byte')} at 0x{base:x} is empty")
        at = bisect_right(self._bases, base)
        for other in self._regions[at - 1 if at else 0 : at + 1]:
            if base < other.end and other.base < base + size:
                raise ConfigError(f"{name} at 0x{base:x} overlaps {other.name} at 0x{other.base:x}")
        return at

    def replace(self, base: int, device: Device) -> None:
        """Lets another device answer in the region at ``base``; for whoever has found no way to the one before."""
        at = self._bases.index(base)
        sizes = getattr(device, "sizes", ANY_SIZE)
        self._regions[at] = self._regions[at]._replace(device=device, sizes=sizes)

    def find(self, address: int) -> Region | None:
        """Returns the region that holds ``address``, if any."""
        at = bisect_right(self._bases, address) - 1
        if at < 0:
            return None
        region = self._regions[at]
        return region if address < region.base + region.size else None

    def read(self, cpu: int, address: int, size: int) -> int:
        """Reads ``size`` bytes at ``address`` for CPU ``cpu``; BusError where nothing answers."""
        region = self._claim(address, size)
        return region.device.read(cpu, address - region.base, size)

    def write(self, cpu: int, address: int, size: int, value: int) -> None:
        """Writes ``size`` bytes at ``address`` for CPU ``cpu``; BusError where nothing answers."""
        region = self._claim(address, size)
        region.device.write(cpu, address - region.base, size, value)

    def _claim(self, address: int, size: int) -> Region:
        region = self.find(address)
        if region is None or address + size > region.base + region.size:
            raise BusError(address)
        if size not in region.sizes:
            raise BusError(address, f"{region.name} takes no {size}-byte access")
        return region
