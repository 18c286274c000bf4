# SPDX-License-Identifier: MIT
"""The life of the first interrupt, picked out of the events."""

from __future__ import annotations

from harness.cli.life import MOST_EVENTS, FirstLife
from harness.trace.events import (
    AlsoPending,
    DataAbort,
    Eret,
    Event,
    Hvc,
    PhysicalIrq,
    SysregTrap,
    VirqLowered,
    VirqRaised,
    VirqTaken,
    Wfx,
)

RVIC = 0xC500_0200


def hvc(call: str, intid: int | None, *, cpu: int = 0, target: int | None = None) -> Hvc:
    return Hvc(1, cpu, 0x4008_0000, RVIC, (0, 0, 0), (0, 0), intid, call, target)


BOOT: list[Event] = [hvc("RVIC.SetMasked", 27), hvc("RVIC.Enable", None)]
LIFE: list[Event] = [
    PhysicalIrq(2, 0, 0, 27, 27),
    VirqRaised(2, 0, 27),
    VirqTaken(2, 0, 0, 0x280),
    hvc("RVIC.Acknowledge", 27),
    VirqLowered(3, 0, 27),
    hvc("RVIC.Resample", 27),
    hvc("RVIC.ClearMasked", 27),
    Eret(4, 0, 0, 0),
]


def heard(*events: Event) -> FirstLife:
    life = FirstLife()
    for event in events:
        life(event)
    return life


def test_it_runs_from_the_physical_interrupt_to_the_return() -> None:
    life = heard(*BOOT, *LIFE, *LIFE)
    assert life.events == LIFE
    assert (life.intid, life.cpu) == (27, 0)
    assert life.complete


def test_it_follows_one_vcpu() -> None:
    other = hvc("RVIC.SetMasked", 40, cpu=1)
    life = heard(*LIFE[:4], other, *LIFE[4:])
    assert life.events == LIFE


def test_an_interrupt_that_finds_the_vcpu_waiting_begins_with_the_wait() -> None:
    wait = Wfx(1, 0, 0, False)
    events = [wait, AlsoPending(2, 0, 27, 27), *LIFE[1:]]
    assert heard(*BOOT, *events).events == events
    assert heard(wait, *BOOT, *LIFE).events == LIFE


def test_an_ipi_starts_with_the_call_that_sends_it() -> None:
    kick = PhysicalIrq(3, 1, 0, 0, 5)
    events: list[Event] = [
        hvc("RVIC.Signal", 5, target=1),
        VirqRaised(2, 1, 5),
        kick,
        VirqTaken(4, 1, 0, 0x280),
        hvc("RVIC.Acknowledge", 5, cpu=1),
        hvc("RVIC.ClearMasked", 5, cpu=1),
        Eret(6, 1, 0, 0),
    ]
    unrelated = hvc("RVIC.Signal", 6, target=1)
    life = heard(*events[:3], unrelated, *events[3:])
    assert life.events == events
    assert life.cpu == 1


def test_what_was_withdrawn_before_it_was_taken_is_forgotten() -> None:
    life = heard(VirqRaised(1, 0, 9), VirqLowered(1, 0, 9), *LIFE)
    assert life.events == LIFE


def test_the_handlers_own_accesses_are_counted_and_passed_over() -> None:
    uart = DataAbort(3, 0, 0, 0x0900_0000, 4, True, 0x41)
    timer = SysregTrap(3, 0, 0, "CNTV_CTL_EL0", True, 0)
    life = heard(uart, *LIFE[:4], uart, timer, *LIFE[4:], uart)
    assert life.events == LIFE
    assert life.passed_over == 2


def test_a_life_without_an_end_is_cut() -> None:
    again = hvc("RVIC.IsPending", 27)
    life = heard(*LIFE[:3], *[again] * 100)
    assert len(life.events) == MOST_EVENTS
    assert life.done
    assert not life.complete


def test_a_run_without_interrupts_has_none() -> None:
    life = heard(*BOOT)
    assert not life.taken
    assert life.events == []
