# SPDX-License-Identifier: MIT
"""Every figure of ``rvic compare``, against what was counted by hand and what its page says of it."""

from __future__ import annotations

import os
import pickle
from collections.abc import Callable, Iterator
from functools import cache
from itertools import product
from pathlib import Path
from typing import TypeVar

import pytest

from harness.compare import (
    CONTROLLERS,
    INTERRUPTS,
    WORKLOADS,
    Row,
    Supplement,
    measure,
    measure_supplement,
    page,
)
from harness.compare.expected import HAND_COUNTS

PAGE = Path(__file__).resolve().parents[2] / "docs" / "world-switches.md"


DIRECTORY: list[Path] = []  # what the workers of one run of pytest share
Measured = TypeVar("Measured")


@pytest.fixture(autouse=True, scope="module")
def shared_directory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    base = tmp_path_factory.getbasetemp()
    DIRECTORY.append(base.parent if "PYTEST_XDIST_WORKER" in os.environ else base)
    yield
    DIRECTORY.clear()


def once(name: str, measure: Callable[[], Measured]) -> Measured:
    """What was measured under this name by whichever worker came first."""
    kept = DIRECTORY[0] / f"{name}.pickle"
    if kept.exists():
        return pickle.loads(kept.read_bytes())  # type: ignore[no-any-return]  # as it was put there
    measured = measure()
    fresh = kept.with_suffix(f".{os.getpid()}")
    fresh.write_bytes(pickle.dumps(measured))
    fresh.replace(kept)
    return measured


@cache
def row(workload: str, controller: str) -> Row:
    return once(f"{workload}-{controller}", lambda: measure(WORKLOADS[workload], controller))


@cache
def supplement() -> Supplement:
    return once("supplement", measure_supplement)


@pytest.mark.parametrize(("workload", "controller"), [*product(WORKLOADS, CONTROLLERS)])
def test_each_is_of_a_run_of_1000_interrupts_and_adds_up(workload: str, controller: str) -> None:
    measured = row(workload, controller)
    switches = measured.world_switches
    assert measured.interrupts == INTERRUPTS == 1000
    assert switches.min <= switches.median <= switches.max
    assert sum(measured.by_exit.values()) == pytest.approx(switches.mean)
    assert 0 <= measured.needs_host <= switches.mean
    assert measured.guest_instructions > 0


@pytest.mark.parametrize("hand", HAND_COUNTS, ids=lambda hand: hand.kind)
def test_rvic_agrees_with_the_hand_counts(hand) -> None:
    """The contract's table of world switches per interrupt."""
    for workload in hand.workloads:
        assert hand.agrees(row(workload, "rvic"))


@pytest.mark.parametrize("hand", [h for h in HAND_COUNTS if h.vgic is not None], ids=lambda hand: hand.kind)
def test_vgic_agrees_with_the_hand_counts_but_for_what_the_page_explains(hand) -> None:
    for workload in hand.workloads:
        assert hand.agrees(row(workload, "vgic")) == (
            workload not in ("burst8", "burst64", "withdrawn", "move")
        )


@pytest.mark.parametrize("workload", ["timer", "edge", "level", "wfi"])
def test_vgic_reaches_one_switch_per_hardware_interrupt(workload: str) -> None:
    switches = row(workload, "vgic").world_switches
    assert (switches.min, switches.median, switches.max) == (1, 1, 1)


@pytest.mark.parametrize("workload", [*WORKLOADS])
def test_a_guest_that_owns_the_gic_makes_no_exit(workload: str) -> None:
    assert row(workload, "gicv2").by_exit == {}


@pytest.mark.parametrize("workload", ["burst8", "burst64"])
def test_a_queued_interrupt_costs_a_vgic_nothing_but_the_maintenance_of_some(workload: str) -> None:
    """The contract counts none: true where it finds a list register."""
    measured = row(workload, "vgic")
    assert measured.queued is not None
    assert (measured.queued.min, measured.queued.max) == (0, 1)
    assert set(measured.by_exit) == {"PhysicalIrq", "Maintenance"}


def test_with_more_list_registers_than_devices_a_burst_is_one_switch() -> None:
    room = supplement().room
    assert room.by_exit == {"PhysicalIrq": 1 / 8}
    assert room.queued is not None
    assert room.queued.max == 0


def test_one_gicd_sgir_reaches_many_and_one_signal_reaches_one() -> None:
    """The contract counts IPIs per target."""
    each = {"Kick": 3, "RVIC.Acknowledge": 3, "RVIC.ClearMasked": 3, "RVIC.Signal": 3}
    assert supplement().broadcast["rvic"].by_exit == each
    assert supplement().broadcast["vgic"].by_exit == {"GICD_SGIR": 1, "Kick": 3}


# What docs/world-switches.md says in words.


@pytest.mark.parametrize("workload", [*WORKLOADS])
def test_rvic_costs_more_than_vgic(workload: str) -> None:
    assert row(workload, "rvic").world_switches.mean > row(workload, "vgic").world_switches.mean


@pytest.mark.parametrize("workload", [*WORKLOADS])
def test_what_needs_the_host_is_the_same_under_every_controller_with_an_el2(workload: str) -> None:
    assert (
        row(workload, "rvic").needs_host
        == row(workload, "vgic").needs_host
        == row(workload, "trap").needs_host
    )


@pytest.mark.parametrize("workload", [*WORKLOADS])
def test_only_a_wait_needs_the_host(workload: str) -> None:
    """No workload has an emulated device, and what is counted has no call of PSCI in it."""
    assert row(workload, "rvic").needs_host == (1 if workload == "wfi" else 0)


@pytest.mark.parametrize("workload", [*WORKLOADS])
def test_a_guest_of_rvic_accesses_no_register(workload: str) -> None:
    """From power-on to power-off."""
    seen = row(workload, "rvic").seen
    assert {"RVIC.Version", "RVIC.Enable"} < set(seen)
    calls = ("RVIC.", "RVID.", "PSCI.")
    assert all(label.startswith(calls) or label in ("PhysicalIrq", "Kick", "Wfx") for label in seen)


def test_the_page_is_what_the_command_prints() -> None:
    """After a change: rvic compare --markdown > docs/world-switches.md."""
    rows = [row(workload, controller) for workload in WORKLOADS for controller in CONTROLLERS]
    assert page(rows, supplement()) == PAGE.read_text(encoding="utf-8")
