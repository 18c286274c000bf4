# SPDX-License-Identifier: MIT
"""GICv2 as a whole: its frames of registers, its input lines and its output lines (IHI 0048B)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from harness.arch.gic import GICH_ALIAS, GICH_ALIAS_STRIDE, IAR_CPUID, IAR_INTID
from harness.arch.intid import PPI_BASE, SPI_BASE
from harness.gic.config import GicConfig
from harness.gic.cpu_interface import OTHER_GROUP, CpuInterface
from harness.gic.distributor import Distributor
from harness.gic.registers import LAYOUT, Access, Banked, Field, Frame, Register, Word, Write
from harness.gic.virtual import VirtualInterface, identify
from harness.wires import Wire

_WORD = 0xFFFF_FFFF


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


@dataclass(slots=True, init=False)
class Gic:
    """GICv2 without the Security Extensions, with the virtualization extensions.

    ``irq``, ``fiq``, ``virq``, ``vfiq`` and ``maintenance`` are the outputs, a wire for each CPU, which follow
    every access and every change of an input line. No access that a guest can make raises: what the manual
    reserves is RAZ/WI.
    """

    config: GicConfig
    distributor: Distributor
    interfaces: list[CpuInterface]
    virtual: list[VirtualInterface]
    irq: tuple[Wire, ...]
    fiq: tuple[Wire, ...]
    virq: tuple[Wire, ...]
    vfiq: tuple[Wire, ...]
    maintenance: tuple[Wire, ...]

    def __init__(
        self, cpus: int = 1, intids: int = 288, *, priority_bits: int = 5, list_registers: int = 4
    ) -> None:
        self.config = GicConfig(cpus, intids, priority_bits, list_registers)
        self.irq, self.fiq, self.virq, self.vfiq, self.maintenance = (
            tuple(Wire() for _ in range(cpus)) for _ in range(5)
        )
        self.reset()

    def reset(self) -> None:
        """Takes every register to its reset value, every line low.

        The outputs' listeners are not told: what these lead to is reset with the GIC.
        """
        config = self.config
        self.distributor = Distributor(config)
        self.interfaces = [CpuInterface(config.priority_mask, config.minimum_bpr) for _ in range(config.cpus)]
        self.virtual = [VirtualInterface(config.list_registers) for _ in range(config.cpus)]
        for wire in (*self.irq, *self.fiq, *self.virq, *self.vfiq, *self.maintenance):
            wire.level = False

    # Input lines

    def set_line(self, intid: int, level: bool, cpu: int = 0) -> None:
        """Drives the input of an SPI, or of one CPU's PPI. ValueError for an INTID without a line."""
        self._check_line(intid)
        self.distributor.set_line(intid, level, cpu)
        self._settle(intid, cpu)

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
        if frame is Frame.GICH and offset >= GICH_ALIAS:
            cpu, offset = divmod(offset - GICH_ALIAS, GICH_ALIAS_STRIDE)
        word = self._word(frame, cpu, offset, size)
        if word is None or word.register.access is Access.WO:
            return 0
        register, index = word
        if register.field is Field.CONSTANT:
            value = register.reset_value(self.config, index)
        elif frame is Frame.GICC:
            value = self._read_gicc(cpu, register, index)
        elif frame is Frame.GICD:
            value = self.distributor.read(register, index, cpu)
        elif frame is Frame.GICV:
            value = self._read_gicv(cpu, register, index)
        else:
            value = self.virtual[cpu].read(register.field, index)
        return value if size == 4 else value >> 8 * (offset & 3) & 0xFF

    def write(self, frame: Frame, cpu: int, offset: int, size: int, value: int) -> None:
        """Stores the low ``size`` bytes of ``value`` for ``cpu``; eight bytes are two words."""
        if size == 8:
            self.write(frame, cpu, offset, 4, value)
            self.write(frame, cpu, offset + 4, 4, value >> 32)
            return
        if frame is Frame.GICH and offset >= GICH_ALIAS:
            cpu, offset = divmod(offset - GICH_ALIAS, GICH_ALIAS_STRIDE)
        word = self._word(frame, cpu, offset, size)
        if word is None or word.register.access is Access.RO or word.register.write is Write.IGNORED:
            return
        register, index = word
        lanes = _WORD
        if size == 1:
            shift = 8 * (offset & 3)
            lanes, value = 0xFF << shift, value << shift
        value &= lanes & register.writable
        if frame is Frame.GICC:
            self._write_gicc(cpu, register, index, value)
        elif frame is Frame.GICD:
            self.distributor.write(register, index, cpu, value, lanes)
            if register.banked is not Banked.NO and register.first + index * register.fields < SPI_BASE:
                self._settle_cpu(cpu)
            else:
                self._settle_all()
        elif frame is Frame.GICV:
            self._write_gicv(cpu, register, index, value)
        else:
            self.virtual[cpu].write(register.field, index, value)
            self._settle_virtual(cpu)

    def _word(self, frame: Frame, cpu: int, offset: int, size: int) -> Word | None:
        """Returns the word that an access of this size may reach; None where it is reserved, and so RAZ/WI."""
        word = LAYOUT[frame].get(offset & ~3)
        if word is None or cpu >= self.config.cpus:
            return None
        whole = size == 4 and not offset & 3
        return word if whole or (size == 1 and word.register.bytes) else None

    def _read_gicc(self, cpu: int, register: Register, index: int) -> int:
        interface, field = self.interfaces[cpu], register.field
        if field is Field.IAR or field is Field.AIAR:
            key = interface.acknowledge(aliased=field is Field.AIAR)
            if key >= OTHER_GROUP:
                return key
            value = self.distributor.activate(key, cpu)
            self._settle(key, cpu)
            return value
        if field is Field.HPPIR or field is Field.AHPPIR:
            key = interface.highest_pending(aliased=field is Field.AHPPIR)
            return key if key >= OTHER_GROUP else self.distributor.identify(key, cpu)
        return interface.read(field, index)

    def _write_gicc(self, cpu: int, register: Register, index: int, value: int) -> None:
        interface, field = self.interfaces[cpu], register.field
        if register.write is not Write.ACTION:
            interface.write(field, index, value)
            self._settle_cpu(cpu)
            return
        intid = value & IAR_INTID
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
        self._settle(intid, cpu)

    def _read_gicv(self, cpu: int, register: Register, index: int) -> int:
        virtual, field = self.virtual[cpu], register.field
        if field is Field.IAR or field is Field.AIAR:
            key = virtual.guest.acknowledge(aliased=field is Field.AIAR)
            if key >= OTHER_GROUP:
                return key
            value = virtual.activate(key)
            self._settle_virtual(cpu)
            return value
        if field is Field.HPPIR or field is Field.AHPPIR:
            key = virtual.guest.highest_pending(aliased=field is Field.AHPPIR)
            return key if key >= OTHER_GROUP else identify(virtual.lrs[key])
        return virtual.guest.read(field, index)

    def _write_gicv(self, cpu: int, register: Register, index: int, value: int) -> None:
        virtual, field = self.virtual[cpu], register.field
        if register.write is not Write.ACTION:
            virtual.guest.write(field, index, value)
        else:
            physical = virtual.end(field, value & (IAR_INTID | IAR_CPUID))
            if physical is not None and PPI_BASE <= physical < self.config.intids:
                self.distributor.deactivate(physical, cpu)
                self._settle(physical, cpu)
        self._settle_virtual(cpu)

    # Output lines

    def _settle(self, intid: int, cpu: int) -> None:
        """Drives the outputs after a change to one interrupt."""
        if intid < SPI_BASE:
            self._settle_cpu(cpu)
            return
        for n, targeted in enumerate(self.distributor.targets):
            if n == cpu or targeted >> intid & 1:
                self._settle_cpu(n)

    def _settle_all(self) -> None:
        for cpu in range(self.config.cpus):
            self._settle_cpu(cpu)

    def _settle_cpu(self, cpu: int) -> None:
        interface = self.interfaces[cpu]
        interface.hppi = self.distributor.highest(cpu)
        irq, fiq = interface.outputs
        self.irq[cpu].drive(irq)
        self.fiq[cpu].drive(fiq)

    def _settle_virtual(self, cpu: int) -> None:
        virtual = self.virtual[cpu]
        virtual.guest.hppi = virtual.highest()
        irq, fiq = virtual.guest.outputs
        self.virq[cpu].drive(irq)
        self.vfiq[cpu].drive(fiq)
        self.maintenance[cpu].drive(virtual.maintenance)
