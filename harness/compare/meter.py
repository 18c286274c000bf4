# SPDX-License-Identifier: MIT
"""Meter around a guest: it drives the device that interrupts the guest, and counts the exits.

The guest speaks to it by reaching a label (guest_asm/compare/bench.inc), which is no exit. So the device costs no
more than one that is assigned to the guest, its registers mapped through by stage 2, and every exit that is counted
was made for an interrupt and its controller.
"""

from __future__ import annotations

from collections.abc import Callable

from harness.engine import PE
from harness.machine import Machine
from harness.trace import Ledger
from harness.trace.events import (
    DataAbort,
    Eret,
    Event,
    Hvc,
    InstructionAbort,
    PhysicalIrq,
    Smc,
    VirqLowered,
    VirqRaised,
    VirqTaken,
    Wfx,
)
from harness.trace.roles import IRQ_LABELS

HOST_CALLS = frozenset(
    f"PSCI.{name}" for name in ("CPU_ON", "CPU_OFF", "CPU_SUSPEND", "SYSTEM_OFF", "SYSTEM_RESET")
)
EL2_INTIDS = frozenset(IRQ_LABELS)  # kicks and maintenance
MARKS_OWN = 2  # instructions between two marks that are the marks': RET of the first, BL of the second


class Meter:
    """Driver of a guest's device that keeps its account.

    ``ledger`` has every exit between the guest's ``bench_start`` and ``bench_stop``, ``outside`` every other one.
    ``spans``: of each ``bench_begin`` to ``bench_end``, the exits in it by label. ``fetched``: of each exit for a
    physical interrupt, the guest's INTID and the tick. ``host_exits``: those that EL2 needs its host for.
    ``instructions``: those that the guest retired for what is counted; ``ticks``: the virtual time of it.
    """

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self.ledger = Ledger()
        self.outside = Ledger()
        self.fetched: set[tuple[int, int]] = set()
        self.spans: list[dict[str, int]] = []
        self.host_exits = 0
        self.span_host_exits = 0
        self.instructions = 0
        self.ticks = 0
        self._counting = False
        self._began: tuple[dict[str, int], int] = ({}, 0)
        self._entered: dict[int, int] = {}
        self._high = [False for _ in machine.cpus]  # the vCPUs' virtual IRQ lines
        machine.listen(self)
        labels: dict[str, Callable[[PE], object]] = {
            "bench_start": self._start,
            "bench_stop": self._stop,
            "bench_pulse": self._pulse,
            "bench_high": self._raise,
            "bench_low": self._lower,
            "bench_begin": self._begin,
            "bench_end": self._end,
            "bench_enter": self._enter,
            "bench_leave": self._leave,
        }
        for cpu in machine.cpus:
            for label, action in labels.items():
                cpu.pe.add_breakpoint(machine.symbols[label], action)

    # The account

    def __call__(self, event: Event) -> None:
        """Counts one event."""
        if not self._counting:
            self.outside(event)
        else:
            if needs_host(event, line_is_high=self._high[event.cpu]):
                self.host_exits += 1
            self.ledger(event)
            if (
                isinstance(event, PhysicalIrq)
                and event.intid is not None
                and event.physical not in EL2_INTIDS
            ):
                self.fetched.add((event.intid, event.tick))
            if isinstance(event, VirqTaken):
                self._entered[event.cpu] = self._machine.cpus[event.cpu].pe.retired
            elif isinstance(event, Eret) and event.cpu in self._entered:
                retired = self._machine.cpus[event.cpu].pe.retired
                self.instructions += retired + 1 - self._entered.pop(event.cpu)
        if isinstance(event, (VirqRaised, VirqLowered)):
            self._high[event.cpu] = isinstance(event, VirqRaised)

    def _start(self, _pe: PE) -> None:
        self._counting = True
        self.ticks = self._machine.ticks

    def _stop(self, _pe: PE) -> None:
        self._counting = False
        self.ticks = self._machine.ticks - self.ticks

    def _begin(self, _pe: PE) -> None:
        self._began = dict(self.ledger.by_exit), self.host_exits

    def _end(self, _pe: PE) -> None:
        before, host = self._began
        counts = ((label, count - before.get(label, 0)) for label, count in self.ledger.by_exit.items())
        self.spans.append({label: count for label, count in counts if count})
        self.span_host_exits += self.host_exits - host

    def _enter(self, pe: PE) -> None:
        self._entered[pe.index] = pe.retired

    def _leave(self, pe: PE) -> None:
        if self._counting:
            self.instructions += pe.retired - self._entered.pop(pe.index) - MARKS_OWN

    # The device

    def _pulse(self, pe: PE) -> None:
        lines = [self._machine.board.lines[intid] for intid in range(pe.x[1], pe.x[1] + pe.x[2])]

        def pulse(_machine: Machine) -> None:
            for line in lines:
                line.pulse()

        self._after(pe, pe.x[0], pulse)

    def _raise(self, pe: PE) -> None:
        line = self._machine.board.lines[pe.x[1]]
        self._after(pe, pe.x[0], lambda _: line.high())

    def _lower(self, pe: PE) -> None:
        line = self._machine.board.lines[pe.x[1]]
        self._after(pe, 0, lambda _: line.low())

    def _after(self, pe: PE, ticks: int, action: Callable[[Machine], object]) -> None:
        self._machine.at(self._machine.ticks + ticks, action)
        if ticks:
            pe.shorten(ticks)
        else:
            pe.stop()


def needs_host(event: Event, *, line_is_high: bool) -> bool:
    """Tells if an exit needs EL2's host, a VMM or its scheduler, because EL2 cannot finish it by itself.

    That is so for an access to what is neither RAM nor the interrupt controller (a device that a VMM emulates, or
    nothing), for a WFI that must wait (the host has the CPU until an interrupt comes), and for a PSCI call by
    which a vCPU starts or stops to run. Everything else concerns the vCPU's registers, its timers and the
    interrupt controller only, which are EL2's. ``line_is_high``: the level of the vCPU's virtual IRQ line.
    """
    if isinstance(event, DataAbort):
        return event.register is None
    if isinstance(event, Wfx):
        return not line_is_high
    if isinstance(event, (Hvc, Smc)):
        return event.call in HOST_CALLS
    return isinstance(event, InstructionAbort)
