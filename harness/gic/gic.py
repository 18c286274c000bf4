# SPDX-License-Identifier: MIT
"""GICv2 as a whole: its frames of registers, its input lines and its output lines (IHI 0048B)."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final, NamedTuple

from harness.arch.gic import GICH_ALIAS, GICH_ALIAS_STRIDE
from harness.arch.intid import PPI_BASE, SPI_BASE
from harness.gic.commands import EVERY_CPU, Commands, Writer
from harness.gic.config import GicConfig
from harness.gic.found import Found, Reader
from harness.gic.interrupts import Interrupts
from harness.gic.registers import LAYOUT, Access, Banked, Field, Frame, Word, Write

_WORD: Final = 0xFFFF_FFFF


class State(NamedTuple):
    """State of one interrupt as a CPU sees it, for diagnostics."""

    enabled: bool
    pending: bool
    active: bool
    level: bool  # the input line
    edge: bool  # configured edge-triggered
    priority: int
    group: int
    targets: int  # bitmask of CPUs


class Gic(Commands):
    """GICv2 without the Security Extensions, with the virtualization extensions.

    Its outputs follow every access and every change of an input line. No access that a guest can make raises: what
    the manual reserves is RAZ/WI.
    """

    def __init__(
        self, cpus: int = 1, intids: int = 288, *, priority_bits: int = 5, list_registers: int = 4
    ) -> None:
        config = GicConfig(cpus, intids, priority_bits, list_registers)
        super().__init__(config)
        self._found = Found(cpus)

    def __eq__(self, other: object) -> bool:
        return self.contents() == other.contents() if isinstance(other, Gic) else NotImplemented

    __hash__ = None  # type: ignore[assignment]  # equal by a state that changes

    # Input lines

    def set_line(self, intid: int, level: bool, cpu: int = 0) -> None:
        """Drives the input of an SPI, or of one CPU's PPI. ValueError for an INTID without a line."""
        self._check_line(intid)
        if self.distributor.set_line(intid, level, cpu):
            self.settle(intid, cpu)

    def ppi_input(self, intid: int, cpu: int) -> Callable[[bool], object]:
        """Returns what drives the input of one CPU's PPI. ValueError for an INTID that is none."""
        if not PPI_BASE <= intid < SPI_BASE:
            raise ValueError(f"INTID {intid} is no PPI")
        return partial(self._drive_ppi, self.distributor.private[cpu], 1 << intid, cpu)

    def _drive_ppi(self, own: Interrupts, bit: int, cpu: int, level: bool) -> None:
        if own.set_line(bit, level):
            self.settle_cpu(cpu)

    def line_level(self, intid: int, cpu: int = 0) -> bool:
        """Returns the level of that input."""
        self._check_line(intid)
        return bool(self.distributor.owner(intid, cpu).line >> intid & 1)

    def _check_line(self, intid: int) -> None:
        if not PPI_BASE <= intid < self.config.intids:
            raise ValueError(f"INTID {intid} has no input line")

    def state(self, intid: int, cpu: int = 0) -> State:
        """Returns the state of one interrupt as ``cpu`` sees it. ValueError for an INTID that does not exist."""
        if not 0 <= intid < self.config.intids:
            raise ValueError(f"INTID {intid} does not exist")
        distributor = self.distributor
        own = distributor.owner(intid, cpu)
        targets = 1 << cpu if intid < SPI_BASE else distributor.spi_targets(intid)
        return State(
            enabled=bool(own.enabled >> intid & 1),
            pending=bool(own.pending >> intid & 1),
            active=bool(own.active >> intid & 1),
            level=bool(own.line >> intid & 1),
            edge=bool(own.edge >> intid & 1),
            priority=own.priority(intid),
            group=distributor.group(intid, cpu),
            targets=targets,
        )

    # Accesses

    def read(self, frame: Frame, cpu: int, offset: int, size: int) -> int:
        """Loads ``size`` bytes for ``cpu``; eight bytes are two words, as an interconnect splits them."""
        if size == 8:
            return self.read(frame, cpu, offset, 4) | self.read(frame, cpu, offset + 4, 4) << 32
        if size == 4:
            return self.reader(frame, cpu, offset)()
        word = LAYOUT[frame].get(offset & ~3)
        if size != 1 or word is None or not word.register.bytes:
            return 0
        return self.reader(frame, cpu, offset & ~3)() >> 8 * (offset & 3) & 0xFF

    def write(self, frame: Frame, cpu: int, offset: int, size: int, value: int) -> None:
        """Stores the low ``size`` bytes of ``value`` for ``cpu``; eight bytes are two words."""
        if size == 4:
            self.writer(frame, cpu, offset)(value)
        elif size == 8:
            self.write(frame, cpu, offset, 4, value & _WORD)
            self.write(frame, cpu, offset + 4, 4, value >> 32 & _WORD)
        elif size == 1 and cpu < self.config.cpus:
            self.write_byte(frame, cpu, offset, value & 0xFF)

    def reader(self, frame: Frame, cpu: int, offset: int) -> Reader:
        """Returns what reads the word at an offset of a frame for a CPU: always the same, found once."""
        reader = self._found.readers[frame][cpu].get(offset)
        if reader is None:
            reader = self._find_reader(frame, cpu, offset)
            if reader is None:
                return _read_as_zero
            self._found.readers[frame][cpu][offset] = reader
        return reader

    def writer(self, frame: Frame, cpu: int, offset: int) -> Writer:
        """Returns what writes the word at an offset of a frame for a CPU: always the same, found once."""
        writer = self._found.writers[frame][cpu].get(offset)
        if writer is None:
            writer = self._find_writer(frame, cpu, offset)
            if writer is None:
                return _ignore_write
            self._found.writers[frame][cpu][offset] = writer
        return writer

    def _word(self, frame: Frame, cpu: int, offset: int) -> tuple[int, Word | None]:
        """Returns the word at an offset, None where it is reserved and so RAZ/WI, and the CPU whose it is."""
        if frame is Frame.GICH and offset >= GICH_ALIAS:
            cpu, offset = divmod(offset - GICH_ALIAS, GICH_ALIAS_STRIDE)
        return cpu, LAYOUT[frame].get(offset) if cpu < self.config.cpus else None

    def _find_reader(self, frame: Frame, cpu: int, offset: int) -> Reader | None:
        cpu, word = self._word(frame, cpu, offset)
        if word is None or word.register.access is Access.WO:
            return None
        register, index = word
        field = register.field
        aliased = field is Field.AIAR or field is Field.AHPPIR
        if field is Field.CONSTANT:
            return partial(int, register.reset_value(self.config, index))
        if frame is Frame.GICD:
            return self.distributor.reader(register, register.first + index * register.fields, cpu)
        if frame is Frame.GICH:
            return self.virtual[cpu].reader(field, index)
        physical = frame is Frame.GICC
        if field is Field.IAR or field is Field.AIAR:
            return partial(self.acknowledge if physical else self.acknowledge_virtual, cpu, aliased)
        if field is Field.HPPIR or field is Field.AHPPIR:
            return partial(self.read_hppir if physical else self.read_virtual_hppir, cpu, aliased)
        interface = self.interfaces[cpu] if physical else self.virtual[cpu].guest
        return interface.reader(field, index)

    def _find_writer(self, frame: Frame, cpu: int, offset: int) -> Writer | None:
        cpu, word = self._word(frame, cpu, offset)
        if word is None or word.register.access is Access.RO or word.register.write is Write.IGNORED:
            return None
        register, index = word
        field, writable = register.field, register.writable
        if field is Field.SGIR:
            return partial(self.send_sgi, cpu)
        if frame is Frame.GICD:
            first = register.first + index * register.fields
            write = self.distributor.writer(register, first, cpu)
            private = register.banked is not Banked.NO and first < SPI_BASE
            return partial(self.write_gicd, write, writable, cpu if private else EVERY_CPU)
        if frame is Frame.GICH:
            return partial(self.write_gich, self.virtual[cpu].writer(field, index), writable, cpu)
        if register.write is Write.ACTION:
            return self._action(frame, cpu, field)
        if frame is Frame.GICC:
            return partial(self.write_gicc, cpu, field, index, writable)
        return partial(self.write_gich, partial(self.virtual[cpu].guest.write, field, index), writable, cpu)

    def _action(self, frame: Frame, cpu: int, field: Field) -> Writer:
        """Returns what writes EOIR, AEOIR or DIR of a CPU interface."""
        if frame is not Frame.GICC:
            return partial(self.end_virtual, cpu, field)
        if field is Field.DIR:
            return partial(self.deactivate, cpu)
        return partial(self.end, cpu, field is Field.AEOIR)


def _read_as_zero() -> int:
    """Reads what is reserved."""
    return 0


def _ignore_write(_value: int) -> None:
    """Writes what is reserved."""
