# SPDX-License-Identifier: MIT
"""Every firmware meets its ``guest.toml`` on every machine that it is written for."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import pytest
from thorough import every

from harness import Machine, StopReason
from harness.library import firmware_dir
from harness.scenario.find import find_guest, firmware_names
from harness.scenario.report import run
from harness.trace import Ledger

ORDERS = ("fifo", "lowest", "random")
WITHOUT_RVIC = frozenset({"hello", "faults"})  # no order of acknowledging can matter to these


GICS = ("vgic", "trap", "gicv2")
ALL_CONTROLLERS = ("rvic", *GICS)
ASSEMBLY = tuple(name for name in firmware_names() if find_guest(name).source.suffix == ".S")
WITH_INTERRUPTS = ("ipi", "spi", "spurious", "tick", "uart_echo")


def rvic_machines() -> Iterator[tuple[str, str, str, int]]:
    for name in ASSEMBLY:
        allowed = find_guest(name).machine.cpus_allowed
        for profile in ("spec", "kvm"):
            for order in ORDERS[:1] if name in WITHOUT_RVIC else ORDERS:
                for cpus in allowed if order == "fifo" else allowed[:-1]:
                    yield name, profile, order, cpus


def test_the_firmware_that_is_promised_is_there() -> None:
    assert ASSEMBLY == ("faults", "hello", "ipi", "spi", "spurious", "tick", "uart_echo")
    assert sorted({*firmware_names()} - {*ASSEMBLY}) == ["c_spi", "c_tick", "mmu", "smp_boot", "virtio_blk"]


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


@pytest.mark.parametrize("name", firmware_names())
def test_each_is_written_for_all_four_controllers(name: str) -> None:
    assert find_guest(name).machine.controllers_allowed == ALL_CONTROLLERS


def assert_met(name: str, **options: object) -> None:
    report = run(find_guest(name).with_machine(**options))
    assert report.met, [str(expectation) for expectation in report.unmet]


@pytest.mark.parametrize(("name", "profile", "order", "cpus"), every(list(rvic_machines()), 3))
def test_meets_its_expectations_under_rvic(name: str, profile: str, order: str, cpus: int) -> None:
    assert_met(name, profile=profile, ack_order=order, cpus=cpus)


@pytest.mark.parametrize(("name", "controller", "cpus"), every([*product(ASSEMBLY, GICS, (1, 2, 8))], 2))
def test_meets_its_expectations_under_a_gicv2(name: str, controller: str, cpus: int) -> None:
    assert_met(name, controller=controller, cpus=cpus)


@pytest.mark.parametrize("name", WITH_INTERRUPTS)
def test_meets_its_expectations_with_other_numbers_of_interrupts(name: str) -> None:
    """INTIDs of devices start at T: nothing may take T for 32."""
    assert_met(name, trusted=64, untrusted=96)


@pytest.mark.parametrize(
    ("name", "quantum"), [("tick", 13), ("tick", 97), ("ipi", 97), ("spi", 97), ("spurious", 31)]
)
@pytest.mark.parametrize("machine_kind", ["spec", "kvm", *GICS])
def test_no_interleaving_breaks_it(name: str, quantum: int, machine_kind: str) -> None:
    """In the kvm profile a rescheduled timer handler sees its level again (defect 7), which is no tick."""
    gic = machine_kind in GICS
    profile, controller = ("spec", machine_kind) if gic else (machine_kind, "rvic")
    with Machine(cpus=2, quantum=quantum, profile=profile, controller=controller) as machine:
        machine.load(firmware_dir() / name / "main.S")
        stop = machine.run(limit=10_000_000)
        assert stop.reason is StopReason.POWER_OFF, machine.console.text
        if name == "tick":
            assert machine.memory.u64(machine.symbols["ticks"]) == 100


@pytest.mark.parametrize(
    ("controller", "to_oneself", "to_another"),
    [("rvic", 3, 4), ("vgic", 1, 2), ("trap", 3, 4), ("gicv2", 0, 0)],
)
def test_what_an_ipi_costs(controller: str, to_oneself: int, to_another: int) -> None:
    """Signal or GICD_SGIR, and the other CPU's WFI; with RVIC and ``trap`` also the acknowledge and the end."""
    for cpus, cost in ((1, to_oneself), (2, to_another)):
        ledger = run(find_guest("ipi").with_machine(controller=controller, cpus=cpus)).ledger
        assert ledger.per_interrupt(0).count == 1000 * cpus
        assert ledger.per_interrupt(0).world_switches == cost


@pytest.mark.parametrize(("controller", "cost"), [("rvic", 3), ("vgic", 1), ("trap", 3), ("gicv2", 0)])
def test_what_a_device_interrupt_costs(controller: str, cost: int) -> None:
    def ledger(name: str) -> Ledger:
        return run(find_guest(name).with_machine(controller=controller, cpus=1)).ledger

    edge = ledger("spi").per_interrupt(37)
    assert (edge.count, edge.world_switches) == (1000, cost)
    level = ledger("uart_echo").per_interrupt(33)
    assert (level.count, level.world_switches) == (3, cost)


@pytest.mark.parametrize("controller", ALL_CONTROLLERS)
def test_edges_are_handled_on_every_cpu_and_carried_over(controller: str) -> None:
    """The run of `spi` means something only if moves meet pending edges."""
    with Machine(cpus=4, controller=controller) as machine:
        machine.load(firmware_dir() / "spi" / "main.S")
        machine.run(limit=10_000_000)
        counts = [machine.memory.u64(machine.symbols["counts"] + 8 * cpu) for cpu in range(4)]
        assert sum(counts) == 1000
        assert min(counts) >= 50
        if controller == "rvic":
            assert machine.ledger.per_interrupt(37).by_exit["RVIC.Signal"] >= 50
