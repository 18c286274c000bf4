# SPDX-License-Identifier: MIT
"""The attribution rule of harness.trace.ledger, one flow of the contract's table at a time."""

import copy
import itertools
import json
import pickle
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.trace import Ledger
from harness.trace.events import (
    SYSTEM_RESET,
    Acknowledged,
    AlsoPending,
    Completed,
    DataAbort,
    Hvc,
    InstructionAbort,
    PhysicalIrq,
    PowerChange,
    Smc,
    SysregTrap,
    VirqLowered,
    VirqRaised,
    VirqTaken,
    Wfx,
)
from harness.trace.unfinished import MOST

SUCCESS, NO_INTERRUPTS = 0, 4


class Run:
    """Writes event streams: time passes by one tick an event."""

    def __init__(self):
        self.ledger = Ledger()
        self._ticks = itertools.count(1)

    def emit(self, kind, *fields, **named):
        self.ledger(kind(next(self._ticks), *fields, **named))

    def call(self, name, intid=None, *, cpu=0, target=None, status=SUCCESS, conduit=Hvc):
        self.emit(conduit, cpu, 0x4000, 0, (0, 0, 0), (status, 0), intid, "RVIC." + name, target)

    def irq(self, intid, *, cpu=0, physical=None, target=None):
        self.emit(PhysicalIrq, cpu, 0x4000, intid if physical is None else physical, intid, target)

    def acknowledge(self, intid, cpu=0):
        self.call("Acknowledge", intid, cpu=cpu)

    def spurious(self, cpu=0):
        self.call("Acknowledge", None, cpu=cpu, status=NO_INTERRUPTS)

    def end(self, intid, cpu=0):
        self.call("ClearMasked", intid, cpu=cpu)

    def switches(self, intid):
        return self.ledger.per_interrupt(intid).switches


@pytest.fixture
def run():
    run = Run()
    yield run
    check(run.ledger)


def check(ledger):
    finished = sum(one.world_switches for one in ledger.occurrences)
    assert ledger.total == finished + ledger.in_flight + ledger.unattributed, "every exit is counted once"
    assert ledger.total == sum(ledger.by_kind.values())
    by_exit = sum(sum(ledger.per_interrupt(n).by_exit.values()) for n in ledger.intids())
    assert by_exit == finished
    assert all(one.started <= one.ended for one in ledger.occurrences)


CALLS = (
    "Signal",
    "Acknowledge",
    "ClearMasked",
    "SetMasked",
    "ClearPending",
    "IsPending",
    "Resample",
    "Enable",
)
CPU, INTID = st.integers(0, 1), st.none() | st.integers(0, 2)
STEPS = st.one_of(
    st.tuples(
        st.just("call"), st.sampled_from(CALLS), INTID, CPU, st.none() | CPU, st.sampled_from((0, 0, 0, 4))
    ),
    st.tuples(st.just("irq"), INTID, CPU, st.sampled_from((0, 33)), st.none() | CPU),
    st.tuples(st.just("queued"), INTID, CPU),
    st.tuples(st.sampled_from([Acknowledged, Completed, VirqRaised]), INTID, CPU),
    st.tuples(st.just(Wfx), CPU),
)


@settings(derandomize=True, max_examples=200, deadline=None)
@given(st.lists(STEPS, max_size=60))
def test_every_exit_is_counted_once_whatever_comes(steps):
    run = Run()
    for kind, *fields in steps:
        if kind == "call":
            name, intid, cpu, target, status = fields
            run.call(name, intid, cpu=cpu, target=target, status=status)
        elif kind == "irq":
            intid, cpu, physical, target = fields
            run.irq(intid, cpu=cpu, physical=physical, target=target)
        elif kind == "queued":
            run.emit(AlsoPending, fields[1], 33, fields[0])
        elif kind is Wfx:
            run.emit(Wfx, fields[0], 0x4000, False)
        else:
            run.emit(kind, fields[1], fields[0])
        check(run.ledger)


def test_timer_costs_four(run):
    for _ in range(3):
        run.irq(27)
        run.acknowledge(27)
        run.call("Resample", 27)
        run.end(27)
    cost = run.ledger.per_interrupt(27)
    assert (cost.count, cost.world_switches, cost.switches) == (3, 4, (4, 4, 4))
    assert cost.by_exit == {
        "PhysicalIrq": 3,
        "RVIC.Acknowledge": 3,
        "RVIC.ClearMasked": 3,
        "RVIC.Resample": 3,
    }


def test_ipi_costs_four_per_target(run):
    for target in (1, 2):
        run.call("Signal", 3, cpu=0, target=target)
    for target in (2, 1):
        run.irq(3, cpu=target, physical=0)
    for target in (1, 2):
        run.acknowledge(3, cpu=target)
        run.end(3, cpu=target)
    cost = run.ledger.per_interrupt(3)
    assert cost.switches == (4, 4)
    assert cost.by_exit == {"Kick": 2, "RVIC.Acknowledge": 2, "RVIC.ClearMasked": 2, "RVIC.Signal": 2}
    assert [one.vcpu for one in run.ledger.occurrences] == [1, 2]


def test_self_signal_needs_no_kick_and_costs_three(run):
    run.call("Signal", 3)
    run.acknowledge(3)
    run.end(3)
    assert run.switches(3) == (3,)


def test_device_edge_costs_three(run):
    run.irq(33)
    run.acknowledge(33)
    run.end(33)
    assert run.switches(33) == (3,)


def test_edge_taken_on_one_cpu_and_routed_to_another_costs_four(run):
    run.irq(33, cpu=0, target=1)
    run.irq(33, cpu=1, physical=0)
    run.acknowledge(33, cpu=1)
    run.end(33, cpu=1)
    assert run.switches(33) == (4,)
    assert run.ledger.occurrences[0].vcpu == 1


def test_edge_queued_behind_another_costs_two(run):
    run.irq(33)
    run.emit(AlsoPending, 0, 34, 34)
    run.acknowledge(33)
    run.end(33)
    run.acknowledge(34)
    run.end(34)
    assert run.switches(33) == (3,)
    assert run.switches(34) == (2,)
    assert [one.started for one in run.ledger.occurrences] == [1, 2]


def test_wfi_belongs_to_the_interrupt_that_ends_the_wait(run):
    """The WFI is the exit that a running vCPU would have made for the interrupt."""
    run.emit(Wfx, 0, 0x4000, False)
    run.emit(AlsoPending, 0, 27, 27)
    run.acknowledge(27)
    run.call("Resample", 27)
    run.end(27)
    assert run.switches(27) == (4,)
    assert run.ledger.unattributed == 0


def test_wfi_of_an_ipi_target_belongs_to_the_signal_that_wakes_it(run):
    """The wait is the target's; the signal is another vCPU's."""
    run.emit(Wfx, 1, 0x4000, False)
    run.call("Signal", 3, target=1)
    run.acknowledge(3, cpu=1)
    run.end(3, cpu=1)
    assert run.switches(3) == (4,)


@pytest.mark.parametrize("told", [27, None], ids=["by-name", "by-order"])
def test_wfi_is_not_ended_by_what_is_masked(run, told):
    """An SPI that the guest has disabled comes while it sleeps: its line rises for the timer alone."""
    run.emit(Wfx, 0, 0x4000, False)
    run.emit(AlsoPending, 0, 52, 52)
    run.emit(AlsoPending, 0, 27, 27)
    run.emit(VirqRaised, 0, told)
    run.emit(AlsoPending, 0, 53, 53)
    run.emit(SysregTrap, 0, 0x4000, "CNTP_CTL_EL0", True, 0)  # before it acknowledges
    run.acknowledge(27)
    run.end(27)
    assert run.ledger.per_interrupt(27).by_exit == {"RVIC.Acknowledge": 1, "RVIC.ClearMasked": 1, "Wfx": 1}
    assert run.ledger.intids() == (27,)


def test_wfi_that_fell_through_is_not_ended_by_the_next_interrupt(run):
    """The vCPU was running when it came: it is an exit of its own."""
    run.emit(Wfx, 0, 0x4000, False)
    run.irq(33)
    run.acknowledge(33)
    run.end(33)
    assert run.switches(33) == (3,)
    assert run.ledger.unattributed_by_exit == {"Wfx": 1}


def test_wfi_whose_interrupt_was_withdrawn_by_another_vcpu_is_unattributed(run):
    run.emit(Wfx, 1, 0x4000, False)
    run.call("Signal", 3, target=1)
    run.call("ClearPending", 3, target=1)
    run.emit(Wfx, 1, 0x4000, False)
    assert run.switches(3) == (2,)
    assert run.ledger.unattributed_by_exit == {"Wfx": 1}


def test_wfi_that_no_interrupt_ended_is_unattributed(run):
    """The vCPU went on by itself: its line was high already."""
    run.emit(Wfx, 0, 0x4000, False)
    assert run.ledger.in_flight == 1
    run.call("Enable", None)
    assert run.ledger.unattributed_by_exit == {"RVIC.Enable": 1, "Wfx": 1}
    assert run.ledger.in_flight == 0


def test_level_that_stays_high_is_acknowledged_again_for_three(run):
    """Resample re-pends; no physical interrupt comes before the second acknowledge."""
    run.irq(27)
    for _ in range(2):
        run.acknowledge(27)
        run.call("Resample", 27)
        run.end(27)
    assert run.switches(27) == (4, 3)


def test_line_withdrawn_by_clear_pending_before_the_acknowledge(run):
    run.call("Signal", 3, cpu=1, target=0)
    run.irq(3, physical=0)
    run.call("ClearPending", 3, cpu=1, target=0)
    run.spurious()
    cost = run.ledger.per_interrupt(3)
    assert (cost.switches, cost.withdrawn) == ((4,), 1)
    assert cost.by_exit == {"Kick": 1, "RVIC.Acknowledge": 1, "RVIC.ClearPending": 1, "RVIC.Signal": 1}


def test_line_hidden_by_a_mask_pays_for_the_spurious_acknowledge_when_it_is_handled(run):
    run.irq(33)
    run.call("SetMasked", 33, cpu=1, target=0)
    run.spurious()
    run.call("ClearMasked", 33, cpu=1, target=0)
    run.acknowledge(33)
    run.end(33)
    assert run.switches(33) == (6,)


def test_spurious_acknowledge_with_nothing_withdrawn_is_nobodys(run):
    run.spurious()
    assert run.ledger.unattributed_by_exit == {"RVIC.Acknowledge": 1}


def test_withdrawal_seen_by_a_later_acknowledge_is_not_charged_for_other_spurious_ones(run):
    run.irq(33)
    run.call("ClearPending", 33)
    run.irq(34)
    run.acknowledge(34)
    run.end(34)
    run.spurious()
    assert run.switches(33) == (2,)
    assert run.ledger.unattributed == 1


def test_ipi_flow_ends_before_the_handler_and_a_new_signal_is_a_new_occurrence(run):
    """Linux: Acknowledge, ClearMasked, handler; the next Signal comes while the handler runs."""
    run.call("Signal", 3)
    run.acknowledge(3)
    run.end(3)
    run.call("Signal", 3)
    run.acknowledge(3)
    run.end(3)
    assert run.switches(3) == (3, 3)


def test_signal_while_the_last_is_in_service_belongs_to_the_next(run):
    run.irq(33)
    run.acknowledge(33)
    run.irq(33)
    run.end(33)
    run.acknowledge(33)
    run.end(33)
    assert run.switches(33) == (3, 3)


def test_edges_that_meet_in_one_pending_bit_are_one_occurrence(run):
    run.irq(33)
    run.irq(33)
    run.acknowledge(33)
    run.end(33)
    assert run.switches(33) == (4,)


def test_acknowledge_without_an_end_closes_the_last_one(run):
    run.acknowledge(20)
    run.acknowledge(20)
    assert run.switches(20) == (1,)
    assert run.ledger.in_flight == 1


def test_threaded_flow_pays_for_its_mask(run):
    run.irq(33)
    run.acknowledge(33)
    run.call("SetMasked", 33)
    run.end(33)
    assert run.switches(33) == (4,)


def test_a_drivers_start_is_no_interrupt(run):
    """Linux per-CPU start: Disable, SetMasked and ClearPending for each INTID, Enable, first unmask."""
    run.call("Disable")
    for intid in range(64):
        run.call("SetMasked", intid)
        run.call("ClearPending", intid)
    run.call("Enable")
    run.end(27)
    assert run.ledger.unattributed == run.ledger.total == 131
    assert run.ledger.intids() == ()


def test_unmask_of_what_was_signalled_before_joins_it(run):
    run.irq(33)
    run.end(33)
    run.acknowledge(33)
    run.end(33)
    assert run.switches(33) == (4,)


def test_retarget_in_flight_withdraws_from_the_old_and_signals_the_new(run):
    run.irq(33)
    for name, target in [("SetMasked", None), ("SetMasked", 1), ("IsPending", None), ("ClearPending", None)]:
        run.call(name, 33, target=target)
    run.call("Signal", 33, target=1)
    run.call("ClearMasked", 33, target=1)
    run.irq(33, cpu=1, physical=0)
    run.acknowledge(33, cpu=1)
    run.end(33, cpu=1)
    run.spurious(cpu=0)
    assert [(one.vcpu, one.world_switches, one.withdrawn) for one in run.ledger.occurrences] == [
        (0, 5, True),
        (1, 5, False),
    ]
    assert run.ledger.unattributed == 1


def test_a_failed_call_did_nothing(run):
    run.call("Signal", 3, target=1, status=3)
    run.call("ClearMasked", 3, status=1)
    assert run.ledger.unattributed_by_exit == {"RVIC.ClearMasked": 1, "RVIC.Signal": 1}
    assert run.ledger.in_flight == 0


def test_smc_counts_as_hvc_does(run):
    run.irq(33)
    run.call("Acknowledge", 33, conduit=Smc)
    run.call("ClearMasked", 33, conduit=Smc)
    assert run.switches(33) == (3,)
    assert run.ledger.by_kind == {"PhysicalIrq": 1, "Smc": 2}


def test_exits_that_serve_nothing_are_counted_and_unattributed(run):
    run.emit(Wfx, 0, 0x4000, False)
    run.emit(InstructionAbort, 0, 0x4000, 0)
    run.emit(SysregTrap, 0, 0x4000, "ACTLR_EL1", True, 0)
    run.emit(DataAbort, 0, 0x4000, 0x0900_0000, 4, True, 65)
    run.emit(PhysicalIrq, 0, 0x4000, 1023)
    assert run.ledger.total == run.ledger.unattributed == 5
    assert sorted(run.ledger.by_kind) == ["DataAbort", "InstructionAbort", "PhysicalIrq", "SysregTrap", "Wfx"]


def test_what_is_no_exit_is_not_counted(run):
    run.emit(VirqRaised, 0, 27)
    run.emit(VirqTaken, 0, 0x4000, 0x280)
    run.emit(VirqLowered, 0, 27)
    run.emit(PowerChange, 0, "CPU_ON", 1)
    assert run.ledger == Ledger()


def test_emulated_gic_registers_acknowledge_and_end(run):
    """GICC_IAR and GICC_EOIR trapped (IHI 0048B 4.4.4, 4.4.5)."""
    run.irq(33)
    run.emit(DataAbort, 0, 0x4000, 0x0801_000C, 4, False, 33, 33, "GICC_IAR")
    run.emit(DataAbort, 0, 0x4000, 0x0801_0010, 4, True, 33, 33, "GICC_EOIR")
    assert run.ledger.per_interrupt(33).by_exit == {"GICC_EOIR": 1, "GICC_IAR": 1, "PhysicalIrq": 1}


def test_interrupt_that_a_list_register_presented_costs_its_physical_exit(run):
    run.irq(27)
    for intid in (27, 3):
        run.emit(Acknowledged, 0, intid)
        run.emit(Completed, 0, intid)
    assert run.switches(27) == (1,)
    assert run.switches(3) == (0,)


def test_statistics_are_ints_where_they_are_integral(run):
    for extra in (0, 0, 1, 2):
        run.irq(33)
        run.acknowledge(33)
        for _ in range(extra):
            run.call("IsPending", 33)
        run.end(33)
    cost = run.ledger.per_interrupt(33)
    assert (cost.min, cost.median, cost.max, cost.mean, cost.world_switches) == (3, 3.5, 5, 3.75, 3.75)
    assert isinstance(cost.min, int)


def test_an_interrupt_that_never_occurred_costs_nothing(run):
    cost = run.ledger.per_interrupt(99)
    assert (cost.count, cost.switches, cost.world_switches, cost.by_exit) == (0, (), 0, {})


def test_to_dict_is_the_whole_account_in_a_fixed_order(run):
    run.call("Version")
    run.irq(33)
    run.acknowledge(33)
    run.end(33)
    run.irq(27)
    assert json.dumps(run.ledger.to_dict()) == json.dumps(run.ledger.to_dict(), sort_keys=True)
    assert run.ledger.to_dict() == {
        "by_kind": {"Hvc": 3, "PhysicalIrq": 2},
        "in_flight": 1,
        "interrupts": {
            "33": {
                "by_exit": {"PhysicalIrq": 1, "RVIC.Acknowledge": 1, "RVIC.ClearMasked": 1},
                "count": 1,
                "max": 3,
                "mean": 3,
                "median": 3,
                "min": 3,
                "withdrawn": 0,
                "world_switches": 3,
            }
        },
        "total": 5,
        "unattributed": 1,
        "unattributed_by_exit": {"RVIC.Version": 1},
    }


def test_summary_has_a_row_per_interrupt(run):
    for intid in (33, 27):
        run.irq(intid)
        run.acknowledge(intid)
        run.end(intid)
    assert [(row.intid, row.count, row.world_switches) for row in run.ledger.summary()] == [
        (27, 1, 3),
        (33, 1, 3),
    ]


def test_what_waits_for_ever_keeps_no_exit_of_many(run):
    """An interrupt that is never acknowledged, or never ended, is an account and no list of all that it cost."""
    run.acknowledge(34)
    sizes = []
    for _ in range(3):
        for _ in range(MOST):
            run.irq(33)
            run.call("Resample", 34)
        sizes.append(len(pickle.dumps(run.ledger)))
    assert run.ledger.in_flight == 6 * MOST + 1
    assert sizes[2] < sizes[0] + 16
    run.acknowledge(33)
    run.end(33)
    run.end(34)
    assert run.switches(33) == (3 * MOST + 2,)
    assert run.ledger.per_interrupt(34).by_exit == {
        "RVIC.Acknowledge": 1,
        "RVIC.ClearMasked": 1,
        "RVIC.Resample": 3 * MOST,
    }


@pytest.mark.parametrize("before", [MOST - 2, MOST - 1, MOST])
def test_what_waited_long_keeps_no_exit_of_many_in_service(run, before):
    """However many exits an interrupt has when it is acknowledged, those of its service are bounded as well."""
    for _ in range(before):
        run.irq(33)
    run.acknowledge(33)
    sizes = []
    for _ in range(2):
        for _ in range(2 * MOST):
            run.call("Resample", 33)
        sizes.append(len(pickle.dumps(run.ledger)))
    assert sizes[1] < sizes[0] + MOST
    run.end(33)
    assert run.switches(33) == (before + 4 * MOST + 2,)


def test_a_system_reset_ends_all(run):
    """What waits is withdrawn, what is in service goes with what it has cost; nothing of them is the next one's."""
    run.irq(33)
    run.acknowledge(33)
    run.irq(34)
    run.emit(Wfx, 1, 0x4000, False)
    run.emit(PowerChange, 0, SYSTEM_RESET, 0)
    assert run.ledger.in_flight == 0
    assert run.ledger.unattributed_by_exit == {"Wfx": 1}
    assert [(one.intid, one.world_switches, one.withdrawn) for one in run.ledger.occurrences] == [
        (33, 2, False),
        (34, 1, True),
    ]
    run.irq(34)
    run.acknowledge(34)
    run.end(34)
    assert run.switches(34) == (1, 3)


def test_a_ledger_copies_compares_and_pickles(run):
    run.irq(33)
    run.acknowledge(33)
    for twin in (copy.deepcopy(run.ledger), pickle.loads(pickle.dumps(run.ledger))):
        assert twin == run.ledger
        twin(Wfx(9, 0, 0, False))
        assert twin != run.ledger


def test_an_exit_costs_the_ledger_a_fixed_number_of_calls():
    """However long the run: the ninth interrupt costs as many Python calls as the thousandth."""
    run = Run()
    interrupt = [
        PhysicalIrq(1, 0, 0, 27, 27),
        *(
            Hvc(2, 0, 0, 0, (0, 0, 0), (0, 0), 27, "RVIC." + name)
            for name in ("Acknowledge", "Resample", "ClearMasked")
        ),
    ]

    def calls():
        counted = 0

        def count(frame, what, _argument):
            nonlocal counted
            counted += what == "call" and frame.f_globals["__name__"].startswith("harness.")

        before = sys.getprofile()
        sys.setprofile(count)
        try:
            for event in interrupt:
                run.ledger(event)
        finally:
            sys.setprofile(before)
        return counted

    costs = [calls() for _ in range(1000)]
    assert set(costs[8:]) == {costs[8]}
    assert costs[8] <= 5 * len(interrupt), "a handful of Python calls an event"
