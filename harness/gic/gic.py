# SPDX-License-Identifier: MIT
"""GICv2 as a whole: its frames of registers, its input lines and its output lines (IHI 0048B)."""

from __future__ import annotations

import copy
from collections.abc import Callable
from functools import partial
from typing import Final, NamedTuple

from harness.arch.gic import GICH_ALIAS, GICH_ALIAS_STRIDE, IAR_CPUID, IAR_INTID
from harness.arch.intid import PPI_BASE, SPI_BASE
from harness.gic.config import GicConfig
from harness.gic.cpu_interface import OTHER_GROUP
from harness.gic.outputs import Outputs
from harness.gic.registers import LAYOUT, Access, Banked, Field, Frame, Word, Write
from harness.gic.virtual import identify

Reader = Callable[[], int]
Writer = Callable[[int], object]

_WORD: Final = 0xFFFF_FFFF
_EVERY_CPU: Final = -1


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


class Gic(Outputs):
    """GICv2 without the Security Extensions, with the virtualization extensions.

    Its outputs follow every access and every change of an input line. No access that a guest can make raises: what
    the manual reserves is RAZ/WI.
    """

    def __init__(
        self, cpus: int = 1, intids: int = 288, *, priority_bits: int = 5, list_registers: int = 4
    ) -> None:
        config = GicConfig(cpus, intids, priority_bits, list_registers)
        super().__init__(config)
        self._readers: dict[Frame, list[dict[int, Reader]]] = {f: [{} for _ in range(cpus)] for f in Frame}
        self._writers: dict[Frame, list[dict[int, Writer]]] = {f: [{} for _ in range(cpus)] for f in Frame}

    def __eq__(self, other: object) -> bool:
        return self.contents() == other.contents() if isinstance(other, Gic) else NotImplemented

    __hash__ = None  # type: ignore[assignment]  # equal by a state that changes

    def __getstate__(self) -> dict[str, object]:
        """Returns what a copy has: it finds its own readers and writers."""
        none_yet: dict[Frame, list[dict[int, object]]] = {
            frame: [{} for _ in self.interfaces] for frame in Frame
        }
        return {**self.__dict__, "_readers": none_yet, "_writers": copy.deepcopy(none_yet)}

    # Input lines

    def set_line(self, intid: int, level: bool, cpu: int = 0) -> None:
        """Drives the input of an SPI, or of one CPU's PPI. ValueError for an INTID without a line."""
        self._check_line(intid)
        self.distributor.set_line(intid, level, cpu)
        self.settle(intid, cpu)

    def ppi_input(self, intid: int, cpu: int) -> Callable[[bool], object]:
        """Returns what drives the input of one CPU's PPI. ValueError for an INTID that is none."""
        if not PPI_BASE <= intid < SPI_BASE:
            raise ValueError(f"INTID {intid} is no PPI")
        return partial(self._drive_ppi, 1 << intid, cpu)

    def _drive_ppi(self, bit: int, cpu: int, level: bool) -> None:
        self.distributor.private[cpu].set_line(bit, level)
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
            self._write_byte(frame, cpu, offset, value & 0xFF)

    def reader(self, frame: Frame, cpu: int, offset: int) -> Reader:
        """Returns what reads the word at an offset of a frame for a CPU: always the same, found once."""
        reader = self._readers[frame][cpu].get(offset)
        if reader is None:
            reader = self._find_reader(frame, cpu, offset)
            if reader is None:
                return _read_as_zero
            self._readers[frame][cpu][offset] = reader
        return reader

    def writer(self, frame: Frame, cpu: int, offset: int) -> Writer:
        """Returns what writes the word at an offset of a frame for a CPU: always the same, found once."""
        writer = self._writers[frame][cpu].get(offset)
        if writer is None:
            writer = self._find_writer(frame, cpu, offset)
            if writer is None:
                return _ignore_write
            self._writers[frame][cpu][offset] = writer
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
            return self.distributor.reader(register, index, cpu)
        if frame is Frame.GICH:
            return self.virtual[cpu].reader(field, index)
        physical = frame is Frame.GICC
        if field is Field.IAR or field is Field.AIAR:
            return partial(self._acknowledge if physical else self._acknowledge_virtual, cpu, aliased)
        if field is Field.HPPIR or field is Field.AHPPIR:
            return partial(self._read_hppir if physical else self._read_virtual_hppir, cpu, aliased)
        interface = self.interfaces[cpu] if physical else self.virtual[cpu].guest
        return interface.reader(field, index)

    def _find_writer(self, frame: Frame, cpu: int, offset: int) -> Writer | None:
        cpu, word = self._word(frame, cpu, offset)
        if word is None or word.register.access is Access.RO or word.register.write is Write.IGNORED:
            return None
        register, index = word
        field, writable = register.field, register.writable
        if field is Field.SGIR:
            return partial(self._send_sgi, cpu)
        if frame is Frame.GICD:
            write = self.distributor.writer(register, index, cpu)
            private = register.banked is not Banked.NO and register.first + index * register.fields < SPI_BASE
            return partial(self._write_gicd, write, writable, cpu if private else _EVERY_CPU)
        if frame is Frame.GICH:
            return partial(self._write_gich, self.virtual[cpu].writer(field, index), writable, cpu)
        if register.write is Write.ACTION:
            return partial(self._end if frame is Frame.GICC else self._end_virtual, cpu, field)
        if frame is Frame.GICC:
            return partial(self._write_gicc, cpu, field, index, writable)
        return partial(self._write_gich, partial(self.virtual[cpu].guest.write, field, index), writable, cpu)

    # The distributor

    def _write_gicd(self, write: Writer, writable: int, cpu: int, value: int) -> None:
        write(value & writable)
        if cpu == _EVERY_CPU:
            self.settle_all()
        else:
            self.settle_cpu(cpu)

    def _write_byte(self, frame: Frame, cpu: int, offset: int, value: int) -> None:
        word = LAYOUT[frame].get(offset & ~3)
        if word is None or not word.register.bytes or word.register.access is Access.RO:
            return
        register, index = word
        n = register.first + index * register.fields + (offset & 3)
        self.distributor.write_byte(register, n, cpu, value)
        if register.banked is not Banked.NO and n < SPI_BASE:
            self.settle_cpu(cpu)
        else:
            self.settle_all()

    def _send_sgi(self, cpu: int, value: int) -> None:
        targets = self.distributor.send_sgi(cpu, value)
        for target in range(self.config.cpus):
            if targets >> target & 1:
                self.settle_cpu(target)

    # A CPU interface

    def _acknowledge(self, cpu: int, aliased: bool) -> int:
        """Reads GICC_IAR or GICC_AIAR."""
        key = self.interfaces[cpu].acknowledge(aliased)
        if key >= OTHER_GROUP:
            return key
        value = self.distributor.activate(key, cpu)
        self.settle(key, cpu)
        return value

    def _read_hppir(self, cpu: int, aliased: bool) -> int:
        key = self.interfaces[cpu].highest_pending(aliased)
        return key if key >= OTHER_GROUP else self.distributor.identify(key, cpu)

    def _write_gicc(self, cpu: int, field: Field, index: int, writable: int, value: int) -> None:
        self.interfaces[cpu].write(field, index, value & writable)
        self.settle_cpu(cpu)

    def _end(self, cpu: int, field: Field, value: int) -> None:
        """Writes GICC_EOIR, GICC_AEOIR or GICC_DIR."""
        interface, intid = self.interfaces[cpu], value & IAR_INTID
        if intid >= self.config.intids:
            return  # a special INTID, or one that does not exist (4.4.5)
        if field is Field.DIR:
            if not interface.split:
                return  # UNPREDICTABLE with EOImode 0 (4.4.15); ignored here
            self.distributor.deactivate(intid, cpu)
        elif field is Field.AEOIR and not self.distributor.group(intid, cpu):
            return  # the alias ends Group 1 only (4.4.10)
        elif interface.drop_priority() and not interface.split:
            self.distributor.deactivate(intid, cpu)
        self.settle(intid, cpu)

    # A virtual interface

    def _write_gich(self, write: Writer, writable: int, cpu: int, value: int) -> None:
        write(value & writable)
        self.settle_virtual(cpu)

    def _acknowledge_virtual(self, cpu: int, aliased: bool) -> int:
        """Reads GICV_IAR or GICV_AIAR."""
        virtual = self.virtual[cpu]
        key = virtual.guest.acknowledge(aliased)
        if key >= OTHER_GROUP:
            return key
        value = virtual.activate(key)
        self.settle_virtual(cpu)
        return value

    def _read_virtual_hppir(self, cpu: int, aliased: bool) -> int:
        virtual = self.virtual[cpu]
        key = virtual.guest.highest_pending(aliased)
        return key if key >= OTHER_GROUP else identify(virtual.lrs[key])

    def _end_virtual(self, cpu: int, field: Field, value: int) -> None:
        """Writes GICV_EOIR, GICV_AEOIR or GICV_DIR."""
        physical = self.virtual[cpu].end(field, value & (IAR_INTID | IAR_CPUID))
        if physical is not None and PPI_BASE <= physical < self.config.intids:
            self.distributor.deactivate(physical, cpu)
            self.settle(physical, cpu)
        self.settle_virtual(cpu)


def _read_as_zero() -> int:
    """Reads what is reserved."""
    return 0


def _ignore_write(_value: int) -> None:
    """Writes what is reserved."""
