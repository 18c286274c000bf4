# SPDX-License-Identifier: MIT
"""Schedule of the vCPUs: round-robin by a quantum, on one time line, exact to the instruction.

The position in the quantum is kept between runs, so that a run that is stopped and continued executes the same
instructions in the same order as one that is not.

A vCPU that waits in WFE is passed over until an event or an interrupt wakes it, or its event stream. One that waits
with its exclusive monitor armed polls: it looks again after another vCPU has run, which may have written there.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial

from harness.board.board import Board
from harness.board.clock import Clock
from harness.el2 import Hypervisor, Power, Vcpu
from harness.engine import Ring, Turns
from harness.run.event_streams import EventStreams
from harness.run.exits import ending_at_exits
from harness.run.physical_interrupts import PhysicalInterrupts

LONGEST_SLICE = 5_000_000  # instructions; lets Python see a Ctrl-C about every 20 ms


class Scheduler:
    """Scheduler of one machine: it interleaves the vCPUs.

    Who runs is found anew only where that may have changed. Until then those who run have their turns in a row, and
    one that runs alone goes on until something happens: then its slice ends where its turn would have.
    """

    def __init__(self, hypervisor: Hypervisor, board: Board, clock: Clock, quantum: int) -> None:
        self._hypervisor = hypervisor
        self._vcpus = hypervisor.vcpus
        self._scheduled = hypervisor.controller.scheduled
        self._clock = clock
        self._quantum = quantum
        self._turn = 0
        self._left = quantum
        self._began = 0  # what the PE of the present slice had retired when it began
        self._polled: Vcpu | None = None  # who polled last, if nobody has run since
        self._streams = EventStreams(board, clock)
        self._calm = False  # nothing has happened since the turn began that another one has to see
        self._ring: list[Vcpu] | None = None  # who has turns in a row; empty if they are given one by one
        self._turns: tuple[list[Vcpu], Ring] | None = None  # the ring that the engine had last
        self._longest_turns = max(1, LONGEST_SLICE // quantum) * quantum
        self._alone = self._only = False  # one vCPU has all turns; it is the only one that is on
        self._asleep = False  # somebody waits in WFE
        self._next_event: int | None = None  # the tick of the next event of a stream for one that does
        hypervisor.power.started = self._peer_started
        board.deadlines.earlier = self.deadline_moved
        PhysicalInterrupts(hypervisor, clock, self._unsettle, self._disturb)
        for vcpu in self._vcpus:
            vcpu.pe.event_register.on_sev = self._send_event
            vcpu.woken = self._disturb
            for line in (vcpu.virq, vcpu.vfiq):
                line.listen(partial(self._line_moved, vcpu))

    def next(self) -> Vcpu | None:
        """Returns the vCPU whose turn it is, its physical interrupts taken; None if none can run.

        In the midst of a turn only the vCPU itself takes what is signalled to its CPU. The others do so between
        turns, and not wherever a run happens to be stopped and continued.
        """
        if self._asleep or not self._ring:
            self._ring = None
        current = self._vcpus[self._turn]
        if self._left > 0 and current.runnable and current.pe.event_register.awake():
            if current.nirq.level:
                self._hypervisor.after_exit(current)
            return current
        self._hypervisor.take_physical_interrupts()
        count = len(self._vcpus)
        for step in range(1, count + 1):
            vcpu = self._vcpus[(self._turn + step) % count]
            if vcpu.runnable and (vcpu.pe.event_register.awake() or self._may_go_on(vcpu)):
                switched = vcpu is not current
                self._turn, self._left = vcpu.index, self._quantum
                if switched:
                    self._scheduled(vcpu)
                return vcpu
        return None

    def _may_go_on(self, vcpu: Vcpu) -> bool:
        """Tells whether a vCPU in WFE looks again without an event sent to it, or has one from its event stream."""
        register = vcpu.pe.event_register
        if self._streams.has_event(vcpu) or (register.polls and vcpu is not self._polled):
            register.wake()
        return not register.asleep

    def deadline(self) -> int | None:
        """Returns the tick of the next event that an event stream has for a vCPU in WFE."""
        if self._ring is None:
            self._find_ring()
        return self._next_event

    def _find_ring(self) -> None:
        """Finds who has turns now, and whether they can be given in a row: nobody else is about to have one."""
        on = [vcpu for vcpu in self._vcpus if vcpu.power is Power.ON]
        ready = [vcpu for vcpu in on if not vcpu.waiting]
        ring = [vcpu for vcpu in ready if not vcpu.pe.event_register.asleep]
        self._only = len(on) == 1
        self._asleep = len(ring) != len(ready)
        quiet = not any(vcpu.nirq.level for vcpu in on) and not any(vcpu.resume for vcpu in ring)
        self._next_event = None
        if self._asleep:
            asleep = [vcpu for vcpu in ready if vcpu.pe.event_register.asleep]
            self._next_event = self._streams.next(asleep)
            quiet &= not any(vcpu.pe.event_register.may_wake() for vcpu in asleep)
            quiet &= self._next_event is None or self._next_event > self._clock.now()
        self._ring = ring if quiet else []
        self._alone = self._only or (quiet and len(ring) == 1)

    def time_jumped(self) -> None:
        """Lets who polls look again: devices act now, and may write to memory."""
        self._polled = None

    def forget(self) -> None:
        """Finds anew who runs: somebody from outside may have changed anything."""
        self._ring = None

    def deadline_moved(self, tick: int) -> None:
        """Ends the running slice, and turns in a row, where something has come to be due at a tick before."""
        self._calm = False
        self._clock.end_slice_at(tick)

    def length(self, bound: int) -> int:
        """Returns the instructions of the next slice: up to ``bound``, the quantum if others may run."""
        if self._ring is None:
            self._find_ring()
        return max(1, min(bound, LONGEST_SLICE if self._alone else self._left))

    def run(self, vcpu: Vcpu, bound: int) -> int:
        """Runs a vCPU's turn, and those that follow while nothing happens; returns the instructions retired.

        These are ``bound`` or fewer. Nothing that the loop does between two turns is left out: it would do nothing.
        """
        self._calm = True
        length = self.length(bound)
        retired = self.slice(vcpu, length)
        ring = self._ring
        if ring is None or len(ring) < 2 or self._left or not self._goes_on(vcpu, retired == length):
            return retired
        position, whole = ring.index(vcpu), True
        turns = self._turns_of(ring)
        while retired < bound and self._goes_on(vcpu, whole):
            position = (position + 1) % len(ring)
            if turns is not None:
                taken = self._take_turns(turns, ring, position, min(bound - retired, self._longest_turns))
                position, whole = taken.last, taken.whole
                vcpu = ring[position]
                retired += taken.before + taken.retired
            else:
                vcpu = ring[position]
                self._switch(vcpu)
                self._scheduled(vcpu)
                length = min(self._quantum, bound - retired)
                done = self.slice(vcpu, length)
                retired, whole = retired + done, done == length
        return retired

    def _goes_on(self, vcpu: Vcpu, whole: bool) -> bool:
        """Tells whether a slice was nothing but its instructions, so that the next turn can follow at once."""
        return whole and self._calm and not (vcpu.waiting or vcpu.pe.stopped or vcpu.pe.has_step)

    def _switch(self, vcpu: Vcpu) -> None:
        self._turn, self._left = vcpu.index, self._quantum

    def _turns_of(self, ring: list[Vcpu]) -> Ring | None:
        """Returns the ring as the engine has it, None where each turn has to begin here."""
        if self._turns is None or self._turns[0] is not ring:
            self._turns = ring, Ring([vcpu.pe for vcpu in ring], partial(self._turn_begun, ring))
        turns = self._turns[1]
        return turns if turns.may_turn() and not self._hypervisor.controller.follows_schedule else None

    def _take_turns(self, turns: Ring, ring: list[Vcpu], position: int, count: int) -> Turns:
        """Lets the engine give turns, of which the last is then as if it had been a slice here."""
        clock = self._clock
        try:
            taken = turns.run(position, self._quantum, count, clock.now(), clock.rate)
        finally:
            told = clock.running is not None
            if told:
                clock.stop()
        vcpu = ring[taken.last]
        if not told:
            clock.pass_by(taken.before + taken.retired)
            self._switch(vcpu)
        self._has_run(vcpu, taken.retired)
        return taken

    def _turn_begun(self, ring: list[Vcpu], position: int, before: int) -> None:
        """Begins a slice here in which something happens, after turns that retired so many instructions."""
        vcpu = ring[position]
        self._switch(vcpu)
        self._began = vcpu.pe.retired_before
        self._clock.pass_by(before)
        self._clock.start(vcpu.pe)

    def slice(self, vcpu: Vcpu, length: int) -> int:
        """Runs one slice; returns the instructions it retired."""
        if vcpu.resume is not None:
            self._hypervisor.power.resume(vcpu)
        pe = vcpu.pe
        self._began = pe.retired_before
        self._clock.start(pe)
        try:
            retired = pe.run(length)
        finally:
            self._clock.stop()
        self._has_run(vcpu, retired)
        return retired

    def _has_run(self, vcpu: Vcpu, retired: int) -> None:
        pe = vcpu.pe
        self._left -= retired
        if self._left < 0 and not self._only:
            self._left %= self._quantum  # turns that it had one after the other, alone
        if pe.waiting:  # a WFI that EL2 does not trap
            vcpu.waiting = True
        register = pe.event_register
        self._polled = vcpu if register.polls else None
        if vcpu.waiting or register.asleep or vcpu.power is not Power.ON:
            self._ring = None

    def interruptible(self) -> AbstractContextManager[Callable[[], None]]:
        """Returns a context with a function that ends the running slice at its next exit.

        A signal's handler may call it, whatever is going on: nothing is stopped there, but each exit's own handler
        is made to do so once it has served.
        """
        return ending_at_exits(self._vcpus, self._unsettle)

    def reset(self) -> None:
        """Gives CPU0 its turn, as after a system reset."""
        self._turn, self._left = 0, self._quantum
        self._polled = self._ring = None

    # What may change who runs

    def _unsettle(self) -> None:
        self._calm = False

    def _disturb(self) -> None:
        """Lets others have turns from where this one ends: the slice of one that ran alone ends there."""
        self._calm = False
        self._ring = None
        pe = self._clock.running
        if pe is not None and self._alone and not self._only:
            left = self._left - (pe.retired - self._began)
            pe.shorten(left if left >= 0 else left % self._quantum)

    def _peer_started(self) -> None:
        """Counts the quantum from here where a second vCPU comes on while one runs."""
        self._calm = False
        self._ring = None
        pe = self._clock.running
        if pe is not None:
            pe.shorten(self._quantum)
            self._left = self._quantum + pe.retired - self._began  # the slice's own length is yet to come off

    def _send_event(self) -> None:
        """Sets the event register of every PE: SEV (D1.6.1)."""
        for vcpu in self._vcpus:
            vcpu.pe.event_register.is_set = True
        if self._asleep:
            self._disturb()

    def _line_moved(self, vcpu: Vcpu, _level: bool) -> None:
        """Ends the turn where an interrupt input of a PE in WFE moved, which may wake it."""
        if self._asleep and vcpu.pe.event_register.asleep:
            self._disturb()
