# SPDX-License-Identifier: MIT
"""Saved interfaces: the virtual CPU interface of a vCPU that is on no CPU, in memory, as state of EL2.

A CPU in a powerdown state may lose GICH (IHI 0048B leaves it to the implementation; a GIC-400 keeps it), and
another vCPU may need it. EL2 goes on presenting interrupts to the vCPU meanwhile, and one of them wakes it. So the
state is kept in the same model as the machine's own GICH, and :class:`ListRegisters` works on it as on that.
"""

from __future__ import annotations

from harness.arch.virt import GICH_BASE
from harness.devices import Port
from harness.gic import Frame, Gic

MOST_LIST_REGISTERS = 64


class SavedInterfaces:
    """Saved interfaces of all vCPUs: a bus to GICH in memory, and to nothing else.

    ``virq`` and ``vfiq`` are a wire for each vCPU, high while its interface is here and signals an interrupt.
    """

    def __init__(self, cpus: int) -> None:
        self._gic = Gic(cpus, list_registers=MOST_LIST_REGISTERS)
        self.virq, self.vfiq = self._gic.virq, self._gic.vfiq

    def reset(self) -> None:
        """Forgets every interface."""
        self._gic.reset()

    def port(self, cpu: int, _address: int) -> Port:
        """Returns the way to a vCPU's GICH."""
        return SavedInterface(self._gic, cpu)


class SavedInterface(Port):
    """Way to the saved GICH of one vCPU."""

    def __init__(self, gic: Gic, cpu: int) -> None:
        self._gic = gic
        self._cpu = cpu

    def load(self, address: int, size: int) -> int:
        """Reads a register of GICH."""
        return self._gic.read(Frame.GICH, self._cpu, address - GICH_BASE, size)

    def store(self, address: int, size: int, value: int) -> bool:
        """Writes a register of GICH."""
        self._gic.write(Frame.GICH, self._cpu, address - GICH_BASE, size, value)
        return True
