# SPDX-License-Identifier: MIT
"""Rows of ``rvic bench``, each with its target beside it; :mod:`harness.bench.subjects` has what they name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from harness.bench.row import Row, Target
from harness.errors import ConfigError
from harness.wording import did_you_mean

_BARE: Final = "bare Unicorn"
_GROWTH: Final = Target(1.15, 1.15)


def _irq(name: str, ours: str, target: Target | None, theirs: str = "qemu", against: str = "QEMU") -> Row:
    return Row(name, "irq", ours, theirs, against, "interrupt", target)


def _timer(name: str, ours: str, target: Target | None = None) -> Row:
    return Row(name, "timer", ours, "qemu", "QEMU", "interrupt", target)


def _speed(name: str, theirs: str, against: str, target: Target | None) -> Row:
    return Row(name, "free", "harness", theirs, against, "instruction", target, "higher")


def _growth(name: str, least: str, most: str, operation: str = "interrupt") -> Row:
    return Row(name, name, most, least, least, operation, _GROWTH)


ROWS: Final = (
    _irq("irq_vs_qemu", "rvic", Target(1.4, 0.8)),
    _irq("gicv2_vs_qemu", "gicv2", Target(10, 4)),
    _irq("trap_vs_qemu", "trap", Target(16, 7)),
    _irq("vgic_vs_qemu", "vgic", Target(20, 9)),
    _irq("irq_ledger", "rvic, ledger on", Target(2, 2), "rvic", "ledger off"),
    _irq("irq_round_trip", "rvic", None, "bare", _BARE),
    _timer("timer_vs_qemu", "rvic", Target(4, 1.5)),
    _timer("timer_gicv2", "gicv2"),
    _timer("timer_vgic", "vgic"),
    _timer("timer_trap", "trap"),
    Row("svc", "svc", "harness", "qemu", "QEMU", "SVC", Target(0.7, 0.7)),
    Row("counter_read", "counter", "harness", "qemu", "QEMU", "MRS", Target(0.5, 0.5)),
    Row("mmio", "mmio", "harness", "bare", _BARE, "load", Target(6, 4)),
    Row("mmio_vs_qemu", "mmio", "harness", "qemu", "QEMU", "load"),
    Row("hypercall", "hypercall", "harness", "bare", _BARE, "call"),
    Row("rvic_ack", "ack", "harness", "bare", _BARE, "call"),
    _speed("guest_free", "bare", _BARE, Target(0.8, 0.8)),
    Row("guest_free_floor", "free", "bare, by blocks", "bare", _BARE, "instruction", None, "higher"),
    _speed("guest_free_icount", "counted", "QEMU -icount", Target(0.6, 0.6)),
    _speed("guest_free_qemu", "qemu", "QEMU", None),
    Row("vcpus", "vcpus", "8 vCPUs", "1 vCPU", "1 vCPU", "instruction", Target(0.8, 0.8), "higher"),
    _growth("growth_intids", "64 INTIDs", "2,048 INTIDs"),
    _growth("growth_queue", "2 deliverable", "2,000 deliverable", "interrupt"),
    _growth("growth_lrs", "1 LR", "64 LRs"),
    _growth("growth_vcpus", "1 vCPU", "8 vCPUs"),
    _growth("growth_spis", "1 pending SPI", "900 pending SPIs"),
    Row("trace", "trace", "JSON Lines", "msgspec", "msgspec", "event", Target(6, 6)),
    Row("trace_run", "trace_run", "traced", "untraced", "no trace", "interrupt"),
    Row("start", "start", "rvic run hello", "imports", "3 imports", "process", Target(2, 2)),
    Row("machines", "machines", "Machine", "Uc", "bare Uc", "life", Target(2.5, 2.5)),
    Row("linux", "linux", "harness", "qemu", "QEMU", "boot", Target(4, 4)),
)
"""All of them, in the order in which they are shown; those of a family are together."""


def chosen(names: Sequence[str]) -> tuple[Row, ...]:
    """Returns the rows of these names, or of all whose names begin with one and an underscore; all rows for none.

    ConfigError for what names no row.
    """
    for name in names:
        if not any(_named(row, name) for row in ROWS):
            known = [row.name for row in ROWS]
            raise ConfigError(f"--only {name}: there is no such row{did_you_mean(name, known)}")
    return tuple(row for row in ROWS if not names or any(_named(row, name) for name in names))


def _named(row: Row, name: str) -> bool:
    return row.name == name or row.name.startswith(f"{name}_")
