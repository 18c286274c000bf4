# SPDX-License-Identifier: MIT
"""Outputs of a GICv2: what the distributor, the CPU interfaces and the virtual interfaces signal (IHI 0048B)."""

from __future__ import annotations

from harness.arch.intid import SPI_BASE
from harness.gic.config import GicConfig
from harness.gic.cpu_interface import CpuInterface
from harness.gic.distributor import Distributor
from harness.gic.priority import RANK_KEY
from harness.gic.virtual import SOURCES, VirtualInterface
from harness.wires import Wire


class Outputs:
    """Parts of a GIC, and the wires that they drive, each a wire for each CPU.

    ``irq`` and ``fiq`` are of the CPU interfaces; ``virq``, ``vfiq`` and ``maintenance`` of the virtual ones.
    """

    def __init__(self, config: GicConfig) -> None:
        cpus = range(config.cpus)
        self.config = config
        self.distributor = Distributor(config)
        self.interfaces = [CpuInterface(config.priority_mask, config.minimum_bpr) for _ in cpus]
        self.virtual = [VirtualInterface(config.list_registers) for _ in cpus]
        self.irq: tuple[Wire, ...] = tuple(Wire() for _ in cpus)
        self.fiq: tuple[Wire, ...] = tuple(Wire() for _ in cpus)
        self.virq: tuple[Wire, ...] = tuple(Wire() for _ in cpus)
        self.vfiq: tuple[Wire, ...] = tuple(Wire() for _ in cpus)
        self.maintenance: tuple[Wire, ...] = tuple(Wire() for _ in cpus)

    def reset(self) -> None:
        """Takes every register to its reset value, every line low.

        The outputs' listeners are not told: what these lead to is reset with the GIC.
        """
        self.distributor.reset()
        for interface in self.interfaces:
            interface.reset()
        for virtual in self.virtual:
            virtual.reset()
        for wire in self._wires():
            wire.level = False

    def contents(self) -> tuple[object, ...]:
        """Returns all of its state as plain data, to compare."""
        wires = [wire.level for wire in self._wires()]
        interfaces = [interface.contents() for interface in self.interfaces]
        virtual = [virtual.contents() for virtual in self.virtual]
        return (self.config, self.distributor.contents(), interfaces, virtual, wires)

    def _wires(self) -> tuple[Wire, ...]:
        return (*self.irq, *self.fiq, *self.virq, *self.vfiq, *self.maintenance)

    def settle(self, intid: int, cpu: int) -> None:
        """Drives the outputs after a change to one interrupt."""
        if intid < SPI_BASE:
            self.settle_cpu(cpu)
            return
        for n, targeted in enumerate(self.distributor.targets):
            if n == cpu or targeted >> intid & 1:
                self.settle_cpu(n)

    def settle_all(self) -> None:
        """Drives the outputs to every CPU."""
        for cpu in range(self.config.cpus):
            self.settle_cpu(cpu)

    def settle_cpu(self, cpu: int) -> None:
        """Shows a CPU interface what is pending for it now; its outputs follow."""
        interface, distributor = self.interfaces[cpu], self.distributor
        rank = distributor.highest(cpu)
        key = rank & RANK_KEY  # without an interrupt, the spurious one, whose group is 0
        owner = distributor.private[cpu] if key < SPI_BASE else distributor.shared
        interface.follow(rank, owner.group >> key & 1)
        irq, fiq = self.irq[cpu], self.fiq[cpu]
        if irq.level != interface.irq:
            irq.drive(interface.irq)
        if fiq.level != interface.fiq:
            fiq.drive(interface.fiq)

    def settle_virtual(self, cpu: int) -> None:
        """Shows a virtual CPU interface what is in its list registers now; its outputs follow."""
        virtual = self.virtual[cpu]
        virtual.follow()
        irq, fiq, maintenance = self.virq[cpu], self.vfiq[cpu], self.maintenance[cpu]
        if irq.level != virtual.guest.irq:
            irq.drive(virtual.guest.irq)
        if fiq.level != virtual.guest.fiq:
            fiq.drive(virtual.guest.fiq)
        asks = virtual.eisr != 0 or virtual.hcr & SOURCES != 0
        if maintenance.level != (asks and virtual.maintenance):
            maintenance.drive(not maintenance.level)
