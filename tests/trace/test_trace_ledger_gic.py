# SPDX-License-Identifier: MIT
"""The attribution rule of harness.trace.ledger for the registers of an emulated GICv2 (IHI 0048B, 4.3 and 4.4)."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from thorough import ALL

from harness.trace import Ledger
from harness.trace.events import Acknowledged, AlsoPending, Completed, DataAbort, PhysicalIrq

SPI = 48
MAINTENANCE = 25


class Run:
    """Writes event streams of one CPU: time passes by one tick an event."""

    def __init__(self):
        self.ledger = Ledger()
        self._ticks = itertools.count(1)

    def irq(self, intid=SPI, physical=None):
        physical = intid if physical is None else physical
        self.ledger(PhysicalIrq(next(self._ticks), 0, 0x4000, physical, intid))

    def access(self, register, intid=SPI, *, write=True, target=None):
        tick = next(self._ticks)
        self.ledger(DataAbort(tick, 0, 0x4000, 0x0800_0000, 4, write, 0, intid, register, target))

    def acknowledged(self, intid=SPI):
        self.ledger(Acknowledged(next(self._ticks), 0, intid))

    def completed(self, intid=SPI):
        self.ledger(Completed(next(self._ticks), 0, intid))

    @property
    def switches(self):
        return self.ledger.per_interrupt(SPI).switches


@pytest.fixture
def run():
    return Run()


def test_masked_in_its_handler_it_goes_on_until_it_is_unmasked(run):
    """A threaded interrupt where every register is trapped: GICC_EOIR comes between the two."""
    run.irq()
    for register in ("GICC_IAR", "GICD_ICENABLER", "GICC_EOIR"):
        run.access(register)
    assert run.switches == ()
    run.access("GICD_ISENABLER")
    assert run.switches == (5,)
    assert run.ledger.unattributed == run.ledger.in_flight == 0


def test_masked_in_its_handler_where_the_end_is_no_exit(run):
    """The same with GICV mapped through: neither the acknowledge nor the end is an exit."""
    run.irq()
    run.acknowledged()
    run.access("GICD_ICENABLER")
    run.completed()
    assert run.switches == ()
    run.access("GICD_ISENABLER")
    assert run.switches == (3,)


def test_pending_again_while_it_is_masked_is_another_one(run):
    run.irq()
    run.acknowledged()
    run.access("GICD_ICENABLER")
    run.completed()
    run.irq()
    run.access("GICD_ISENABLER")
    run.acknowledged()
    run.completed()
    assert run.switches == (3, 1)


def test_unmasked_before_its_end_it_ends_there(run):
    run.irq()
    for register in ("GICC_IAR", "GICD_ICENABLER", "GICD_ISENABLER", "GICC_EOIR"):
        run.access(register)
    assert run.switches == (5,)


def test_masked_for_good_it_gives_way_to_the_next(run):
    """As a driver does to an interrupt that it has no handler for, until somebody asks for it."""
    run.irq()
    for register in ("GICC_IAR", "GICD_ICENABLER", "GICC_EOIR"):
        run.access(register)
    run.access("GICC_IAR")
    assert run.switches == (4,)


@pytest.mark.parametrize("register", ["GICD_ICENABLER", "GICD_ISENABLER", "GICD_ICPENDR", "GICD_CPENDSGIR"])
def test_a_driver_that_sets_up_serves_no_interrupt(run, register):
    run.access(register)
    assert run.ledger.unattributed_by_exit == {register: 1}


def test_withdrawn_by_clearing_its_pending_bit(run):
    run.irq()
    run.access("GICD_ICPENDR")
    assert run.switches == (2,)
    assert run.ledger.per_interrupt(SPI).withdrawn == 1
    run.access("GICC_IAR", None, write=False)  # 1023
    assert run.switches == (3,)


def test_hidden_by_masking_it_is_found_gone(run):
    run.irq()
    run.access("GICD_ICENABLER")
    run.access("GICC_IAR", None, write=False)
    run.access("GICD_ISENABLER")
    run.access("GICC_IAR", write=False)
    run.access("GICC_EOIR")
    assert run.switches == (6,)


@pytest.mark.parametrize("register", ["GICD_ISPENDR", "GICD_SPENDSGIR", "GICD_SGIR"])
def test_made_pending_by_the_guest_it_has_begun(run, register):
    run.access(register)
    run.acknowledged()
    run.completed()
    assert run.switches == (1,)


def test_a_maintenance_interrupt_belongs_to_what_it_presents(run):
    """5.2.2: list registers ask for more; the rest of the burst waits in EL2."""
    run.irq(49)
    run.ledger(AlsoPending(9, 0, SPI, SPI))
    run.acknowledged(49)
    run.completed(49)
    run.irq(SPI, MAINTENANCE)
    run.acknowledged()
    run.completed()
    assert run.ledger.per_interrupt(SPI).by_exit == {"Maintenance": 1}
    assert run.ledger.by_exit == {"Maintenance": 1, "PhysicalIrq": 1}


@pytest.mark.parametrize("exits", [True, False], ids=["trap", "mapped-through"])
def test_an_end_that_names_what_is_not_in_service_ends_nothing(run, exits):
    """4.4.5: GICC_EOIR drops the priority of what runs, whichever INTID it names."""
    end = (lambda intid: run.access("GICC_EOIR", intid)) if exits else run.completed
    end(SPI)
    run.irq()
    end(SPI)
    assert run.ledger.occurrences == ()
    if exits:
        run.access("GICC_IAR", write=False)
    else:
        run.acknowledged()
    end(27)
    assert run.ledger.occurrences == ()
    end(SPI)
    end(SPI)
    assert [(one.intid, one.withdrawn) for one in run.ledger.occurrences] == [(SPI, False)]


def test_an_occurrence_that_is_no_exit_from_beginning_to_end_begins_with_its_acknowledge(run):
    """The guest owns the GIC: nothing is an exit, and the count and the times are true all the same."""
    for _ in range(3):
        run.acknowledged()
        run.completed()
    assert run.switches == (0, 0, 0)
    assert [(one.started, one.ended) for one in run.ledger.occurrences] == [(1, 2), (3, 4), (5, 6)]


# Any order of what a guest can do to two interrupts, without an exit or by one.
GUEST = st.tuples(
    st.sampled_from(["irq", "acknowledged", "completed", "GICC_IAR", "GICC_EOIR"]), st.sampled_from([SPI, 27])
)


@settings(derandomize=True, max_examples=6_000 if ALL else 200, deadline=None)
@given(st.lists(GUEST, max_size=40))
def test_each_end_is_of_one_that_was_taken_and_each_taken_ends_at_most_once(steps):
    run = Run()
    taken, ended = set(), {SPI: 0, 27: 0}
    for kind, intid in steps:
        if kind == "irq":
            run.irq(intid)
            continue
        if kind in ("acknowledged", "GICC_IAR"):
            ended[intid] += intid in taken  # the one before, which the guest never ended
            taken.add(intid)
        elif intid in taken:
            taken.remove(intid)
            ended[intid] += 1
        if kind.startswith("GICC"):
            run.access(kind, intid)
        else:
            getattr(run, kind)(intid)
    assert {intid: run.ledger.per_interrupt(intid).count for intid in ended} == ended
