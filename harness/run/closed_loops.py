# SPDX-License-Identifier: MIT
"""Closed loops: a CPU that comes to the same state again, and leaves no trace meanwhile, goes on so for ever.

From time to time the CPUs are looked at, an instruction at a time, in the order in which they run anyway. One is in
a closed loop if its registers are what they were a few instructions before, all of which are plain: they only load
from memory, compute and branch. If every CPU is in one, or waits, nothing writes what they load; then only an
interrupt could end it, or somebody from outside.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from harness.arch import pstate, vectors
from harness.el2 import Power, Vcpu
from harness.run.plain_instructions import is_branch, is_plain
from harness.trace import Events
from harness.trace.events import Event, Wfx

FIRST_LOOK: Final = 1 << 20
"""Instructions of a run before the first look; after one in vain the run has to become twice as long."""
LONGEST: Final = 64
"""Instructions of the longest loop that is seen."""
INSTRUCTION_BYTES: Final = 4
_TURNS: Final = 3  # how often an instruction comes by with another state before the look is given up

_State = tuple[int, ...]


@dataclass(slots=True)
class ClosedLoop:
    """Loop that a CPU is in: its instructions, and whether it masks interrupts all the time."""

    instructions: int
    masked: bool


@dataclass(slots=True)
class _Course:
    """Course of one CPU since the look began: its states and where it was in each."""

    states: list[_State] = field(default_factory=list)
    loop: ClosedLoop | None = None


class ClosedLoops:
    """Looks at the vCPUs of one machine. ``due``: instructions of the run at which the next look begins."""

    def __init__(self, vcpus: Sequence[Vcpu], events: Events) -> None:
        self._vcpus = vcpus
        self._events = events
        self._courses: dict[int, _Course] = {}
        self._disturbed = False
        self._from = (0, 0)  # address and word of the instruction that is about to run
        self.due = FIRST_LOOK

    def start(self) -> None:
        """Begins a run."""
        self.due = FIRST_LOOK

    def stop(self) -> None:
        """Ends a look, if one is going on."""
        if self._courses:
            self._courses.clear()
            self._events.remove(self._hear)

    def give_up(self, retired: int) -> None:
        """Ends a look that found nothing; ``retired`` is the run's length."""
        self.stop()
        self.due = retired + max(FIRST_LOOK, retired)

    def before(self, vcpu: Vcpu) -> int | None:
        """Looks at the vCPU that is about to run; returns for how many instructions, None for as many as it may."""
        if not self._courses:
            self._events.add(self._hear, exceptions=False)
            self._disturbed = False
        course = self._courses.setdefault(vcpu.index, _Course())
        if course.loop is not None:
            return None
        if not course.states:
            course.states.append(_state(vcpu))
        pe = vcpu.pe
        word = pe.instruction()
        self._from = pe.pc, word or 0
        taken = (pe.virq and not pe.pstate & pstate.I) or (pe.vfiq and not pe.pstate & pstate.F)
        self._disturbed |= word is None or not is_plain(word) or taken
        return 1

    def after(self, vcpu: Vcpu) -> bool:
        """Looks at it when it has run; False if that leads nowhere."""
        course = self._courses[vcpu.index]
        if self._disturbed:
            return False
        if course.loop is not None:
            return True
        state = _state(vcpu)
        if self._took_exception(vcpu):
            return False
        if state in course.states:
            loop = course.states[course.states.index(state) :]
            masks = pstate.I | pstate.F
            course.loop = ClosedLoop(len(loop), all(one[1] & masks == masks for one in loop))
            return True
        course.states.append(state)
        turns = sum(one[0] == state[0] for one in course.states)
        return turns <= _TURNS and len(course.states) <= LONGEST

    @property
    def closed(self) -> dict[int, ClosedLoop] | None:
        """Loop of each vCPU that is in one, by index, if no other could run; None otherwise."""
        loops = {index: course.loop for index, course in self._courses.items() if course.loop is not None}
        running = [vcpu.index for vcpu in self._vcpus if vcpu.power is Power.ON and not vcpu.waits]
        return loops if loops and all(index in loops for index in running) else None

    @property
    def masked(self) -> bool:
        """True if no vCPU waits and each masks interrupts in its loop: none of them will ever take one."""
        waits = any(vcpu.power is Power.ON and vcpu.waits for vcpu in self._vcpus)
        loops = [course.loop for course in self._courses.values()]
        return not waits and all(loop is not None and loop.masked for loop in loops)

    def _took_exception(self, vcpu: Vcpu) -> bool:
        """Returns True if it was not that instruction that ran, but the first of its exception's vector."""
        pe, (pc, word) = vcpu.pe, self._from
        if not is_branch(word):
            return pe.pc != pc + INSTRUCTION_BYTES
        in_vectors = 0 <= pe.pc - pe.sysreg["VBAR_EL1"] < vectors.TABLE_BYTES
        return in_vectors and pe.sysreg["ELR_EL1"] == pc

    def _hear(self, event: Event) -> None:
        self._disturbed |= not isinstance(event, Wfx)


def _state(vcpu: Vcpu) -> _State:
    pe = vcpu.pe
    return (pe.pc, pe.pstate, pe.sp, *(pe.x[n] for n in range(31)))
