# SPDX-License-Identifier: MIT
"""The ``vgic`` controller: a GICv2 through its virtualization extensions (IHI 0048B, chapter 5).

The distributor is trapped and emulated. At GICC's address the guest finds GICV, mapped through: it acknowledges
and ends its interrupts without an exit. EL2 presents them in list registers. One that a physical interrupt stands
behind is presented with the HW bit, so that the guest's own end-of-interrupt deactivates the physical one.

EL2 keeps the guest's distributor in a software GIC. What each vCPU is presented with, and what happens where that
is more than it has list registers, is :mod:`harness.el2.vgic.virtual_interface`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from harness.arch import intid as ids
from harness.arch.smccc import MASK32
from harness.arch.virt import GIC_FRAME_SIZE, GICC_BASE, GICD_BASE, GICV_BASE
from harness.el2.controllers.base import Emulated, Reach, Service
from harness.el2.physical.forwarding import Intake, Served
from harness.el2.physical.gic_driver import GICC_DIR, GICC_EOIR, IAR_INTID, GicDriver, PhysicalBus
from harness.el2.softgic.soft_gic import SoftGic
from harness.el2.vcpu import Vcpu
from harness.el2.vgic import list_registers as lr
from harness.el2.vgic import one_of_n
from harness.el2.vgic.saved_interface import Shelf
from harness.el2.vgic.virtual_interface import VirtualInterface
from harness.gic import LAYOUT, Frame
from harness.gic.priority import Candidate

if TYPE_CHECKING:
    from harness.el2.hypervisor import Hypervisor
    from harness.gic import Gic

GICC_AEOIR = GICC_BASE + 0x24
ACTIVE_REGISTERS = ("GICD_ISACTIVER", "GICD_ICACTIVER")
IAR_SOURCE = 0x1C00


class Signals(NamedTuple):
    """The virtual interfaces' outputs, a bit per vCPU."""

    irq: int
    fiq: int


class VgicController:
    """EL2's part of a GICv2 with virtualization extensions."""

    takes_irqs = True

    def __init__(
        self, hypervisor: Hypervisor, intids: int, gic: GicDriver, bus: PhysicalBus, wires: Gic
    ) -> None:
        self._hypervisor = hypervisor
        self._vcpus = hypervisor.vcpus
        self._gic = gic
        self._bus = bus
        self._wires = wires  # only for its VIRQ and VFIQ outputs, which lead to the PEs
        self._shelf = Shelf(len(self._vcpus))
        self._steady: Signals | None = None  # what the PEs see of them while EL2 rewrites list registers
        self._intake = Intake(hypervisor, gic, self._deliver, self._sync)
        self.soft = SoftGic(len(self._vcpus), intids, gic, bus, lr.PRIORITY_WIDTH)
        self.interfaces: list[VirtualInterface] = []

    # Controller

    def start(self) -> None:
        """Start the physical GIC, every virtual interface, and EL2's end of the software GIC."""
        self._intake.start()
        self.soft.links.start()
        self.interfaces = [
            VirtualInterface.start(vcpu.index, self.soft, self._bus, self._taker) for vcpu in self._vcpus
        ]

    def services(self) -> dict[int, Service]:
        """A GIC makes no calls."""
        return {}

    def physical_irq(self, vcpu: Vcpu) -> None:
        """Take what is signalled to this CPU; a maintenance interrupt (PPI 25) is among it."""
        self._intake.physical_irq(vcpu)

    def line_rose(self, intid: int) -> None:
        """Nothing to note."""

    def scheduled(self, vcpu: Vcpu) -> None:
        """Nothing to do."""

    def has_interrupt(self, vcpu: Vcpu) -> bool:
        """Whether the virtual interface signals the vCPU, by IRQ or by FIQ."""
        signals = self._signals
        return bool((signals.irq | signals.fiq) >> vcpu.index & 1)

    def reset_vcpu(self, vcpu: Vcpu) -> None:
        """The GIC is not part of a PE: CPU_ON leaves it. What came while the vCPU was off is presented now."""
        self.resumed(vcpu)
        self._sync(vcpu)

    def suspended(self, vcpu: Vcpu) -> None:
        """Its CPU loses what it holds of the vCPU: that goes to the shelf."""
        with self._rewriting():
            self.interfaces[vcpu.index].lists.move(self._shelf)

    def resumed(self, vcpu: Vcpu) -> None:
        """Back from the shelf."""
        with self._rewriting():
            self.interfaces[vcpu.index].lists.move(self._bus)

    def system_register(self, vcpu: Vcpu, esr: int) -> bool:
        """CNTP_* of the EL1 physical timer."""
        return self._intake.timers.emulate(vcpu, esr)

    def reach(self, ipa: int) -> Reach | None:
        """GICD is emulated, GICC is GICV mapped through; the other frames do not exist for a guest.

        While an active interrupt has no list register, GICV's second page, with GICV_DIR, is not mapped.
        """
        if not self._gic.owns(ipa):
            return Reach(ipa)
        if GICC_BASE <= ipa < GICC_BASE + GIC_FRAME_SIZE:
            traps = ipa >= GICC_DIR and any(interface.spilled for interface in self.interfaces)
            return Reach(ipa, emulated=True) if traps else Reach(ipa - GICC_BASE + GICV_BASE, is_exit=False)
        return Reach(ipa, emulated=True) if ipa < GICC_BASE else None

    def emulate(self, vcpu: Vcpu, ipa: int, size: int, value: int | None) -> Emulated:
        """Serve an access to GICD: fold what the guests did into it, do it, present anew."""
        if ipa >= GICC_BASE:
            return self._second_page(vcpu, ipa, size, value)
        if (
            size == 8 and ipa + size <= GICD_BASE + GIC_FRAME_SIZE
        ):  # two words, as an interconnect splits them
            low = self.emulate(vcpu, ipa, 4, None if value is None else value & MASK32)
            high = self.emulate(vcpu, ipa + 4, 4, None if value is None else value >> 32)
            return low._replace(value=low.value | high.value << 32)
        before = self.soft.waiting()
        touched = self._touched(vcpu, ipa - GICD_BASE, size)
        with self._rewriting():
            for interface in self.interfaces:
                if interface in touched:
                    interface.fold()
                else:
                    interface.collect()  # what its guest has ended can be made pending for it
            served = self.soft.access(vcpu, ipa, size, value)
            if value is not None and served.register in ACTIVE_REGISTERS:
                self._reconcile(vcpu, ipa - GICD_BASE, size)
                self.soft.links.release(vcpu.index)
            self._flush(vcpu, touched)
        self._kick_raised(vcpu, before, {interface.cpu for interface in touched}, served.intid)
        if served.register == "GICD_SGIR" and served.intid is not None:
            self._kick_holders(vcpu, served.intid)
        return served

    def completes(self, vcpu: Vcpu, ipa: int, value: int) -> int | None:
        """A store to GICV_EOIR ends an interrupt."""
        intid = value & IAR_INTID
        return intid if ipa in (GICC_EOIR, GICC_AEOIR) and intid < ids.SPURIOUS_GROUP1 else None

    def virq_wires(self) -> int | None:
        """The virtual interfaces' VIRQ outputs."""
        return self._wires.virq | self._shelf.virq if self._steady is None else self._steady.irq

    def vfiq_wires(self) -> int | None:
        """Their VFIQ outputs: Group 0 where the guest has set GICV_CTLR.FIQEn (5.5.1)."""
        return self._wires.vfiq | self._shelf.vfiq if self._steady is None else self._steady.fiq

    @property
    def _signals(self) -> Signals:
        return Signals(self._wires.virq | self._shelf.virq, self._wires.vfiq | self._shelf.vfiq)

    def why_not(self, vcpu: Vcpu) -> str:
        """What is pending, and what holds it back."""
        interface = self.interfaces[vcpu.index]
        shown = [f"INTID {p.intid} in a list register" for p in interface.listed.values()]
        shown += [f"INTID {p.intid} active without a list register" for p in interface.spilled]
        return ", ".join(shown) or self.soft.why_not(vcpu.index)

    # Physical interrupts

    def _deliver(self, vcpu: Vcpu, iar: int) -> Served | None:
        intid = iar & IAR_INTID
        if intid == ids.PPI_MAINTENANCE:
            listed = self.interfaces[vcpu.index].listed
            had = {presented.intid for presented in listed.values()}
            self._sync(vcpu)  # before it is deactivated: the cause must be gone
            self._gic.deactivate(vcpu.index, iar)
            first = next((p.intid for p in listed.values() if p.intid not in had), None)
            return Served(vcpu.index, first) if first is not None else None
        # A guest may have ended the last one, or have been presented with one that was made pending by a store.
        holders = self._holders(vcpu, intid)
        with self._rewriting():
            for interface in holders:
                interface.fold()
            served = self.soft.pend(vcpu, iar)
            self._flush(vcpu, holders)
        if served is not None and served.vcpu != vcpu.index and self.soft.gic.irq >> served.vcpu & 1:
            self._intake.kick(vcpu, self._vcpus[served.vcpu], served.intid)
        return served

    def _holders(self, vcpu: Vcpu, intid: int) -> list[VirtualInterface]:
        """The interfaces in which this vCPU's INTID is."""
        own = self.interfaces[vcpu.index]
        return [i for i in ([own] if ids.is_private(intid) else self.interfaces) if i.holds(intid)]

    def _sync(self, vcpu: Vcpu) -> None:
        """The vCPU is about to enter the guest: present what there is now."""
        interface, before = self.interfaces[vcpu.index], self.soft.waiting()
        with self._rewriting():
            interface.fold()
            self.soft.links.release(vcpu.index)
            self.soft.resample(vcpu.index)
            self._flush(vcpu, [interface])
        self._kick_raised(vcpu, before, {vcpu.index}, None)
        if self.has_interrupt(vcpu):
            vcpu.waiting = False

    def _flush(self, caller: Vcpu, interfaces: list[VirtualInterface]) -> None:
        """Present anew, and let the vCPUs to whom something is left come and fetch it."""
        left: dict[int, int] = {}
        for interface in interfaces:
            left |= interface.flush()
        done = {interface.cpu for interface in interfaces}
        for intid, taker in left.items():
            if taker not in done:
                self._intake.kick(caller, self._vcpus[taker], intid)

    def _taker(self, cpu: int, interrupt: Candidate) -> int | None:
        lists = [interface.lists for interface in self.interfaces]
        return one_of_n.taker(self.soft.gic, cpu, interrupt, self._vcpus, lists)

    def _kick_raised(self, caller: Vcpu, before: list[Candidate], done: set[int], intid: int | None) -> None:
        """Let every other vCPU, for which something more urgent waits than did, come and fetch it."""
        for vcpu, old, new in zip(self._vcpus, before, self.soft.waiting(), strict=True):
            if new < old and vcpu.index not in done:
                self._intake.kick(caller, vcpu, intid)

    def _kick_holders(self, caller: Vcpu, sgi: int) -> None:
        """Let every other vCPU that has not ended this SGI yet come and fetch the one it was sent now."""
        for vcpu, interface in zip(self._vcpus, self.interfaces, strict=True):
            if vcpu is not caller and interface.holds(sgi) and self.soft.gic.state(sgi, vcpu.index).pending:
                self._intake.kick(caller, vcpu, sgi)

    @contextmanager
    def _rewriting(self) -> Iterator[None]:
        """EL2 is at work on list registers: no guest runs, so none sees their outputs until it is done."""
        if self._steady is not None:
            yield
            return
        self._steady = self._signals
        try:
            yield
        finally:
            self._steady = None
        self._hypervisor.follow_wires()

    # The guest's accesses

    def _touched(self, vcpu: Vcpu, offset: int, size: int) -> list[VirtualInterface]:
        """The interfaces an access may concern: the vCPU's own, and any that holds an SPI of these registers."""
        words = [LAYOUT[Frame.GICD].get(at) for at in range(offset & ~3, offset + size, 4)]
        shared: set[int] = set()
        for register, number in (word for word in words if word is not None):
            if register.name == "GICD_CTLR":
                return list(self.interfaces)
            first = register.first + number * register.fields
            if register.name in ACTIVE_REGISTERS and first >= ids.SPI_BASE:
                return list(self.interfaces)  # to make one active gives it to its target
            if register.fields > 1 and first >= ids.SPI_BASE:
                shared.update(range(first, first + register.fields))
        own = self.interfaces[vcpu.index]
        return [own] + [
            other
            for other in self.interfaces
            if other is not own and any(p.intid in shared for p in (*other.listed.values(), *other.spilled))
        ]

    def _reconcile(self, vcpu: Vcpu, offset: int, size: int) -> None:
        """The guest wrote active bits: what each interface has follows."""
        for intid in range((offset & 0x7C) * 8, (offset & 0x7C) * 8 + 8 * size):
            if intid >= self.soft.gic.config.intids:
                break
            state = self.soft.gic.state(intid, vcpu.index)
            holder = next(iter(self._holders(vcpu, intid)), None)
            if holder is not None and not state.active:
                holder.forget(intid)
            elif holder is None and state.active:
                first = (state.targets & -state.targets).bit_length() - 1 if state.targets else vcpu.index
                self.interfaces[first].adopt(intid)

    def _second_page(self, vcpu: Vcpu, ipa: int, size: int, value: int | None) -> Emulated:
        """GICV's second page, trapped: a DIR may name an interrupt that has no list register.

        One that names what is not active does nothing in a GIC. GICV would count it as an end (5.3.1).
        """
        interface = self.interfaces[vcpu.index]
        intid = value & IAR_INTID if value is not None and ipa == GICC_DIR and size == 4 else None
        if value is not None and intid is not None and interface.spilled and interface.lists.split:
            iar = value & (IAR_INTID | IAR_SOURCE)
            ended = next((p for p in interface.spilled if p.iar == iar), None)
            if ended is not None:
                interface.end_spilled(ended)
                self._sync(vcpu)
            if ended is not None or not interface.lists_active(iar):
                return Emulated(value, "GICC_DIR", intid)
        through = ipa - GICC_BASE + GICV_BASE
        if value is None:
            return Emulated(self._bus.read(vcpu.index, through, size))
        self._bus.write(vcpu.index, through, size, value)
        return Emulated(value, "GICC_DIR" if intid is not None else None, intid)
