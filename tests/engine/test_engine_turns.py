# SPDX-License-Identifier: MIT
"""Turns of several CPUs in a row: the same as slices, but told of only where something happens."""

from __future__ import annotations

import pytest
from engine_rig import RAM, Rig

from harness.arch.esr import EC
from harness.engine import PE, Ring, Turns
from harness.errors import ClosedError

NATIVE = pytest.mark.parametrize("backend", ["c"])
CALLS = """
    mov x1, #0
next: add x1, x1, #1
    and x2, x1, #63
    cbnz x2, next
    hvc #7
    b next
"""
"""A call from time to time: after 3 instructions for each of 64 turns of the loop, and two more."""


def start(rig: Rig, code: str) -> None:
    """Lets all run from here; its page is mapped, so that this is nothing that happens."""
    rig.load(code)
    rig.pe.run(1)
    rig.pe.reset(RAM, 0)


def ring(rig: Rig, cpus: int, code: str = CALLS) -> tuple[Ring, list[tuple[int, int, int]]]:
    """Makes a ring of CPUs that run this code, and a list of whose turns were told: CPU, before, retired."""
    while len(rig.pes) < cpus:
        rig.add()
    start(rig, code)
    told: list[tuple[int, int, int]] = []
    return Ring(rig.pes, lambda n, before: told.append((n, before, rig.pes[n].retired_before))), told


def turns(rig: Rig, one: Ring, first: int, quantum: int, count: int, now: int = 0) -> list[Turns]:
    """Takes turns until so many instructions have run, as a schedule would: from who was next."""
    taken = []
    while count:
        taken.append(one.run(first, quantum, count, now, 1))
        retired = taken[-1].before + taken[-1].retired
        count, now, first = count - retired, now + retired, (taken[-1].last + 1) % len(rig.pes)
    return taken


@NATIVE
@pytest.mark.parametrize("quantum", [1, 3, 10, 97, 1000])
@pytest.mark.parametrize("cpus", [1, 2, 5])
def test_they_are_slices(rig: Rig, cpus: int, quantum: int) -> None:
    other = Rig(rig.backend)
    for _ in range(cpus):
        other.add()
    start(other, CALLS)
    one, told = ring(rig, cpus)
    count = 5 * 1000 // quantum * quantum
    taken = turns(rig, one, 0, quantum, count)
    for n in range(count // quantum):
        other.pes[n % cpus].run(quantum)
    assert rig.calls == other.calls
    assert len(rig.calls) > 20
    for here, there in zip(rig.pes, other.pes, strict=True):
        assert (here.pc, here.x[1], here.retired) == (there.pc, there.x[1], there.retired)
        there.close()
    assert all(each.whole for each in taken)
    assert taken[-1].before + taken[-1].retired <= count
    assert {n for n, _, _ in told} == {pe for pe, _, _, _ in rig.calls}
    assert len(told) <= len(rig.calls)


@NATIVE
def test_a_turn_is_told_of_before_anything_in_it(rig: Rig) -> None:
    one, told = ring(rig, 2)
    seen: list[tuple[int, bool]] = []
    rig.pes[1].handlers[EC.HVC64] = lambda pe, esr: seen.append((len(told), pe.running))
    rig.pes[0].handlers[EC.HVC64] = rig.pes[1].handlers[EC.HVC64]
    assert one.run(1, 100, 1000, 0, 1) == Turns(last=1, before=200, retired=100, whole=True)
    assert told == [(1, 200, 100)]
    assert seen == [(1, True)]
    assert not rig.pes[1].running


@NATIVE
def test_who_stops_ends_the_turn(rig: Rig) -> None:
    one, _ = ring(rig, 2, "mov x1, #40\nagain: subs x1, x1, #1\n b.ne again\n hvc #0\n b .")
    assert one.run(0, 30, 1000, 0, 1) == Turns(last=0, before=120, retired=22, whole=False)
    assert rig.pes[0].stopped
    assert not rig.pes[1].stopped


@NATIVE
def test_one_that_waits_ends_its_turn_untold(rig: Rig) -> None:
    one, told = ring(rig, 2, "mov x1, #1\n wfi\n b .")
    for pe in rig.pes:
        pe.trap_wfi = False
    taken = one.run(0, 10, 1000, 0, 1)
    assert (taken.last, taken.before, taken.whole) == (0, 0, False)
    assert rig.pes[0].waiting
    assert not rig.pes[1].waiting
    assert [n for n, _, _ in told] == [0]


@NATIVE
def test_a_breakpoint_is_told_of_first(rig: Rig) -> None:
    one, told = ring(rig, 2)
    reached: list[tuple[int, int]] = []

    def stop(pe: PE) -> None:
        reached.append((pe.retired, len(told)))
        pe.stop()

    rig.pes[1].add_breakpoint(RAM + 8, stop)
    taken = one.run(0, 1, 100, 0, 1)
    assert taken == Turns(last=1, before=5, retired=0, whole=False)
    assert reached == [(2, 1)]


@NATIVE
def test_what_a_handler_raises_comes_out_and_the_next_turns_go_on(rig: Rig) -> None:
    one, _ = ring(rig, 2)

    def fails(pe: PE, esr: int) -> None:
        raise LookupError(f"of {pe.index}")

    served, rig.pes[1].handlers[EC.HVC64] = rig.pes[1].handlers[EC.HVC64], fails
    with pytest.raises(LookupError, match="of 1"):
        turns(rig, one, 1, 50, 1000)
    rig.pes[1].handlers[EC.HVC64] = served
    assert not rig.pes[1].running
    assert turns(rig, one, 0, 50, 1000)[-1].whole


@NATIVE
def test_what_the_beginning_raises_comes_out(rig: Rig) -> None:
    ring(rig, 2)

    def begun(n: int, before: int) -> None:
        raise LookupError("no turn")

    with pytest.raises(LookupError, match="no turn"):
        Ring(rig.pes, begun).run(0, 50, 1000, 0, 1)


@NATIVE
def test_the_counter_is_that_of_all(rig: Rig) -> None:
    one, _ = ring(rig, 2, "again: mrs x5, cntvct_el0\n add x6, x6, x5\n b again")
    for pe in rig.pes:
        pe.on_system_register.update(
            {each: (lambda pe: 0, None) for each in ((3, 3, 14, 0, 1), (3, 3, 14, 0, 2))}  # type: ignore[misc]
        )
        pe.serve_counts(0)
    assert one.run(0, 3, 18, 100, 2) == Turns(last=1, before=15, retired=3, whole=True)
    assert [pe.x[5] for pe in rig.pes] == [100 + 2 * 13, 100 + 2 * 16]


@NATIVE
def test_a_step_alone_comes_first(rig: Rig) -> None:
    one, _ = ring(rig, 2)
    assert one.may_turn()
    rig.pes[1].step(lambda: None)
    assert not one.may_turn()


@pytest.mark.parametrize("backend", ["view", "api"])
def test_only_the_core_takes_turns(rig: Rig) -> None:
    assert not ring(rig, 2)[0].may_turn()


@NATIVE
def test_turns_of_nobody_are_refused(rig: Rig) -> None:
    registers = rig.pe.registers
    for bad in (((), 0, 1, 1), ((registers,), -1, 1, 1), ((registers,), 0, 0, 1), ((registers,), 0, 1, 0)):
        with pytest.raises(ValueError, match="no turns"):
            registers.take_turns(*bad, 0, 1, print)
    with pytest.raises(TypeError, match="not a CPU"):
        registers.take_turns((registers, None), 0, 1, 1, 0, 1, print)  # type: ignore[arg-type]


@NATIVE
def test_a_closed_cpu_has_no_turn(rig: Rig) -> None:
    one, _ = ring(rig, 2)
    rig.pes[1].close()
    with pytest.raises(ClosedError):
        one.run(0, 10, 100, 0, 1)
