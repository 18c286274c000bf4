# SPDX-License-Identifier: MIT
"""The life of the first interrupt, picked out of the events: the ledger's own account of it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from thorough import ALL

from harness import ConfigError, Machine
from harness.cli.life import MOST_EVENTS, FirstLife
from harness.scenario.find import find_guest
from harness.scenario.prepare import prepare
from harness.trace import Ledger, Occurrence
from harness.trace.events import (
    Acknowledged,
    AlsoPending,
    Completed,
    Eret,
    Event,
    Hvc,
    Mmio,
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
    assert (life.intid, life.cpu, life.world_switches) == (27, 0, 4)
    assert life.ended
    assert life.done


def test_it_follows_one_vcpu() -> None:
    other = hvc("RVIC.SetMasked", 40, cpu=1)
    life = heard(*LIFE[:4], other, *LIFE[4:])
    assert life.events == LIFE


def test_an_interrupt_that_finds_the_vcpu_waiting_begins_with_the_wait() -> None:
    wait = Wfx(1, 0, 0, False)
    events = [wait, AlsoPending(2, 0, 27, 27), *LIFE[1:]]
    assert heard(*BOOT, *events).events == events
    assert heard(wait, *BOOT, *LIFE).events == LIFE


def test_an_ipi_starts_with_the_call_that_sends_it_and_has_no_part_in_the_answer() -> None:
    kick = PhysicalIrq(3, 1, 0, 0, 5)
    events: list[Event] = [
        hvc("RVIC.Signal", 5, target=1),
        VirqRaised(2, 1, 5),
        kick,
        VirqTaken(4, 1, 0x4008_0010, 0x280),
        hvc("RVIC.Acknowledge", 5, cpu=1),
        hvc("RVIC.ClearMasked", 5, cpu=1),
        Eret(6, 1, 0, 0x4008_0010),
    ]
    unrelated = hvc("RVIC.Signal", 6, target=1)
    answer = hvc("RVIC.Signal", 5, cpu=1, target=0)
    life = heard(*events[:3], unrelated, *events[3:6], answer, *events[6:])
    assert life.events == events
    assert (life.cpu, life.world_switches) == (1, 4)


def test_what_was_withdrawn_before_it_was_taken_is_forgotten() -> None:
    life = heard(VirqRaised(1, 0, 9), VirqLowered(1, 0, 9), *LIFE)
    assert life.events == LIFE


def test_the_handlers_own_accesses_are_counted_and_passed_over() -> None:
    uart = Mmio(3, 0, 0, 0x0900_0000, 4, True, 0x41, "PL011")
    gic = Mmio(3, 0, 0, 0x0801_000C, 4, False, 27, "GICC")
    timer = SysregTrap(3, 0, 0, "CNTV_CTL_EL0", True, 0)
    life = heard(uart, *LIFE[:4], uart, timer, gic, *LIFE[4:], uart)
    assert life.events == LIFE
    assert life.passed_over == 2


def test_an_interrupt_whose_whole_life_is_no_exit_costs_nothing() -> None:
    """The guest owns the GIC: an acknowledge and an end that EL2 does not see."""
    events: list[Event] = [
        VirqRaised(1, 0),
        VirqTaken(2, 0, 0, 0x280),
        Acknowledged(3, 0, 27),
        VirqLowered(3, 0),
        Completed(4, 0, 27),
        Eret(5, 0, 0, 0),
    ]
    life = heard(*events, *events)
    assert (life.events, life.world_switches, life.done) == (events, 0, True)


def test_one_that_the_guest_polls_for_ends_with_its_end() -> None:
    polled = [LIFE[0], LIFE[1], LIFE[3], LIFE[4], LIFE[6]]
    life = heard(*BOOT, *polled, *LIFE)
    assert (life.events, life.world_switches, life.done) == (polled, 3, True)


def test_one_whose_handler_never_returns_ends_with_the_next_that_is_taken() -> None:
    life = heard(*LIFE[:-1], VirqTaken(9, 0, 4, 0x280), *LIFE)
    assert (life.events, life.done) == (LIFE[:-1], True)


def test_a_life_without_an_end_is_cut() -> None:
    again = hvc("RVIC.IsPending", 27)
    life = heard(*LIFE[:4], *[again] * 100)
    assert len(life.events) == MOST_EVENTS
    assert life.done
    assert not life.ended


def test_a_run_without_interrupts_has_none() -> None:
    life = heard(*BOOT)
    assert life.intid is None
    assert life.events == []


CPU = st.integers(0, 1)
INTID = st.sampled_from([3, 27])
CALLS = ("Signal", "Acknowledge", "ClearMasked", "ClearPending", "SetMasked", "Resample")
STEPS = st.one_of(
    st.builds(
        lambda call, intid, cpu, target: hvc("RVIC." + call, intid, cpu=cpu, target=target),
        st.sampled_from(CALLS),
        INTID,
        CPU,
        st.none() | CPU,
    ),
    st.builds(lambda cpu, intid: PhysicalIrq(1, cpu, 0, 27, intid), CPU, INTID),
    st.builds(lambda cpu, intid: AlsoPending(1, cpu, 27, intid), CPU, INTID),
    st.builds(lambda cpu: Wfx(1, cpu, 0, False), CPU),
    st.builds(lambda cpu: Eret(1, cpu, 0, 0), CPU),
    st.builds(lambda cpu: VirqTaken(1, cpu, 0, 0x280), CPU),
    st.builds(
        lambda kind, cpu, intid: kind(1, cpu, intid),
        st.sampled_from([VirqRaised, VirqLowered, Acknowledged, Completed]),
        CPU,
        INTID,
    ),
)


@settings(derandomize=True, max_examples=6_000 if ALL else 200, deadline=None)
@given(st.lists(STEPS, max_size=40))
def test_it_is_the_ledgers_account_whatever_comes(events: list[Event]) -> None:
    ledger, life = Ledger(), FirstLife()
    for event in events:
        ledger(event)
        life(event)
        if life.ended:
            break
    if life.ended:
        last = ledger.occurrences[-1]
        assert (last.vcpu, last.intid, last.world_switches) == (life.cpu, life.intid, life.world_switches)
        assert life.world_switches == sum(event.world_switch for event in life.events)
        assert not any((one.vcpu, one.intid) == (life.cpu, life.intid) for one in taken(ledger)[:-1])


def taken(ledger: Ledger) -> list[Occurrence]:
    return [one for one in ledger.occurrences if not one.withdrawn]


@pytest.mark.parametrize("controller", ["rvic", "vgic", "trap", "gicv2"])
@pytest.mark.parametrize(("firmware", "cpus"), [("tick", 1), ("ipi", 2), ("spi", 1), ("spurious", 2)])
def test_of_a_whole_guest_it_is_the_ledgers_and_costs_nothing_afterwards(
    firmware: str, cpus: int, controller: str
) -> None:
    manifest = find_guest(firmware).with_machine(controller=controller, cpus=cpus)
    with prepare(manifest) as machine:
        life = FirstLife()

        def listen(event: Event) -> None:
            life(event)
            if life.done:
                machine.unlisten(listen)

        machine.listen(listen)
        machine.run(limit=manifest.limit)
        account = [one for one in taken(machine.ledger) if (one.vcpu, one.intid) == (life.cpu, life.intid)]
        watched = [pe.breakpoints.on_eret or pe.breakpoints.on_virq for pe in (c.pe for c in machine.cpus)]
        assert (life.ended, life.done) == (True, True)
        assert listen not in machine.events.listeners
    assert watched == [None] * cpus
    assert life.world_switches == account[0].world_switches
    assert isinstance(life.events[-1], Eret)


def test_nobody_can_stop_to_listen_who_does_not() -> None:
    with Machine(memory="2M") as machine, pytest.raises(ConfigError, match="nobody listens"):
        machine.unlisten(print)
