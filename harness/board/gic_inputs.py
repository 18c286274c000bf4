# SPDX-License-Identifier: MIT
"""GIC as the board has it: its inputs, where every line ends, and its frames of registers on the bus."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from harness.arch.intid import PPI_MAINTENANCE, SPI_BASE
from harness.arch.virt import GIC_FRAME_SIZE
from harness.devices import Line, Port
from harness.gic import Frame, Gic, Reader, Writer
from harness.wires import Listener


class GicInputs:
    """Inputs of the GIC: the board's lines, and its own maintenance interrupts (PPI 25).

    A pulse has no width in virtual time, and a level-sensitive input would miss it. There it is stretched until a
    CPU has acknowledged the interrupt, as a device does that lets go when it is served. ``stretched`` are the lines
    of such pulses, by INTID.
    """

    def __init__(self, gic: Gic) -> None:
        self._gic = gic
        self.stretched: dict[int, Line] = {}
        for cpu, maintenance in enumerate(gic.maintenance):
            maintenance.listen(gic.ppi_input(PPI_MAINTENANCE, cpu))

    def of(self, line: Line) -> Listener:
        """Returns the input at which a line ends."""
        if line.intid < SPI_BASE:
            return self._gic.ppi_input(line.intid, line.cpu)
        return partial(self._moved, line)

    def reset(self, high: Iterable[Line]) -> None:
        """Drives the inputs of a GIC that comes out of reset: those of the lines that are ``high``."""
        self.stretched.clear()
        for line in high:
            self._gic.set_line(line.intid, True, line.cpu)

    def accessed(self) -> None:
        """Ends the stretched pulses whose interrupt an access to the GIC has made active."""
        for intid, line in sorted(self.stretched.items()):
            if self._gic.state(intid).active:
                del self.stretched[intid]
                self._gic.set_line(intid, line.level)

    def _moved(self, line: Line, level: bool) -> None:
        intid = line.intid
        if line.pulsing and not level:
            state = self._gic.state(intid)
            if not state.edge and not state.active:
                self.stretched[intid] = line
                return
        self._gic.set_line(intid, level, line.cpu)


class GicPort(Port):
    """Way of a CPU to a frame of the GIC's registers: what reads and writes a word is found once."""

    def __init__(self, gic: Gic, frame: Frame, inputs: GicInputs, cpu: int, base: int) -> None:
        self._gic = gic
        self._frame = frame
        self._inputs = inputs
        self._stretched = inputs.stretched
        self._cpu = cpu
        self._base = base
        self._readers: dict[int, Reader] = {}  # by address
        self._writers: dict[int, Writer] = {}

    def load(self, address: int, size: int) -> int:
        """Reads a register."""
        if size == 4:
            reader = self._readers.get(address)
            if reader is None:
                reader = self._gic.reader(self._frame, self._cpu, address - self._base)
                self._readers[address] = reader
            value = reader()
        elif address - self._base + size > GIC_FRAME_SIZE:
            return -1
        else:
            value = self._gic.read(self._frame, self._cpu, address - self._base, size)
        if self._stretched:
            self._inputs.accessed()
        return value

    def store(self, address: int, size: int, value: int) -> bool:
        """Writes a register."""
        if size == 4:
            writer = self._writers.get(address)
            if writer is None:
                writer = self._gic.writer(self._frame, self._cpu, address - self._base)
                self._writers[address] = writer
            writer(value)
        elif address - self._base + size > GIC_FRAME_SIZE:
            return False
        else:
            self._gic.write(self._frame, self._cpu, address - self._base, size, value)
        if self._stretched:
            self._inputs.accessed()
        return True


class GicFrame:
    """Frame of the GIC's registers as a device on the bus."""

    def __init__(self, gic: Gic, frame: Frame, inputs: GicInputs) -> None:
        self._gic = gic
        self._frame = frame
        self._inputs = inputs
        self._stretched = inputs.stretched

    def read(self, cpu: int, offset: int, size: int) -> int:
        """Reads a register, banked by ``cpu``."""
        value = self._gic.read(self._frame, cpu, offset, size)
        if self._stretched:
            self._inputs.accessed()
        return value

    def write(self, cpu: int, offset: int, size: int, value: int) -> None:
        """Writes a register, banked by ``cpu``."""
        self._gic.write(self._frame, cpu, offset, size, value)
        if self._stretched:
            self._inputs.accessed()

    def port(self, cpu: int, base: int) -> Port:
        """Returns the way of a CPU to the frame at ``base``."""
        return GicPort(self._gic, self._frame, self._inputs, cpu, base)
