# SPDX-License-Identifier: MIT
"""Attribution of exits to the interrupts that they served: the one rule, for all controllers.

Every exit belongs to one *occurrence* of an interrupt or to none. An occurrence belongs to (vCPU served, guest
INTID) and is *waiting* until that vCPU acknowledges it, then *in service* until it is ended; one of each can exist
at a time, because a new signal may come while the last is handled. By the role of an exit (:class:`Role`):

RAISE     RVIC.Signal, or a physical interrupt or kick that EL2 delivered: belongs to the waiting occurrence,
          and starts one if there is none. Signals that meet in one pending bit are one occurrence.
ACCEPT    RVIC.Acknowledge that answered an INTID: puts the waiting occurrence into service, and starts one
          if there is none (the interrupt was queued behind another, or re-pended by Resample).
SPURIOUS  RVIC.Acknowledge that answered NO_INTERRUPTS: belongs to the interrupt last withdrawn from that
          vCPU, else to nobody.
END       RVIC.ClearMasked: ends the occurrence in service, and belongs to it. With none in service it
          belongs to the waiting one (an unmask lets it through) and ends nothing.
WITHDRAW  RVIC.ClearPending: ends the waiting occurrence, as withdrawn, and belongs to it.
MASK      RVIC.SetMasked: belongs to the one in service, else to the waiting one, which it hides.
SERVE     anything else that names an INTID (RVIC.Resample, RVIC.IsPending): belongs to the one in service,
          else to the waiting one.

A GIC's registers do the same: GICD_SGIR, GICD_ISPENDR and GICD_SPENDSGIR are RAISE; GICC_IAR is ACCEPT, or
SPURIOUS; GICC_EOIR is END; GICD_ICPENDR and GICD_CPENDSGIR are WITHDRAW. Two steps are a GIC's own, for there
a masked interrupt is ended too, where RVIC's Acknowledge masks and ClearMasked ends:

HOLD      GICD_ICENABLER: as MASK; and the END of this occurrence leaves it in service (a threaded interrupt).
RELEASE   GICD_ISENABLER: belongs to the one in service, and ends it if it was held and its END has come; else
          to the waiting one.

A guest that reaches its CPU interface without an exit does two of these without one: :class:`Acknowledged` is an
ACCEPT, :class:`Completed` an END.

A system reset ends all: it withdraws what is waiting, and what is in service costs what it has cost by then.

A WFI belongs to the interrupt that ended the wait: the one for which that vCPU's line rose, or else the first that
it acknowledges; one that came meanwhile and is masked or disabled ended nothing. It is then the exit that a running
vCPU would have made for the interrupt or its kick.

Only RAISE and ACCEPT ever start an occurrence, and one that is not in service cannot be ended by an END: a write of
GICC_EOIR that names another interrupt, or the same one twice, ends nothing. The calls by which a driver sets its
interrupts up (SetMasked and ClearPending for each INTID at boot, the first unmask) belong to no interrupt. Nor does
a call that failed or names no INTID.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Generic

from harness.trace.costs import CPU_SHIFT
from harness.trace.roles import Role
from harness.trace.unfinished import MOST, NO_KEY, ExitT, Unfinished, Wait

# Looked up for every exit.
_RAISE, _ACCEPT, _END, _SERVE, _SPURIOUS = Role.RAISE, Role.ACCEPT, Role.END, Role.SERVE, Role.SPURIOUS


@dataclass(slots=True)
class Attribution(ABC, Generic[ExitT]):
    """Attribution of exits. Its heirs keep them in their own way, and what becomes of them."""

    _waiting: dict[int, Unfinished[ExitT]] = field(default_factory=dict)
    _service: dict[int, Unfinished[ExitT]] = field(default_factory=dict)
    # vCPU -> (key, row) of the interrupt it may find gone; row -1: only hidden, not finished.
    _hidden: dict[int, tuple[int, int]] = field(default_factory=dict)
    # vCPU -> its last WFI, until it is known which interrupt ended the wait.
    asleep: dict[int, Wait[ExitT]] = field(default_factory=dict)
    # Exits that came without an event and are not attributed yet: exit, key, tick; and so on.
    _recorded: list[Any] = field(default_factory=list)

    @abstractmethod
    def _finish(self, key: int, opened: Unfinished[ExitT], tick: int, *, withdrawn: bool = False) -> int:
        """Takes what has finished; returns its row."""

    @abstractmethod
    def _charge(self, row: int, exit: ExitT) -> None:
        """Adds an exit to an occurrence that has finished."""

    @abstractmethod
    def _unattributed(self, exit: ExitT) -> None:
        """Takes an exit that served no interrupt."""

    @abstractmethod
    def _label(self, exit: ExitT) -> str:
        """Returns the label of an exit."""

    def _add(self, opened: Unfinished[ExitT], exit: ExitT) -> None:
        """Adds an exit to an occurrence; of many, those after the first are only counted."""
        opened.exits.append(exit)
        if len(opened.exits) >= MOST:
            self._count(opened)

    def _count(self, opened: Unfinished[ExitT]) -> None:
        counted = opened.counted = opened.counted or Counter()
        counted.update(map(self._label, opened.exits[MOST // 2 :]))
        del opened.exits[MOST // 2 :]

    def attribute(self, exit: ExitT, role: Role, key: int, tick: int) -> None:
        """Attributes one exit that is no WFI; ``key`` is of :func:`~harness.trace.costs.key_of`."""
        if key < 0:
            if role is not _SPURIOUS or not self._spurious(~key, exit):
                self._unattributed(exit)
        elif role is _RAISE:
            opened = self._waiting.get(key)
            if opened is None:
                self._waiting[key] = Unfinished(tick, [exit])
            else:
                self._add(opened, exit)
            if self.asleep:
                self._raised_for(key >> CPU_SHIFT, key)
        elif role is _ACCEPT:
            self._accept(key, exit, tick)
        elif role is _SERVE and key in self._service:
            opened = self._service[key]
            opened.exits.append(exit)  # as _add, for every interrupt comes by here
            if len(opened.exits) >= MOST:
                self._count(opened)
        elif role is _END and key in self._service:
            opened = self._service[key]
            if opened.held:
                self._add(opened, exit)
                opened.ended = True
            else:
                opened.exits.append(exit)
                del self._service[key]
                self._finish(key, opened, tick)
        else:
            self._serve(key, exit, role, tick)

    def _accept(self, key: int, exit: ExitT | None, tick: int) -> None:
        if self._hidden:
            self._hidden.pop(key >> CPU_SHIFT, None)
        last = self._service.get(key)
        if last is not None:
            self._finish(key, last, tick)
        opened = self._waiting.pop(key, None)
        if opened is None:
            opened = Unfinished(tick, [])
        if exit is not None:
            opened.exits.append(exit)
        if self.asleep:
            wait = self.asleep.pop(key >> CPU_SHIFT, None)
            if wait is not None:
                self._add(opened, wait.exit)
        opened.accepted = tick
        self._service[key] = opened

    def _end(self, key: int, tick: int) -> None:
        """Ends the occurrence in service; one that is held goes on until its release."""
        opened = self._service[key]
        if opened.held:
            opened.ended = True
        else:
            self._finish(key, self._service.pop(key), tick)

    def _serve(self, key: int, exit: ExitT, role: Role, tick: int) -> None:
        """Enters an exit that starts nothing and ends no service: in an occurrence that exists, or in none."""
        serving, waiting = self._service.get(key), self._waiting.get(key)
        if role is Role.WITHDRAW and waiting is not None:
            self._add(waiting, exit)
            del self._waiting[key]
            self._hidden[key >> CPU_SHIFT] = (key, self._finish(key, waiting, tick, withdrawn=True))
            return
        opened = serving or waiting
        if opened is None:
            self._unattributed(exit)
            return
        self._add(opened, exit)
        if role is Role.HOLD:
            opened.held = True
        elif role is Role.RELEASE:
            opened.held = False
            if opened.ended:
                self._end(key, tick)
        if role in (Role.MASK, Role.HOLD) and serving is None:
            self._hidden[key >> CPU_SHIFT] = (key, -1)

    def _spurious(self, vcpu: int, exit: ExitT) -> bool:
        """Charges an acknowledge that found nothing to a withdrawn interrupt; False if there is none."""
        key, row = self._hidden.pop(vcpu, (NO_KEY, -1))
        if row >= 0:
            self._charge(row, exit)
            return True
        opened = self._waiting.get(key)
        if opened is None:
            return False
        self._add(opened, exit)
        return True

    def end_all(self, tick: int) -> None:
        """Ends at a system reset what no guest will end; what was waiting has been withdrawn."""
        for cpu in list(self.asleep):
            wait = self.asleep.pop(cpu)
            self._end_wait(wait.exit, wait.raised)
        for opened in (self._service, self._waiting):
            for key, one in list(opened.items()):
                del opened[key]
                self._finish(key, one, tick, withdrawn=opened is self._waiting)
        self._hidden.clear()

    # Waits

    def wait(self, cpu: int, exit: ExitT) -> None:
        """Keeps a WFI until it is known what ended the wait; the one before was then ended by nothing else."""
        before = self.asleep.pop(cpu, None)
        if before is not None:
            self._end_wait(before.exit, before.raised)
        self.asleep[cpu] = Wait(exit)

    def wake(self, cpu: int, enter: Callable[[], None]) -> None:
        """Enters an exit, by a function, of a vCPU that may have waited until then, and waits no more."""
        wait = self.asleep.get(cpu)
        raised = NO_KEY if wait is None else wait.raised  # before this exit
        enter()
        if wait is not None and self.asleep.get(cpu) is wait:
            del self.asleep[cpu]
            self._end_wait(wait.exit, raised)

    def _raised_for(self, vcpu: int, key: int) -> None:
        wait = self.asleep.get(vcpu)
        if wait is not None:
            wait.raised = key

    def _end_wait(self, exit: ExitT, key: int) -> None:
        """Charges a wait to the interrupt that ended it, or to none."""
        opened = self._waiting.get(key)
        if opened is not None:
            self._add(opened, exit)
        else:
            self._unattributed(exit)
