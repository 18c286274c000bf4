# SPDX-License-Identifier: MIT
"""Physical interrupts that stand behind a guest's own, in a GICv2 that EL2 emulates.

One that came is acknowledged and its priority dropped, and then it is *linked*: it stays active in the physical
GIC, where it cannot storm, until the guest's interrupt is neither pending nor active. While the guest's is
active, what comes from the device meanwhile is kept as the pending state of the physical one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from harness.arch import gic
from harness.arch import intid as ids
from harness.arch.gic import ICFGR_EDGE, INTIDS_PER_ICFGR, INTIDS_PER_WORD, first_target
from harness.arch.masks import MASK32
from harness.arch.virt import GICD_BASE
from harness.el2.physical.gic_driver import GicDriver
from harness.el2.vm import PhysicalBus
from harness.gic import Gic

EL2_PPIS = (ids.PPI_MAINTENANCE, ids.PPI_HYP_TIMER)  # no guest configures them


class Link(NamedTuple):
    """Physical interrupt: of one CPU if it is a PPI, of all (None) if it is an SPI."""

    cpu: int | None
    intid: int


def link(cpu: int, intid: int) -> Link:
    """Returns the link that a CPU knows by this INTID."""
    return Link(cpu if intid < ids.SPI_BASE else None, intid)


@dataclass(slots=True)
class PhysicalLinks:
    """Links of physical interrupts to those of ``guest``, the GIC that EL2 emulates.

    ``held``: True for a link whose line was still high when EL2 had acknowledged it, so that its fall withdraws it.
    ``latched``: those that the guest made pending by hand while in service; no line withdraws them.
    """

    physical: GicDriver
    bus: PhysicalBus
    guest: Gic
    held: dict[Link, bool] = field(default_factory=dict)
    latched: set[Link] = field(default_factory=set)

    def reset(self) -> None:
        """Forgets every link; lets the trigger of each SPI be what the guest's GIC has it in reset."""
        self.held.clear()
        self.latched.clear()
        for first in range(ids.SPI_BASE, self.guest.config.intids, INTIDS_PER_ICFGR):
            self.bus.write(0, GICD_BASE + gic.GICD_ICFGR + first // 4, 4, 0)

    def add(self, cpu: int, intid: int) -> None:
        """Links a physical interrupt that has become active on this CPU for the guest."""
        this, guest = link(cpu, intid), self.guest.distributor.owner(intid, cpu)
        # Latched already: by a store, for no link was there.
        by_hand = this in self.latched or guest.pending >> intid & 1 != 0
        self.latched.discard(this)
        edge = guest.edge >> intid & 1 != 0
        self.held[this] = not (edge or by_hand) and self.physical.line_is_high(cpu, intid)

    def has(self, cpu: int, intid: int) -> bool:
        """Returns True if a physical interrupt stands behind this CPU's INTID."""
        return bool(self.held) and link(cpu, intid) in self.held

    def ended(self, cpu: int, intid: int) -> None:
        """Forgets the link: hardware has deactivated the physical interrupt, with the guest's own."""
        self.held.pop(link(cpu, intid), None)

    def release(self, cpu: int) -> None:
        """Deactivates the physical interrupts whose guest's own is neither pending nor active any more."""
        distributor = self.guest.distributor
        for this in list(self.held):
            owner, intid = this
            if owner is not None and owner != cpu:
                continue  # only a PPI's own CPU can deactivate it
            guest = distributor.shared if owner is None else distributor.private[cpu]
            if not (guest.pending | guest.active) >> intid & 1:
                del self.held[this]
                self.physical.deactivate(cpu, intid)

    def to_resample(self, cpu: int) -> list[int]:
        """Returns the INTIDs that are pending in the guest's GIC, and whose lines have gone low since."""
        withdrawn, distributor = [], self.guest.distributor
        for (owner, intid), held in self.held.items():
            if owner is None or owner == cpu:
                guest = distributor.shared if owner is None else distributor.private[cpu]
                if guest.pending >> intid & 1 and self._is_withdrawn(
                    cpu, intid, held, guest.edge >> intid & 1
                ):
                    withdrawn.append(intid)
        return withdrawn

    def _is_withdrawn(self, cpu: int, intid: int, held: bool, edge: int) -> bool:
        """Returns True for a level that fell; an edge that came again is one with the first."""
        if not edge:
            return held and not self.physical.line_is_high(cpu, intid)
        if self.physical.line_is_high(cpu, intid):  # for an edge this is the pending latch
            word = gic.GICD_ICPENDR + intid // INTIDS_PER_WORD * 4
            self.bus.write(cpu, GICD_BASE + word, 4, 1 << intid % INTIDS_PER_WORD)
        return False

    # What the guest does to its distributor, done to the physical one

    def route(self, cpu: int, intid: int) -> None:
        """Routes the SPI to the CPU of the guest's target: the first, if there are several."""
        target = first_target(self.guest.state(intid, cpu).targets)
        if target is not None:
            self.physical.route(cpu, intid, target)

    def configure(self, cpu: int, first: int) -> None:
        """Gives the 16 interrupts of a GICD_ICFGR word the guest's triggers.

        One is disabled while that is done: to change it while enabled is UNPREDICTABLE (4.3.13).
        """
        config = 0
        for n in range(INTIDS_PER_ICFGR):
            intid = first + n
            if intid < self.guest.config.intids and intid not in EL2_PPIS:
                config |= (ICFGR_EDGE if self.guest.state(intid, cpu).edge else 0) << 2 * n
        register = GICD_BASE + gic.GICD_ICFGR + first // 4
        changed = self.bus.read(cpu, register, 4) ^ config
        bits = (
            sum(1 << n for n in range(INTIDS_PER_ICFGR) if changed >> 2 * n & ICFGR_EDGE)
            << first % INTIDS_PER_WORD
        )
        if not bits:
            return
        word = GICD_BASE + first // INTIDS_PER_WORD * 4
        self.bus.write(cpu, word + gic.GICD_ICENABLER, 4, bits)
        self.bus.write(cpu, register, 4, config)
        self.bus.write(cpu, word + gic.GICD_ISENABLER, 4, bits)

    def in_service(self, cpu: int, word: int) -> int:
        """Returns a bit for each INTID of a word whose pending state the physical GIC keeps: linked, and active."""
        links = self._links(cpu, word, MASK32)
        return _bits([this for this in links if self.guest.state(this.intid, cpu).active])

    def pending(self, cpu: int, word: int) -> int:
        """Returns that pending state."""
        mask = self.in_service(cpu, word)
        return self.bus.read(cpu, GICD_BASE + gic.GICD_ISPENDR + 4 * word, 4) & mask if mask else 0

    def set_pending(self, cpu: int, word: int, bits: int) -> int:
        """Takes the bits of interrupts in service from a write of GICD_ISPENDR; returns the others."""
        here = bits & self.in_service(cpu, word)
        if here:
            self.bus.write(cpu, GICD_BASE + gic.GICD_ISPENDR + 4 * word, 4, here)
        for this in self._links(cpu, word, bits):
            if here >> this.intid % INTIDS_PER_WORD & 1:
                self.latched.add(this)
            else:
                self.held[this] = False
        return bits & ~here

    def clear_pending(self, cpu: int, word: int, bits: int) -> None:
        """Clears, in a write of GICD_ICPENDR, what the physical GIC has latched, with the guest's own."""
        links = self._links(cpu, word, bits)
        self.latched.difference_update(links)
        if links:
            self.bus.write(cpu, GICD_BASE + gic.GICD_ICPENDR + 4 * word, 4, _bits(links))

    def _links(self, cpu: int, word: int, bits: int) -> list[Link]:
        """Returns the links among these bits of a word, as this CPU sees it."""
        return [
            this
            for this in self.held
            if this.cpu in (None, cpu)
            and this.intid // INTIDS_PER_WORD == word
            and bits >> this.intid % INTIDS_PER_WORD & 1
        ]


def _bits(links: list[Link]) -> int:
    return sum(1 << this.intid % INTIDS_PER_WORD for this in links)
