# SPDX-License-Identifier: MIT
"""Interrupt storms: a level that no handler clears is taken again as soon as it has been ended.

A vCPU that has acknowledged one interrupt many times in a row, and no other, is suspected. From then on each one
must find the line high that has never fallen, and interrupt the same instruction, which has never run: a breakpoint
tells. So a guest that makes any progress between two interrupts is in no storm, however many there are.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from harness.arch.gic import GUEST_FRAMES
from harness.arch.intid import PPI_BASE, SPI_BASE
from harness.devices import Line, Lines
from harness.el2 import Hypervisor, Vcpu
from harness.engine import PE
from harness.engine.breakpoints import Breakpoint
from harness.trace.events import Event, Mmio, SysregTrap

STORM: Final = 10_000
"""Acknowledges in a row that are a storm, where the handler reaches no device and nobody else could help."""
PATIENCE: Final = 200_000
"""The same where it does, or somebody could. Linux gives an interrupt up by itself after 100,000."""


@dataclass(slots=True)
class Suspect:
    """Interrupt that may be a storm. ``place``: the instruction that it interrupts; ``since``: the count so far."""

    vcpu: Vcpu
    intid: int
    line: Line
    place: int
    since: int
    count: int
    over: bool = False  # the line fell, or the instruction ran
    reaches_device: bool = False
    breakpoint: Breakpoint | None = None


class Storms:
    """Watch over the interrupts of one machine. ``judged``: a suspect that it is time for the loop to judge."""

    def __init__(self, hypervisor: Hypervisor, lines: Lines) -> None:
        self.judged: Suspect | None = None
        self._controller = hypervisor.controller
        self._events = hypervisor.vm.events
        self._acknowledges = hypervisor.vm.acknowledges
        self._lines = lines
        self._suspects: dict[int, Suspect] = {}
        self._heard: set[tuple[int, int]] = set()  # lines that are listened to: (CPU, INTID)
        self._acknowledges.on_many = self._many

    def _many(self, vcpu: Vcpu, intid: int, count: int) -> None:
        """Looks at an acknowledge that is one of many."""
        suspect = self._suspects.get(vcpu.index)
        place = vcpu.pe.sysreg["ELR_EL1"]
        if suspect is None or suspect.intid != intid or count <= suspect.count:
            self._suspect(vcpu, intid, place, count)
            return
        suspect.count = count
        if suspect.over or suspect.place != place or not suspect.line.level:
            self._acquit(suspect)
            self._acknowledges.forget(vcpu)
        elif not count % STORM:
            self.judged = suspect
            vcpu.pe.stop()

    def _suspect(self, vcpu: Vcpu, intid: int, place: int, count: int) -> None:
        old = self._suspects.get(vcpu.index)
        if old is not None:
            self._acquit(old)
        line = self._line(vcpu, intid)
        if line is None or not line.level:
            self._acknowledges.forget(vcpu)
            return
        if not self._suspects:
            self._events.add(self._hear, exceptions=False)
        self._suspects[vcpu.index] = suspect = Suspect(vcpu, intid, line, place, count, count)
        if (line.cpu, line.intid) not in self._heard:
            self._heard.add((line.cpu, line.intid))
            line.wire.listen(self._moved(line))
        vcpu.pe.defer(lambda: self._watch(suspect))

    def _watch(self, suspect: Suspect) -> None:
        """Sets the breakpoint, between two instructions."""
        if self._suspects.get(suspect.vcpu.index) is not suspect:
            return

        def reached(pe: PE) -> None:
            suspect.over = True
            if suspect.breakpoint is not None:
                pe.remove_breakpoint(suspect.breakpoint)
                suspect.breakpoint = None

        suspect.breakpoint = suspect.vcpu.pe.add_breakpoint(suspect.place, reached)

    def _acquit(self, suspect: Suspect) -> None:
        del self._suspects[suspect.vcpu.index]
        if not self._suspects:
            self._events.remove(self._hear)
        if suspect.breakpoint is not None:
            pe, handle = suspect.vcpu.pe, suspect.breakpoint
            suspect.breakpoint = None
            pe.defer(lambda: pe.remove_breakpoint(handle))

    def _line(self, vcpu: Vcpu, intid: int) -> Line | None:
        """Returns the line behind a guest's INTID, if there is one."""
        physical = self._controller.physical(vcpu, intid)
        if physical is None or physical < PPI_BASE:
            return None
        if physical < SPI_BASE:
            return self._lines.private(physical, vcpu.index)
        return self._lines[physical] if self._lines.has(physical) else None

    def _moved(self, line: Line) -> Callable[[bool], None]:
        def moved(level: bool) -> None:
            if not level:
                for suspect in self._suspects.values():
                    suspect.over |= suspect.line is line

        return moved

    def _hear(self, event: Event) -> None:
        if isinstance(event, SysregTrap) or (isinstance(event, Mmio) and event.device not in GUEST_FRAMES):
            for suspect in self._suspects.values():
                suspect.reaches_device = True
