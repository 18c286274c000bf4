# SPDX-License-Identifier: MIT
"""Every firmware meets its ``guest.toml`` on every machine that it is written for."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from harness import Machine, StopReason
from harness.guest.library import firmware_dir
from harness.guest.manifest import find_guest, firmware_names
from harness.machine import scenario

ORDERS = ("fifo", "lowest", "random")
WITHOUT_RVIC = frozenset({"hello", "faults"})  # no order of acknowledging can matter to these


def machines() -> Iterator[tuple[str, str, str, int]]:
    for name in firmware_names():
        allowed = find_guest(name).machine.cpus_allowed
        for profile in ("spec", "kvm"):
            for order in ORDERS[:1] if name in WITHOUT_RVIC else ORDERS:
                for cpus in allowed:
                    yield name, profile, order, cpus


def test_the_firmware_that_is_promised_is_there() -> None:
    assert firmware_names() == ["faults", "hello", "ipi", "spi", "spurious", "tick", "uart_echo"]


@pytest.mark.parametrize("name", firmware_names())
def test_each_is_written_for_one_two_four_and_eight_cpus(name: str) -> None:
    assert find_guest(name).machine.cpus_allowed == (1, 2, 4, 8)


@pytest.mark.parametrize("name", firmware_names())
def test_each_has_a_description_and_a_readme_that_teaches_it(name: str) -> None:
    assert find_guest(name).description
    text = (firmware_dir() / name / "README.md").read_text(encoding="utf-8")
    assert text.startswith(f"# {name}\n")
    for heading in ("## What happens", "## What to try"):
        assert f"\n{heading}\n" in text


@pytest.mark.parametrize(("name", "profile", "order", "cpus"), list(machines()))
def test_meets_its_expectations(name: str, profile: str, order: str, cpus: int) -> None:
    manifest = find_guest(name).with_machine(profile=profile, ack_order=order, cpus=cpus)
    report = scenario.run(manifest)
    assert report.met, [str(expectation) for expectation in report.unmet]


@pytest.mark.parametrize("name", ["tick", "ipi", "spi", "uart_echo", "spurious"])
def test_meets_its_expectations_with_other_numbers_of_interrupts(name: str) -> None:
    """INTIDs of devices start at T: nothing may take T for 32."""
    report = scenario.run(find_guest(name).with_machine(trusted=64, untrusted=96))
    assert report.met, [str(expectation) for expectation in report.unmet]


@pytest.mark.parametrize(
    ("name", "quantum"), [("tick", 13), ("tick", 97), ("ipi", 97), ("spi", 97), ("spurious", 31)]
)
@pytest.mark.parametrize("profile", ["spec", "kvm"])
def test_no_interleaving_breaks_it(name: str, quantum: int, profile: str) -> None:
    """In the kvm profile a rescheduled timer handler sees its level again (defect 7), which is no tick."""
    with Machine(cpus=2, quantum=quantum, profile=profile) as machine:
        machine.load(firmware_dir() / name / "main.S")
        stop = machine.run(limit=10_000_000)
        assert stop.reason is StopReason.POWER_OFF, machine.console.text
        if name == "tick":
            assert machine.memory.u64(machine.symbols["ticks"]) == 100


def test_an_ipi_costs_four_world_switches_and_three_to_oneself() -> None:
    for cpus, cost in ((1, 3), (2, 4)):
        ledger = scenario.run(find_guest("ipi").with_machine(cpus=cpus)).ledger
        assert ledger.per_interrupt(0).count == 1000 * cpus
        assert ledger.per_interrupt(0).world_switches == cost


def test_a_device_interrupt_costs_three_world_switches() -> None:
    edge = scenario.run(find_guest("spi").with_machine(cpus=1)).ledger.per_interrupt(37)
    assert (edge.count, edge.world_switches) == (1000, 3)
    level = scenario.run(find_guest("uart_echo")).ledger.per_interrupt(33)
    assert (level.count, level.world_switches) == (3, 3)


def test_edges_are_handled_on_every_cpu_and_carried_over() -> None:
    """The run of `spi` means something only if moves meet pending edges."""
    with Machine(cpus=4) as machine:
        machine.load(firmware_dir() / "spi" / "main.S")
        machine.run(limit=10_000_000)
        counts = [machine.memory.u64(machine.symbols["counts"] + 8 * cpu) for cpu in range(4)]
        assert sum(counts) == 1000
        assert min(counts) >= 50
        assert machine.ledger.per_interrupt(37).by_exit["RVIC.Signal"] >= 50
