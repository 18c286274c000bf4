# SPDX-License-Identifier: MIT
"""Schedule of the vCPUs: round-robin by a quantum, on one time line, exact to the instruction.

The position in the quantum is kept between runs, so that a run that is stopped and continued executes the same
instructions in the same order as one that is not.

A vCPU that waits in WFE is passed over until an event or an interrupt wakes it, or its event stream. One that waits
with its exclusive monitor armed polls: it looks again after another vCPU has run, which may have written there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TypeAlias

from harness.board.board import Board
from harness.board.clock import Clock
from harness.el2 import Hypervisor, Power, Vcpu
from harness.engine import PE, OnCall, OnLoad, OnStore

Handler: TypeAlias = Callable[[PE, int], object]

LONGEST_SLICE = 5_000_000  # instructions; lets Python see a Ctrl-C about every 20 ms


class Scheduler:
    """Scheduler of one machine: it interleaves the vCPUs."""

    def __init__(self, hypervisor: Hypervisor, board: Board, clock: Clock, quantum: int) -> None:
        self._hypervisor = hypervisor
        self._vcpus = hypervisor.vcpus
        self._board = board
        self._clock = clock
        self._quantum = quantum
        self._turn = 0
        self._left = quantum
        self._began = 0  # what the PE of the present slice had retired when it began
        self._polled: Vcpu | None = None  # who polled last, if nobody has run since
        self._streamed = [0] * len(self._vcpus)  # up to when each vCPU has seen its event stream
        hypervisor.power.started = self._peer_started
        for vcpu in self._vcpus:
            vcpu.pe.event_register.on_sev = self._send_event
            vcpu.nirq.listen(partial(self._irq_moved, vcpu.pe))

    def next(self) -> Vcpu | None:
        """Returns the vCPU whose turn it is, its physical interrupts taken; None if none can run.

        In the midst of a turn only the vCPU itself takes what is signalled to its CPU. The others do so between
        turns, and not wherever a run happens to be stopped and continued.
        """
        current = self._vcpus[self._turn]
        if self._left > 0 and current.runnable and current.pe.event_register.awake():
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
                    self._hypervisor.controller.scheduled(vcpu)
                return vcpu
        return None

    def _may_go_on(self, vcpu: Vcpu) -> bool:
        """Tells whether a vCPU in WFE looks again without an event sent to it, or has one from its event stream."""
        due = self._stream_due(vcpu)
        streamed = due is not None and due <= self._clock.now()
        if streamed:
            self._streamed[vcpu.index] = self._clock.now()
        if streamed or (vcpu.pe.event_register.polls and vcpu is not self._polled):
            vcpu.pe.event_register.wake()
        return not vcpu.pe.event_register.asleep

    def _stream_due(self, vcpu: Vcpu) -> int | None:
        timer = self._board.timers[vcpu.index]
        timer.set_cntkctl(vcpu.pe.sysreg["CNTKCTL_EL1"])  # which the guest writes without an exit
        return timer.next_event(self._streamed[vcpu.index])

    def deadline(self) -> int | None:
        """Returns the tick of the next event that an event stream has for a vCPU in WFE."""
        asleep = [vcpu for vcpu in self._vcpus if vcpu.runnable and vcpu.pe.event_register.asleep]
        return min((due for vcpu in asleep if (due := self._stream_due(vcpu)) is not None), default=None)

    def time_jumped(self) -> None:
        """Lets who polls look again: devices act now, and may write to memory."""
        self._polled = None

    def _send_event(self) -> None:
        """Sets the event register of every PE: SEV (D1.6.1)."""
        for vcpu in self._vcpus:
            vcpu.pe.event_register.is_set = True

    def length(self, bound: int) -> int:
        """Returns the instructions of the next slice: up to ``bound``, the quantum if others may run."""
        on = sum(vcpu.power is Power.ON for vcpu in self._vcpus)
        return max(1, min(bound, self._left if on > 1 else LONGEST_SLICE))

    def run(self, vcpu: Vcpu, length: int) -> int:
        """Runs one slice; returns the instructions it retired."""
        if vcpu.resume is not None:
            self._hypervisor.power.resume(vcpu)
        self._clock.start(vcpu.pe)
        self._began = vcpu.pe.retired
        try:
            retired = vcpu.pe.run(length)
        finally:
            self._clock.stop()
        self._left -= retired
        if vcpu.pe.waiting:  # a WFI that EL2 does not trap
            vcpu.waiting = True
        self._polled = vcpu if vcpu.pe.event_register.polls else None
        return retired

    @contextmanager
    def interruptible(self) -> Iterator[Callable[[], None]]:
        """Yields a function that ends the running slice at its next exit.

        A signal's handler may call it, whatever is going on: nothing is stopped there, but each exit's own handler
        is made to do so once it has served.
        """
        before: list[tuple[PE, list[Handler], OnCall | None, OnLoad | None, OnStore | None]] = []

        def leave() -> None:
            for vcpu in self._vcpus:
                pe, handlers = vcpu.pe, vcpu.pe.handlers
                before.append((pe, handlers[:], pe.on_call, pe.on_load, pe.on_store))
                pe.on_call = pe.on_load = pe.on_store = None  # so that the handler serves it
                handlers[:] = [partial(_serve_and_stop, handler) for handler in handlers]

        try:
            yield leave
        finally:
            for pe, handlers, on_call, on_load, on_store in before:
                pe.handlers[:] = handlers
                pe.on_call, pe.on_load, pe.on_store = on_call, on_load, on_store

    def reset(self) -> None:
        """Gives CPU0 its turn, as after a system reset."""
        self._turn, self._left = 0, self._quantum
        self._polled = None

    def _peer_started(self) -> None:
        """Counts the quantum from here where a second vCPU comes on while one runs."""
        pe = self._clock.running
        if pe is not None:
            pe.shorten(self._quantum)
            self._left = self._quantum + pe.retired - self._began  # the slice's own length is yet to come off

    def _irq_moved(self, pe: PE, level: bool) -> None:
        """Ends the running slice where its CPU has a physical interrupt to take."""
        if level and self._clock.running is pe:
            pe.shorten(0)


def _serve_and_stop(serve: Handler, pe: PE, esr: int) -> None:
    serve(pe, esr)
    pe.stop()
