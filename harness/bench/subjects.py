# SPDX-License-Identifier: MIT
"""Two subjects of a comparison, each ready to run a guest: the harness, and bare Unicorn."""

from __future__ import annotations

from collections.abc import Callable

from harness.arch.rvic import RVIC_BASE, RvicCall
from harness.bench.guests import INTID, Guest
from harness.engine.baseline import Bare, Callback
from harness.machine import Machine
from harness.run.stop import StopReason

CALLS_PER_CYCLE = 3  # Signal, Acknowledge, ClearMasked
WARM_UP = 2  # turns of the loop before anything is timed: code is translated, pages are mapped


def in_harness(guest: Guest, *, ledger: bool = False) -> Machine:
    """Returns a machine that has warmed up."""
    machine = Machine(ledger=ledger, backend="view")
    machine.load(guest.program)
    run(machine, WARM_UP * guest.loop)
    return machine


def run(machine: Machine, instructions: int) -> None:
    """Runs so many instructions, no fewer: anything else that stops the guest is a bug."""
    stop = machine.run(limit=instructions)
    if stop.reason is not StopReason.LIMIT:
        raise RuntimeError(f"a benchmark's guest stopped: {stop.reason.value}: {stop.detail}")


def bare(guest: Guest, callback: Callable[[Bare], Callback], *, counted: bool = True) -> Bare:
    """Returns bare Unicorn that has warmed up: for a count of instructions, else until its callback stops it."""
    address, image = guest.image
    unicorn = Bare(address, image, guest.program.symbols["data"])
    unicorn.pc = guest.program.entry
    unicorn.on_exception(callback(unicorn))
    unicorn.run(WARM_UP * guest.loop if counted else 0)
    return unicorn


def empty(_unicorn: Bare) -> Callback:
    """Returns the least callback there can be."""

    def callback(_handle: int, _number: int, _user: int) -> None:
        return

    return callback


def stop(unicorn: Bare) -> Callback:
    """Returns a callback that ends the run at the first exception."""

    def callback(_handle: int, _number: int, _user: int) -> None:
        unicorn.stop()

    return callback


def interrupts(unicorn: Bare) -> Callback:
    """Returns the least callback for Signal, Acknowledge and ClearMasked: VI up, VI down, results."""
    x, virq = unicorn.x, unicorn.virq
    signal, acknowledge = RVIC_BASE + RvicCall.SIGNAL, RVIC_BASE + RvicCall.ACKNOWLEDGE

    def callback(_handle: int, _number: int, _user: int) -> None:
        function = x[0]
        if function == signal:
            virq(True)
        elif function == acknowledge:
            virq(False)
            x[1] = INTID
        x[0] = 0

    return callback
