# SPDX-License-Identifier: MIT
"""A ledger that listens alone takes exits without their events, and comes to the same account, to the tick."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest

from harness import Machine
from harness.library import firmware_dir
from harness.trace import Exit, Ledger
from harness.trace import ledger as module

GUESTS: list[tuple[str, dict[str, Any]]] = [
    ("ipi", {"cpus": 2}),
    ("ipi", {"cpus": 3, "ack_order": "random"}),
    ("spurious", {"cpus": 2}),
    ("spurious", {"cpus": 2, "profile": "kvm"}),
    ("tick", {}),
    ("ipi", {"cpus": 8, "quantum": 37}),
    *(
        (name, {"controller": controller})
        for name in ("tick", "spi")
        for controller in ("vgic", "trap", "gicv2")
    ),
    ("ipi", {"cpus": 2, "controller": "vgic"}),
    ("faults", {}),
]


def account(name: str, options: dict[str, Any], *, heard: bool) -> Ledger:
    with Machine(**options) as machine:
        machine.load(firmware_dir() / name / "main.S")
        if heard:
            machine.listen(lambda event: None)
        machine.run(limit=100_000)
        assert (machine.events.ledger is None) is heard
        return machine.ledger


@pytest.mark.parametrize(("name", "options"), GUESTS, ids=[str(n) for n in range(len(GUESTS))])
@pytest.mark.parametrize("batch", [3, 3 * 50, module.BATCH])
def test_its_account_is_that_of_one_that_hears_events(
    name: str, options: dict[str, Any], batch: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BATCH", batch)
    alone, heard = (account(name, options, heard=heard) for heard in (False, True))
    assert alone.to_dict() == heard.to_dict()
    assert alone.occurrences == heard.occurrences
    assert alone == heard
    assert alone.total or alone.occurrences
    assert list(alone.by_exit) == list(heard.by_exit)


def recorded() -> Ledger:
    ledger = Ledger()
    signal, acknowledge = (Exit("Hvc", f"RVIC.{name}", 0) for name in ("Signal", "Acknowledge"))
    ledger.record(signal, 0, 7, 10)
    ledger.record(acknowledge.failed, 0, -1, 11)
    return ledger


def test_what_is_recorded_is_in_each_figure_at_once() -> None:
    assert recorded().total == 2
    assert recorded().by_kind == {"Hvc": 2}
    assert recorded().by_exit == {"RVIC.Signal": 1, "RVIC.Acknowledge": 1}
    assert recorded().unattributed_by_exit == {"RVIC.Acknowledge": 1}
    assert (recorded().unattributed, recorded().in_flight) == (1, 1)
    assert recorded().to_dict()["total"] == 2


def test_it_copies_compares_and_pickles_amid_a_batch() -> None:
    assert copy.deepcopy(recorded()) == recorded()
    assert pickle.loads(pickle.dumps(recorded())).to_dict() == recorded().to_dict()
    assert recorded() != Ledger()
    assert recorded() != 2


def test_what_is_recorded_is_bounded() -> None:
    ledger = recorded()
    exit = Exit("Hvc", "RVIC.Version", 0)
    for tick in range(3 * module.BATCH):
        ledger.record(exit, 0, -1, tick)
        assert len(ledger._recorded) < module.BATCH
    assert ledger.total == 3 * module.BATCH + 2


def test_only_one_that_listens_alone_records() -> None:
    with Machine() as machine:
        assert machine.events.ledger is machine.ledger
        other = Ledger()
        machine.events.add(other)
        assert (machine.events.ledger, machine.events.telling) == (None, True)
        machine.unlisten(machine.ledger)
        assert machine.events.ledger is other
    with Machine(ledger=False) as machine:
        assert (machine.events.ledger, machine.events.active, machine.events.telling) == (None, False, False)
