# SPDX-License-Identifier: MIT
"""Wires and gates: a change is told once, in order, and an intermediate state never (harness/wires.py)."""

from __future__ import annotations

import copy
import pickle

from harness.wires import Gate, Wire


def test_a_change_is_told_to_every_listener_in_order() -> None:
    wire = Wire()
    told: list[tuple[str, bool]] = []
    wire.listen(lambda level: told.append(("first", level)))
    wire.listen(lambda level: told.append(("second", level)))
    wire.drive(True)
    wire.drive(True)
    wire.drive(False)
    assert told == [("first", True), ("second", True), ("first", False), ("second", False)]


def test_only_a_high_level_is_told_again() -> None:
    wire = Wire()
    told: list[bool] = []
    wire.listen(told.append)
    wire.repeat()
    wire.drive(True)
    wire.repeat()
    assert told == [True, True]


def test_a_copy_has_the_level_and_leads_nowhere() -> None:
    wire = Wire()
    told: list[bool] = []
    wire.listen(told.append)
    wire.drive(True)
    for twin in (copy.deepcopy(wire), pickle.loads(pickle.dumps(wire))):
        assert twin == wire
        twin.drive(False)
        assert twin != wire
    assert told == [True]


def test_a_gate_shows_what_is_left_of_the_changes_when_it_opens() -> None:
    gate, sources, log = Gate(), [Wire() for _ in range(4)], []
    for n, source in enumerate(sources):
        behind = Wire()
        behind.listen(lambda level, n=n: log.append((n, level)))
        gate.lead([source], behind)
    sources[3].drive(True)
    assert log == [(3, True)], "an open gate is none"
    with gate:
        for n, level in ((2, True), (1, True), (1, False), (0, True), (3, False)):
            sources[n].drive(level)
        with gate:
            sources[2].drive(False)
            sources[2].drive(True)
        assert log == [(3, True)], "the inner one does not open it"
    assert log[1:] == [(0, True), (2, True), (3, False)], "in the order of the wires, and none for wire 1"


def test_a_wire_behind_a_gate_is_high_while_any_of_its_sources_is() -> None:
    gate, one, other, behind = Gate(), Wire(), Wire(), Wire()
    gate.lead([one, other], behind)
    told: list[bool] = []
    behind.listen(told.append)
    one.drive(True)
    other.drive(True)
    one.drive(False)
    assert told == [True]
    with gate:
        other.drive(False)
        one.drive(True)
    assert told == [True], "one took the place of the other"
    one.drive(False)
    assert told == [True, False]
