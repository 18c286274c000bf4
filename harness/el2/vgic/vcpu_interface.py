# SPDX-License-Identifier: MIT
"""Virtual CPU interface of one vCPU, filled from the software GIC and emptied into it (IHI 0048B, 5.2).

As KVM does, EL2 *folds* what the guest did in its list registers back into the software GIC before it looks at
that, and *flushes* what is to be seen by the guest into them before it returns. To the software GIC everything
in a list register is active: it was acknowledged there, by EL2.

A list register always holds the most urgent pending interrupt, so that the hardware decides rightly what
preempts what. Where not everything has room:

- pending ones wait in the software GIC; the underflow and the no-pending maintenance interrupts bring EL2 back;
- the outermost active ones are *spilled*. Where EOIR ends an interrupt, GICH_HCR.EOICount tells EL2 of it,
  and it was the innermost of the spilled; DIR may name any of them, and is trapped while there are some.

An SPI for several vCPUs is *left* to another that would take it at once, where this one would not.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from harness.arch import intid as ids
from harness.arch.gic import (
    GICC_CTLR,
    GICC_PMR,
    GICD_CPENDSGIR,
    GICD_SPENDSGIR,
    IAR_CPUID_SHIFT,
    IAR_INTID,
    LR_PRIORITY,
    Ctlr,
    Lr,
)
from harness.el2.softgic.soft_gic import SoftGic
from harness.el2.vgic.list_registers import ListRegisters
from harness.el2.vgic.presented import BY_HAND, Presented
from harness.el2.vm import PortBus
from harness.gic import Frame
from harness.gic.priority import RANK_KEY, RANK_SHIFT, Candidate

BOTH_GROUPS = Ctlr.ENABLE_GRP0 | Ctlr.ENABLE_GRP1 | Ctlr.ACK_CTL
LOWEST_PRIORITY = 0xFF


@dataclass(slots=True)
class VcpuInterface:
    """Virtual CPU interface of one vCPU: what it is presented with.

    ``taker(cpu, interrupt)``: the vCPU to leave an interrupt to, or None. ``listed``: by list register.
    ``spilled``: active ones that have none. Between :meth:`fold` and :meth:`flush` only active interrupts are
    listed, and the software GIC says the truth about the pending ones.
    """

    cpu: int
    soft: SoftGic
    lists: ListRegisters
    taker: Callable[[int, Candidate], int | None]
    listed: dict[int, Presented] = field(default_factory=dict)
    spilled: list[Presented] = field(default_factory=list)

    def reset(self, bus: PortBus) -> None:
        """Turns the hardware on, which is in reset and which ``bus`` leads to, and EL2's end of the software GIC.

        EL2 sees everything there that is enabled.
        """
        self.listed.clear()
        self.spilled.clear()
        self.soft.gic.write(Frame.GICC, self.cpu, GICC_PMR, 4, LOWEST_PRIORITY)
        self.soft.gic.write(Frame.GICC, self.cpu, GICC_CTLR, 4, BOTH_GROUPS | Ctlr.EOI_MODE)
        self.lists.reset(bus)
        self.lists.enable()

    def holds(self, intid: int) -> bool:
        """Returns True if the guest has this interrupt, or may take it."""
        for presented in self.listed.values():
            if presented.iar & IAR_INTID == intid:
                return True
        return any(presented.intid == intid for presented in self.spilled)

    def lists_active(self, iar: int) -> bool:
        """Returns True if a list register has it active."""
        return any(p.iar == iar and self.lists[n] & Lr.ACTIVE for n, p in self.listed.items())

    # Folding

    def fold(self) -> None:
        """Takes note of what the guest acknowledged and ended; takes back what it has not acknowledged."""
        if not self.listed and not self.spilled:
            return
        self.collect()
        for n, presented in list(self.listed.items()):
            value = self.lists[n]
            if not value & Lr.PENDING:
                continue
            if value & Lr.ACTIVE:
                self.lists[n] = value & ~Lr.PENDING
            else:
                del self.listed[n]
                self.lists[n] = 0
                self._deactivate(presented)
            self.soft.latch(self.cpu, presented.iar)

    def collect(self) -> None:
        """Takes note of what the guest has ended."""
        if self.spilled:
            self._collect_spilled()
        if not self.listed:
            return
        ended = self.lists.empty()
        for presented in self.listed.values():
            if presented.tells_end:
                ended |= self.lists.ended()
                break
        for n, presented in list(self.listed.items()):
            if not ended >> n & 1:
                continue
            del self.listed[n]
            if presented.hardware:
                self.soft.links.ended(self.cpu, presented.intid)
            if presented.tells_end:
                self.lists[n] = 0  # or it would go on asking for its maintenance interrupt
            self._deactivate(presented)

    def _collect_spilled(self) -> None:
        """Ends the innermost spilled one for each EOI that found no list register (5.3.1)."""
        for _ in range(min(self.lists.take_eoi_count(), len(self.spilled))):
            self.end_spilled(min(self.spilled, key=self._level))

    def end_spilled(self, presented: Presented) -> None:
        """Takes note that the guest ended an interrupt that is in no list register."""
        self.spilled.remove(presented)
        self._deactivate(presented)

    def _level(self, presented: Presented) -> int:
        """Returns its place among nested active interrupts, the innermost lowest: only group priorities preempt."""
        if presented.priority == BY_HAND:
            return BY_HAND
        return self.lists.group_priority(presented.priority, presented.group)

    def _deactivate(self, presented: Presented) -> None:
        self.soft.gic.deactivate(self.cpu, presented.iar)

    # What the guest did to active bits

    def forget(self, intid: int) -> None:
        """Drops an interrupt whose active state the guest cleared (GICD_ICACTIVER)."""
        self.spilled = [p for p in self.spilled if p.intid != intid]
        for n in [n for n, p in self.listed.items() if p.intid == intid]:
            del self.listed[n]
            self.lists[n] = 0

    def adopt(self, intid: int) -> None:
        """Takes in an interrupt that the guest made active by hand (GICD_ISACTIVER), and can end as any other."""
        self.spilled.append(Presented(intid, BY_HAND))

    # Flushing

    def flush(self) -> dict[int, int]:
        """Fills the list registers: pending ones first, most urgent first, then the active ones that have none.

        Returns the INTIDs that are left to other vCPUs, with these: they must come and fetch them.
        """
        left: dict[int, int] = {}
        signals, interface = self.soft.gic.irq[self.cpu], self.soft.gic.interfaces[self.cpu]
        shown = False
        while signals.level:
            if interface.rank & RANK_KEY >= ids.SPI_BASE and self._leave(left):
                continue
            n = self._free()
            if n < 0:
                if shown:
                    break
                n = self._spill()
            self._present(n)
            shown = True
        if self.spilled:
            self.spilled.sort(key=self._level)
            while self.spilled and (n := self._free()) >= 0:
                self._load(n, self.spilled.pop(0))
        for n, presented in self.listed.items():
            self._pend_again(n, presented)
        more = signals.level
        self.lists.enable(
            underflow=more and self.lists.count > 1,  # one list register alone is an underflow in itself
            no_pending=more,
            not_present=bool(self.spilled),
        )
        for intid in left:
            self.soft.target(intid, self.soft.gic.distributor.spi_targets(intid) | 1 << self.cpu)
        return left

    def _free(self) -> int:
        """Returns the first empty list register, -1 if there is none."""
        n = 0
        while n in self.listed:
            n += 1
        return n if n < self.lists.count else -1

    def _leave(self, left: dict[int, int]) -> bool:
        """Looks past the most urgent pending interrupt, an SPI, if another vCPU is to have it."""
        interrupt = self.soft.gic.interfaces[self.cpu].hppi
        taker = self.taker(self.cpu, interrupt)
        if taker is None:
            return False
        left[interrupt.key] = taker
        others = self.soft.gic.distributor.spi_targets(interrupt.key) & ~(1 << self.cpu)
        self.soft.target(interrupt.key, others)
        return True

    def _present(self, n: int) -> None:
        """Moves the most urgent pending interrupt into an empty list register."""
        soft, cpu = self.soft.gic, self.cpu
        priority = soft.interfaces[cpu].rank >> RANK_SHIFT
        iar = soft.acknowledge(cpu, False)
        assert iar & IAR_INTID < ids.SPURIOUS_GROUP1, "the software GIC signals an interrupt and gives none"
        soft.end(cpu, False, iar)
        self.listed[n] = presented = Presented(iar, priority)
        self._write(n, presented, Lr.PENDING)

    def _load(self, n: int, presented: Presented) -> None:
        """Puts an active interrupt into an empty list register."""
        self.listed[n] = presented
        self._write(n, presented, Lr.ACTIVE)

    def _spill(self) -> int:
        """Makes a list register free: its active interrupt goes on without one. Returns its number."""
        n = max(self.listed, key=lambda n: self._level(self.listed[n]))
        presented = self.listed.pop(n)
        presented.hardware = presented.tells_end = False
        self.lists[n] = 0
        self.spilled.append(presented)
        return n

    def _pend_again(self, n: int, presented: Presented) -> None:
        """Makes what is pending once more, while a list register has it, pending there too, if it can say so.

        It cannot for an SGI of another CPU than the one that is active, beside the HW bit (5.3.8), for what goes to
        another vCPU now, nor out of turn. Then the end of the active one brings EL2 back.
        """
        soft, cpu, intid = self.soft.gic, self.cpu, presented.iar & IAR_INTID
        own = soft.distributor.private[cpu] if intid < ids.SPI_BASE else soft.distributor.shared
        if not own.pending >> intid & 1:
            return
        state = soft.state(intid, cpu)
        if not state.enabled or not soft.distributor.ctlr >> state.group & 1:
            return
        active = self.lists[n] & Lr.STATE == Lr.ACTIVE
        ready = active and self._in_turn(n, intid, state.priority)
        presented.tells_end = True
        if intid < ids.SGI_COUNT:
            source = 1 << (presented.iar >> IAR_CPUID_SHIFT & 7)
            if ready and soft.read(Frame.GICD, cpu, GICD_SPENDSGIR + intid, 1) == source:
                soft.write(Frame.GICD, cpu, GICD_CPENDSGIR + intid, 1, source)
                presented.tells_end = False
        elif ready and state.targets >> cpu & 1 and not self.soft.links.has(cpu, intid):
            self.soft.unlatch(cpu, intid)
            presented.tells_end = False
        if not presented.tells_end:
            presented.priority = state.priority  # of the one to come; what is active is not compared any more
        self._write(n, presented, (Lr.ACTIVE if active else Lr.PENDING) if presented.tells_end else Lr.STATE)

    def _in_turn(self, n: int, intid: int, priority: int) -> bool:
        """Returns True if it comes by INTID among its priority, as in a GIC; list registers go by number."""
        return all(
            (m < n) == (other.intid < intid)
            for m, other in self.listed.items()
            if m != n and other.priority == priority and self.lists[m] & Lr.PENDING
        )

    def _write(self, n: int, presented: Presented, state: int) -> None:
        """Writes a list register; the HW bit where a physical interrupt can end with the guest's own."""
        cpu, intid = self.cpu, presented.iar & IAR_INTID
        presented.hardware = self.soft.links.has(cpu, intid) and not presented.tells_end and state != Lr.STATE
        value = presented.iar | state | (presented.priority & LR_PRIORITY) << Lr.PRIORITY_SHIFT
        if presented.hardware:
            value |= Lr.HW | intid << Lr.PHYSICAL_SHIFT
        if presented.tells_end:
            value |= Lr.EOI
        distributor = self.soft.gic.distributor
        owner = distributor.private[cpu] if intid < ids.SPI_BASE else distributor.shared
        presented.group = owner.group >> intid & 1
        if presented.group:
            value |= Lr.GROUP1
        self.lists[n] = value
