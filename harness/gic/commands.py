# SPDX-License-Identifier: MIT
"""Commands of a GICv2: what accesses do beyond plain state, and the outputs that follow them (IHI 0048B)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from harness.arch.gic import IAR_CPUID, IAR_INTID, Ctlr
from harness.arch.intid import PPI_BASE, SPI_BASE
from harness.gic.cpu_interface import OTHER_GROUP
from harness.gic.outputs import Outputs
from harness.gic.registers import LAYOUT, Access, Banked, Field, Frame
from harness.gic.virtual import identify

Writer = Callable[[int], object]

EVERY_CPU: Final = -1
_EOI_MODE: Final = Ctlr.EOI_MODE  # EOIR only drops the priority, DIR deactivates (3.2.1)


class Commands(Outputs):
    """Parts of a GIC, their outputs, and the commands that an access to its registers gives them, as ``cpu``."""

    # The distributor

    def write_gicd(self, write: Writer, writable: int, cpu: int, value: int) -> None:
        """Writes a register of the distributor by ``write``, of one CPU's own interrupts or of EVERY_CPU's."""
        distributor = self.distributor
        forwarded = distributor.ctlr & 3
        write(value & writable)
        if not forwarded and not distributor.ctlr & 3:
            return  # nothing was signalled, and nothing is (4.3.1)
        if cpu == EVERY_CPU:
            self.settle_all()
        else:
            self.settle_cpu(cpu)

    def write_byte(self, frame: Frame, cpu: int, offset: int, value: int) -> None:
        """Writes a byte of a register that can be written so."""
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

    def send_sgi(self, cpu: int, value: int) -> None:
        """Writes GICD_SGIR."""
        targets = self.distributor.send_sgi(cpu, value)
        for target in range(self.config.cpus):
            if targets >> target & 1:
                self.settle_cpu(target)

    # A CPU interface

    def acknowledge(self, cpu: int, aliased: bool) -> int:
        """Reads GICC_IAR or GICC_AIAR."""
        key = self.interfaces[cpu].acknowledge(aliased)
        if key >= OTHER_GROUP:
            return key
        value = self.distributor.activate(key, cpu)
        if key < SPI_BASE:
            self.settle_cpu(cpu)
        else:
            self.settle(key, cpu)
        return value

    def read_hppir(self, cpu: int, aliased: bool) -> int:
        """Reads GICC_HPPIR or GICC_AHPPIR."""
        key = self.interfaces[cpu].highest_pending(aliased)
        return key if key >= OTHER_GROUP else self.distributor.identify(key, cpu)

    def write_gicc(self, cpu: int, field: Field, index: int, writable: int, value: int) -> None:
        """Writes a register of a CPU interface that is plain state."""
        self.interfaces[cpu].write(field, index, value & writable)
        self.settle_cpu(cpu)

    def end(self, cpu: int, aliased: bool, value: int) -> None:
        """Writes GICC_EOIR or GICC_AEOIR."""
        interface, intid = self.interfaces[cpu], value & IAR_INTID
        if intid >= self.config.intids:
            return  # a special INTID, or one that does not exist (4.4.5)
        if aliased and not self.distributor.group(intid, cpu):
            return  # the alias ends Group 1 only (4.4.10)
        if not interface.drop_priority():
            return
        if not interface.ctlr & _EOI_MODE and self.distributor.deactivate(intid, cpu) and intid >= SPI_BASE:
            self.settle(intid, cpu)
        else:
            self.settle_cpu(cpu)

    def deactivate(self, cpu: int, value: int) -> None:
        """Writes GICC_DIR: UNPREDICTABLE with EOImode 0 (4.4.15), and ignored here."""
        intid = value & IAR_INTID
        if not self.interfaces[cpu].ctlr & _EOI_MODE or intid >= self.config.intids:
            return
        if self.distributor.deactivate(intid, cpu):
            self.settle(intid, cpu)

    # A virtual interface

    def write_gich(self, write: Writer, writable: int, cpu: int, value: int) -> None:
        """Writes a register of GICH or GICV that is plain state, by ``write``."""
        write(value & writable)
        self.settle_virtual(cpu)

    def acknowledge_virtual(self, cpu: int, aliased: bool) -> int:
        """Reads GICV_IAR or GICV_AIAR."""
        virtual = self.virtual[cpu]
        key = virtual.guest.acknowledge(aliased)
        if key >= OTHER_GROUP:
            return key
        value = virtual.activate(key)
        self.settle_virtual(cpu)
        return value

    def read_virtual_hppir(self, cpu: int, aliased: bool) -> int:
        """Reads GICV_HPPIR or GICV_AHPPIR."""
        virtual = self.virtual[cpu]
        key = virtual.guest.highest_pending(aliased)
        return key if key >= OTHER_GROUP else identify(virtual.lrs[key])

    def end_virtual(self, cpu: int, field: Field, value: int) -> None:
        """Writes GICV_EOIR, GICV_AEOIR or GICV_DIR."""
        physical = self.virtual[cpu].end(field, value & (IAR_INTID | IAR_CPUID))
        if physical is not None and PPI_BASE <= physical < self.config.intids:
            self._end_physical(cpu, physical)
        self.settle_virtual(cpu)

    def _end_physical(self, cpu: int, intid: int) -> None:
        """Deactivates the physical interrupt whose virtual one the guest has ended: LR.HW (5.3.8)."""
        if self.distributor.deactivate(intid, cpu):
            self.settle(intid, cpu)
