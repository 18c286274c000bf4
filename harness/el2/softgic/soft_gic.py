# SPDX-License-Identifier: MIT
"""GICv2 of the VM's own as software state of EL2: the same model as the machine's, never on the bus.

The physical interrupts behind a guest's pass through it as *latched* pending interrupts: what re-triggers them is
the physical GIC, where they stay active until the guest is done (:mod:`harness.el2.softgic.physical_links`).
"""

from __future__ import annotations

from typing import Final

from harness.arch import intid as ids
from harness.arch.gic import (
    GICD_ICFGR,
    GICD_ICPENDR,
    GICD_ISACTIVER,
    GICD_ISPENDR,
    GICD_ITARGETSR,
    GICD_SPENDSGIR,
    IAR_CPUID_SHIFT,
    IAR_INTID,
    first_target,
)
from harness.arch.masks import MASK32
from harness.arch.virt import GIC_FRAME_SIZE, GICC_BASE, GICD_BASE
from harness.devices import BusError
from harness.el2.access import Emulated
from harness.el2.physical.forwarding import Forwarded
from harness.el2.physical.gic_driver import GicDriver
from harness.el2.softgic.physical_links import PhysicalLinks
from harness.el2.softgic.subject import subject
from harness.el2.vcpu import Vcpu
from harness.el2.vm import PhysicalBus
from harness.gic import LAYOUT, Frame, Gic

_ICFGR_END: Final = GICD_ICFGR + 0x100


class SoftGic:
    """Software GIC that a guest's traps reach, and the physical interrupts linked to its own."""

    def __init__(
        self, cpus: int, intids: int, physical: GicDriver, bus: PhysicalBus, priority_bits: int
    ) -> None:
        self.gic = Gic(cpus, intids, priority_bits=priority_bits)
        self.links = PhysicalLinks(physical, bus, self.gic)
        self._physical = physical

    def reset(self) -> None:
        """Takes the guest's GIC out of reset, with no physical interrupt linked."""
        self.gic.reset()
        self.links.reset()

    def pend(self, vcpu: Vcpu, iar: int) -> Forwarded | None:
        """Latches a physical interrupt that came for the guest. None if the guest's GIC has no such INTID."""
        intid = iar & IAR_INTID
        if intid >= self.gic.config.intids:
            self._physical.deactivate(vcpu.index, iar)
            return None
        self.links.add(vcpu.index, intid)
        self.latch(vcpu.index, intid)
        if intid < ids.SPI_BASE:
            return Forwarded(vcpu.index, intid)
        target = first_target(self.gic.distributor.spi_targets(intid))
        return Forwarded(vcpu.index if target is None else target, intid)

    def latch(self, cpu: int, iar: int) -> None:
        """Makes an interrupt pending: by GICD_ISPENDR, an SGI of its source CPU by GICD_SPENDSGIR."""
        intid = iar & IAR_INTID
        if intid < ids.SGI_COUNT:
            self.gic.write(Frame.GICD, cpu, GICD_SPENDSGIR + intid, 1, 1 << (iar >> IAR_CPUID_SHIFT & 7))
        else:
            self.gic.writer(Frame.GICD, cpu, GICD_ISPENDR + (intid >> 5) * 4)(1 << (intid & 31))

    def unlatch(self, cpu: int, intid: int) -> None:
        """Takes back the pending latch of a PPI or an SPI, as GICD_ICPENDR does."""
        self.gic.writer(Frame.GICD, cpu, GICD_ICPENDR + (intid >> 5) * 4)(1 << (intid & 31))

    def target(self, intid: int, targets: int) -> None:
        """Writes the SPI's GICD_ITARGETSR byte, for EL2's own ends: the physical interrupt stays where it goes."""
        self.gic.write(Frame.GICD, 0, GICD_ITARGETSR + intid, 1, targets)

    def waiting(self) -> list[int]:
        """Returns for each CPU the most urgent interrupt that it has not acknowledged, by rank and group."""
        return [interface.rank << 1 | interface.group for interface in self.gic.interfaces]

    def resample(self, cpu: int) -> None:
        """Withdraws the levels that fell before the guest acknowledged them."""
        fallen = self.links.to_resample(cpu)
        for intid in fallen:
            self.unlatch(cpu, intid)
        if fallen:
            self.links.release(cpu)

    def load(self, cpu: int, frame: Frame, offset: int, size: int) -> int:
        """Serves a trapped load from GICD or GICC, of one word at most."""
        links = self.links
        if not links.held:
            return (
                self.gic.reader(frame, cpu, offset)()
                if size == 4
                else self.gic.read(frame, cpu, offset, size)
            )
        self.resample(cpu)
        value = self.gic.read(frame, cpu, offset, size)
        if frame is Frame.GICD and _is_word_of_pending(offset, size):
            value |= links.pending(cpu, (offset & 0x7F) // 4)
        links.release(cpu)
        return value

    def store(self, cpu: int, frame: Frame, offset: int, size: int, value: int) -> None:
        """Serves a trapped store to GICD or GICC, of one word at most."""
        links = self.links
        if links.held:
            self.resample(cpu)
        if frame is Frame.GICD and GICD_ISPENDR <= offset < _ICFGR_END:
            self._store_configuration(cpu, offset, size, value)
        elif size == 4:
            self.gic.writer(frame, cpu, offset)(value)
        else:
            self.gic.write(frame, cpu, offset, size, value)
        if links.held:
            links.release(cpu)

    def _store_configuration(self, cpu: int, offset: int, size: int, value: int) -> None:
        """Does a store to GICD, and what it means for physical interrupts."""
        if _is_word_of_pending(offset, size):
            word = (offset & 0x7F) // 4
            if offset < GICD_ICPENDR:
                value = self.links.set_pending(cpu, word, value)
            else:
                self.links.clear_pending(cpu, word, value)
        self.gic.write(Frame.GICD, cpu, offset, size, value)
        if GICD_ITARGETSR <= offset < GICD_ICFGR:
            first = offset - GICD_ITARGETSR
            for intid in range(max(first, ids.SPI_BASE), min(first + size, self.gic.config.intids)):
                self.links.route(cpu, intid)
        elif offset >= GICD_ICFGR and _is_word(offset, size):
            first = (offset & 0xFC) * 4
            if ids.PPI_BASE <= first < self.gic.config.intids:
                self.links.configure(cpu, first)

    def access(self, vcpu: Vcpu, ipa: int, size: int, value: int | None) -> Emulated:
        """Serves a trapped access to GICD or GICC, and says what it was about. BusError beyond the frame's end."""
        frame, base = (Frame.GICC, GICC_BASE) if ipa >= GICC_BASE else (Frame.GICD, GICD_BASE)
        offset = ipa - base
        if offset + size > GIC_FRAME_SIZE:
            raise BusError(ipa)
        if size == 8:  # two words, as an interconnect splits them
            low = self.access(vcpu, ipa, 4, None if value is None else value & MASK32)
            high = self.access(vcpu, ipa + 4, 4, None if value is None else value >> 32)
            told = low if high.intid is None else high
            return told._replace(value=low.value | high.value << 32)
        cpu = vcpu.index
        if value is None:
            result = self.load(cpu, frame, offset, size)
        else:
            result = value
            self.store(cpu, frame, offset, size, value)
        return Emulated(result, *self.about(cpu, frame, offset, size, result, value is not None))

    def about(
        self, cpu: int, frame: Frame, offset: int, size: int, value: int, write: bool
    ) -> tuple[str | None, int | None, int | None]:
        """Returns the register of an access that was served, and its subject: an INTID, and where that goes."""
        word = LAYOUT[frame].get(offset & ~3)
        name = word.register.name if word is not None else None
        return name, *subject(self.gic, cpu, name, offset, size, value, write=write)

    def why_not(self, cpu: int) -> str:
        """Says what is pending on a CPU, and what holds it back."""
        return pending_text(self.gic, cpu)


def _is_word_of_pending(offset: int, size: int) -> bool:
    """Returns True for a word of GICD_ISPENDR or GICD_ICPENDR."""
    return GICD_ISPENDR <= offset < GICD_ISACTIVER and size == 4 and not offset & 3


def _is_word(offset: int, size: int) -> bool:
    return size == 4 and not offset & 3


def pending_text(gic: Gic, cpu: int) -> str:
    """Says for people what is pending for a CPU in a GIC, and what holds it back."""
    pending = []
    for intid in range(gic.config.intids):
        state = gic.state(intid, cpu)
        if state.pending and state.targets >> cpu & 1:
            reason = (
                "disabled in GICD" if not state.enabled else "held back by GICD_CTLR, GICC or its priority"
            )
            pending.append(f"INTID {intid} pending but {reason}")
    return ", ".join(pending) or "no interrupt is pending"
