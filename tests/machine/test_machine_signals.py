# SPDX-License-Identifier: MIT
"""Signals while a machine runs: a Stop where a face attends the run, KeyboardInterrupt where nobody does."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from typing import Any

import pytest

from harness import Machine, StopReason
from harness.arch.esr import EC
from harness.asm import assemble
from harness.run.stop import Stop

CALLS = """
_start: mov     x0, #0x84000000         // PSCI_VERSION, for ever
        hvc     #0
        b       _start
"""
USUAL = {
    signal.SIGINT: signal.default_int_handler,
    signal.SIGTERM: signal.SIG_DFL,
    signal.SIGHUP: signal.SIG_DFL,
}


@pytest.fixture(autouse=True)
def usual_handlers() -> Iterator[None]:
    """As in a process of its own, and looked at after each test: a run leaves no handler behind."""
    before = {number: signal.signal(number, handler) for number, handler in USUAL.items()}
    try:
        yield
        assert {number: signal.getsignal(number) for number in USUAL} == USUAL
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def run_and_signal(machine: Machine, *numbers: int, at_exit: int = 5) -> Stop:
    """Runs the guest; at an exit, amid its handler, the signals come."""
    machine.load(assemble(CALLS))
    pe = machine.cpus[0].pe
    serve, exits = pe.handlers[EC.HVC64], 0

    def handler(pe: Any, esr: int) -> None:
        nonlocal exits
        exits += 1
        if exits == at_exit:
            for number in numbers:
                signal.raise_signal(number)
        serve(pe, esr)

    pe.handlers[EC.HVC64] = handler
    try:
        return machine.run(limit=300_000)
    finally:
        assert pe.handlers[EC.HVC64] is handler  # what the run changed for the signal it has put back


@pytest.mark.parametrize("number", USUAL)
def test_it_ends_the_run_at_the_next_exit(number: signal.Signals) -> None:
    """However long the slice: an exit takes microseconds, and a slice has a million instructions."""
    with Machine() as machine:
        machine.attendance.turn = lambda: None
        stop = run_and_signal(machine, number)
        assert (stop.reason, stop.signal, stop.ok) == (StopReason.INTERRUPTED, number, False)
        assert stop.instructions <= 6 * 3
        name = "Ctrl-C" if number == signal.SIGINT else number.name
        assert stop.detail.startswith(f"{name}: CPU0 is at `_start+0x")
        assert machine.ledger.total in (5, 6)
        again = machine.run(limit=300)  # and the run can be continued
        assert again.reason is StopReason.LIMIT


def test_nobody_attending_ctrl_c_is_an_exception() -> None:
    with Machine() as machine, pytest.raises(KeyboardInterrupt):
        run_and_signal(machine, signal.SIGINT)


def test_a_second_ctrl_c_does_not_wait() -> None:
    with Machine() as machine:
        machine.attendance.turn = lambda: None
        with pytest.raises(KeyboardInterrupt):
            run_and_signal(machine, signal.SIGINT, signal.SIGINT)


def test_a_handler_of_somebody_else_stays() -> None:
    came: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _frame: came.append(number))
    try:
        with Machine() as machine:
            machine.attendance.turn = lambda: None
            assert run_and_signal(machine, signal.SIGTERM).reason is StopReason.LIMIT
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
    assert came == [signal.SIGTERM]


def test_a_turn_comes_between_slices_and_changes_nothing() -> None:
    """The guest's time, its events and its end are the same with and without somebody who watches."""
    seen = []
    for turns in (None, lambda: None):
        with Machine(cpus=1) as machine:
            events: list[Any] = []
            machine.load(assemble(CALLS))
            machine.listen(events.append)
            machine.attendance.turn = turns
            machine.run(limit=2_000)
            seen.append((machine.ticks, events))
    assert seen[0] == seen[1]
