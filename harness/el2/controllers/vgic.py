# SPDX-License-Identifier: MIT
"""``vgic`` controller: a GICv2 through its virtualization extensions (IHI 0048B, chapter 5).

The distributor is trapped and emulated. At GICC's address the guest finds GICV, mapped through: it acknowledges
and ends its interrupts without an exit. EL2 presents them in list registers. One that a physical interrupt stands
behind is presented with the HW bit, so that the guest's own end-of-interrupt deactivates the physical one.

EL2 keeps the guest's distributor in a software GIC. What each vCPU is presented with, and what happens where that
is more than it has list registers, is :mod:`harness.el2.vgic.vcpu_interface`.
"""

from __future__ import annotations

from harness.arch import intid as ids
from harness.arch.gic import (
    GICC_DIR,
    GICD_IPRIORITYR,
    GICD_ISACTIVER,
    GICD_SGIR,
    IAR_CPUID,
    IAR_INTID,
    LR_PRIORITY_WIDTH,
    first_target,
)
from harness.arch.masks import MASK32
from harness.arch.virt import GIC_FRAME_SIZE, GICC_BASE, GICD_BASE, GICV_BASE, is_gic
from harness.devices import BusError, Port
from harness.el2.access import Emulated, Reach
from harness.el2.controllers.base import ForwardingController, WordPort
from harness.el2.cpu_interface import MappedCpuInterface, is_cpu_interface
from harness.el2.physical.forwarding import Forwarded
from harness.el2.physical.gic_driver import GicDriver
from harness.el2.physical.timer_traps import TimerRegisters
from harness.el2.softgic.soft_gic import SoftGic
from harness.el2.vcpu import Vcpu
from harness.el2.vgic import one_of_n
from harness.el2.vgic.list_registers import ListRegisters
from harness.el2.vgic.saved_interface import SavedInterfaces
from harness.el2.vgic.vcpu_interface import VcpuInterface
from harness.el2.vm import DeviceBus, Vm
from harness.gic import LAYOUT, Frame, Gic
from harness.gic.priority import Candidate

DIR = GICC_BASE + GICC_DIR
ACTIVE_REGISTERS = ("GICD_ISACTIVER", "GICD_ICACTIVER")


class VgicController(ForwardingController):
    """EL2's part of a GICv2 with virtualization extensions.

    ``gic`` is the physical one, for its VIRQ and VFIQ outputs alone, which drive the PEs. While EL2 is at work on
    list registers the gate before those is closed: no guest runs, so none sees an output until EL2 is done.
    """

    def __init__(self, vm: Vm, physical: GicDriver, timers: TimerRegisters, intids: int, gic: Gic) -> None:
        super().__init__(vm, physical, timers)
        count = len(vm.vcpus)
        self._bus = vm.bus
        self._at_work = vm.inputs
        self._saved = SavedInterfaces(count)
        self.soft = SoftGic(count, intids, physical, vm.bus, LR_PRIORITY_WIDTH)
        self.interfaces = [
            VcpuInterface(n, self.soft, ListRegisters(vm.bus, n), self._taker) for n in range(count)
        ]
        self._outputs = list(zip(gic.virq, self._saved.virq, gic.vfiq, self._saved.vfiq, strict=True))
        for vcpu, (irq, saved_irq, fiq, saved_fiq) in zip(vm.vcpus, self._outputs, strict=True):
            vm.connect(vcpu, [irq, saved_irq], [fiq, saved_fiq])
        self.reset()

    def reset(self) -> None:
        """Starts the physical GIC, the software GIC and every virtual interface."""
        super().reset()
        self._saved.reset()
        self.soft.reset()
        for interface in self.interfaces:
            interface.reset(self._bus)

    def has_interrupt(self, vcpu: Vcpu) -> bool:
        """Returns True if the virtual interface signals the vCPU, by IRQ or by FIQ."""
        irq, saved_irq, fiq, saved_fiq = self._outputs[vcpu.index]
        return irq.level or saved_irq.level or fiq.level or saved_fiq.level

    def reset_vcpu(self, vcpu: Vcpu) -> None:
        """Leaves the GIC, which is not part of a PE; presents what came while the vCPU was off."""
        self.resumed(vcpu)
        self._sync(vcpu)

    def suspended(self, vcpu: Vcpu) -> None:
        """Saves the virtual interface: the CPU loses what it holds of the vCPU."""
        with self._at_work:
            self.interfaces[vcpu.index].lists.move(self._saved)

    def resumed(self, vcpu: Vcpu) -> None:
        """Restores the virtual interface."""
        with self._at_work:
            self.interfaces[vcpu.index].lists.move(self._bus)

    def reach(self, ipa: int) -> Reach | None:
        """Emulates GICD, and maps GICV through as GICC; the other frames do not exist for a guest.

        While an active interrupt has no list register, GICV's second page, with GICV_DIR, is not mapped.
        """
        if not is_gic(ipa):
            return Reach(ipa)
        if is_cpu_interface(ipa):
            traps = ipa >= DIR and any(interface.spilled for interface in self.interfaces)
            return Reach(ipa, emulated=True) if traps else Reach(ipa - GICC_BASE + GICV_BASE, is_exit=False)
        return Reach(ipa, emulated=True) if ipa < GICC_BASE else None

    def port(self, vcpu: Vcpu, ipa: int, bus: DeviceBus) -> Port | None:
        """Returns the way to a device on the bus, to the guest's GICD, or to GICV."""
        if GICD_BASE <= ipa < GICC_BASE:
            return WordPort(self, vcpu, GICD_BASE, self.perform) if ipa < GICD_BASE + GIC_FRAME_SIZE else None
        if not is_cpu_interface(ipa):
            return super().port(vcpu, ipa, bus)
        if ipa >= DIR:  # which is not mapped at all times
            return None
        frame = bus.port(vcpu.index, GICV_BASE)
        return None if frame is None else MappedCpuInterface(vcpu, self._vm.acknowledges, frame, GICV_BASE)

    def emulate(self, vcpu: Vcpu, ipa: int, size: int, value: int | None) -> Emulated:
        """Serves an access to GICD: fold what the guests did into it, do it, present anew."""
        if ipa >= GICC_BASE:
            return self._second_page(vcpu, ipa, size, value)
        if (
            size == 8 and ipa + size <= GICD_BASE + GIC_FRAME_SIZE
        ):  # two words, as an interconnect splits them
            low = self.emulate(vcpu, ipa, 4, None if value is None else value & MASK32)
            high = self.emulate(vcpu, ipa + 4, 4, None if value is None else value >> 32)
            return low._replace(value=low.value | high.value << 32)
        if ipa + size > GICD_BASE + GIC_FRAME_SIZE:
            raise BusError(ipa)
        offset = ipa - GICD_BASE
        result = self.perform(vcpu, offset, size, value)
        write = value is not None
        return Emulated(result, *self.soft.about(vcpu.index, Frame.GICD, offset, size, result, write))

    def perform(self, vcpu: Vcpu, offset: int, size: int, value: int | None) -> int:
        """Performs an access to a word of GICD: fold what the guests did into it, do it, present anew."""
        soft, cpu = self.soft, vcpu.index
        alone = len(self.interfaces) == 1
        before = [] if alone else soft.waiting()
        touched = self.interfaces if alone else self._touched(vcpu, offset, size)
        cpus = [0] if alone else [interface.cpu for interface in touched]
        with self._at_work:
            for interface in self.interfaces:
                if interface.cpu in cpus:
                    interface.fold()
                else:
                    interface.collect()  # what its guest has ended can be made pending for it
            if value is None:
                result = soft.load(cpu, Frame.GICD, offset, size)
            else:
                result = value
                soft.store(cpu, Frame.GICD, offset, size, value)
                if GICD_ISACTIVER <= offset < GICD_IPRIORITYR:
                    self._reconcile(vcpu, offset, size)
                    soft.links.release(cpu)
            self._flush(vcpu, touched)
        if not alone:
            _, intid, _ = soft.about(cpu, Frame.GICD, offset, size, result, value is not None)
            self._kick_raised(vcpu, before, cpus, intid)
            if intid is not None and value is not None and offset & ~3 == GICD_SGIR:
                self._kick_holders(vcpu, intid)
        return result

    def why_not(self, vcpu: Vcpu) -> str:
        """Says what is pending, and what holds it back."""
        interface = self.interfaces[vcpu.index]
        shown = [f"INTID {p.intid} in a list register" for p in interface.listed.values()]
        shown += [f"INTID {p.intid} active without a list register" for p in interface.spilled]
        return ", ".join(shown) or self.soft.why_not(vcpu.index)

    # Physical interrupts

    def _deliver(self, vcpu: Vcpu, iar: int) -> Forwarded | None:
        intid = iar & IAR_INTID
        if intid == ids.PPI_MAINTENANCE:
            listed = self.interfaces[vcpu.index].listed
            had = {presented.intid for presented in listed.values()}
            self._sync(vcpu)  # before it is deactivated: the cause must be gone
            self._physical.deactivate(vcpu.index, iar)
            first = next((p.intid for p in listed.values() if p.intid not in had), None)
            return Forwarded(vcpu.index, first) if first is not None else None
        # A guest may have ended the last one, or have been presented with one that was made pending by a store.
        holders = self._holders(vcpu, intid)
        with self._at_work:
            for interface in holders:
                interface.fold()
            served = self.soft.pend(vcpu, iar)
            self._flush(vcpu, holders)
        if served is not None and served.vcpu != vcpu.index and self.soft.gic.irq[served.vcpu].level:
            self._forwarding.kick(vcpu, self._vcpus[served.vcpu], served.intid)
        return served

    def _holders(self, vcpu: Vcpu, intid: int) -> list[VcpuInterface]:
        """Returns the interfaces in which this vCPU's INTID is."""
        own = self.interfaces[vcpu.index]
        return [i for i in ([own] if ids.is_private(intid) else self.interfaces) if i.holds(intid)]

    def _sync(self, vcpu: Vcpu) -> None:
        """Presents what there is now: the vCPU is about to enter the guest."""
        interface, alone = self.interfaces[vcpu.index], len(self.interfaces) == 1
        before = [] if alone else self.soft.waiting()
        with self._at_work:
            interface.fold()
            self.soft.links.release(vcpu.index)
            self.soft.resample(vcpu.index)
            self._flush(vcpu, [interface])
        if not alone:
            self._kick_raised(vcpu, before, [vcpu.index], None)
        if self.has_interrupt(vcpu):
            vcpu.wake()

    def _flush(self, caller: Vcpu, interfaces: list[VcpuInterface]) -> None:
        """Presents anew, and lets the vCPUs to whom something is left come and fetch it."""
        left: dict[int, int] = {}
        for interface in interfaces:
            left |= interface.flush()
        if not left:
            return
        done = {interface.cpu for interface in interfaces}
        for intid, taker in left.items():
            if taker not in done:
                self._forwarding.kick(caller, self._vcpus[taker], intid)

    def _taker(self, cpu: int, interrupt: Candidate) -> int | None:
        lists = [interface.lists for interface in self.interfaces]
        return one_of_n.taker(self.soft.gic, cpu, interrupt, self._vcpus, lists)

    def _kick_raised(self, caller: Vcpu, before: list[int], done: list[int], intid: int | None) -> None:
        """Lets every other vCPU, for which something more urgent waits than did, come and fetch it."""
        for vcpu, old, new in zip(self._vcpus, before, self.soft.waiting(), strict=True):
            if new < old and vcpu.index not in done:
                self._forwarding.kick(caller, vcpu, intid)

    def _kick_holders(self, caller: Vcpu, sgi: int) -> None:
        """Lets every other vCPU that has not ended this SGI yet come and fetch the one it was sent now."""
        for vcpu, interface in zip(self._vcpus, self.interfaces, strict=True):
            if vcpu is not caller and interface.holds(sgi) and self.soft.gic.state(sgi, vcpu.index).pending:
                self._forwarding.kick(caller, vcpu, sgi)

    # The guest's accesses

    def _touched(self, vcpu: Vcpu, offset: int, size: int) -> list[VcpuInterface]:
        """Returns the interfaces an access may concern: the vCPU's own, and those that hold an SPI it names."""
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
        """Lets what each interface has follow the active bits that the guest wrote."""
        for intid in range((offset & 0x7C) * 8, (offset & 0x7C) * 8 + 8 * size):
            if intid >= self.soft.gic.config.intids:
                break
            state = self.soft.gic.state(intid, vcpu.index)
            holder = next(iter(self._holders(vcpu, intid)), None)
            if holder is not None and not state.active:
                holder.forget(intid)
            elif holder is None and state.active:
                first = first_target(state.targets)
                self.interfaces[vcpu.index if first is None else first].adopt(intid)

    def _second_page(self, vcpu: Vcpu, ipa: int, size: int, value: int | None) -> Emulated:
        """Serves GICV's second page, trapped: a DIR may name an interrupt that has no list register.

        One that names what is not active does nothing in a GIC. GICV would count it as an end (5.3.1).
        """
        interface = self.interfaces[vcpu.index]
        intid = value & IAR_INTID if value is not None and ipa == DIR and size == 4 else None
        if value is not None and intid is not None and interface.spilled and interface.lists.split:
            iar = value & (IAR_INTID | IAR_CPUID)
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
