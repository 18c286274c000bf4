# SPDX-License-Identifier: MIT
"""Workloads: the work each has a guest do, its source, and the machine it needs."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from harness.errors import ConfigError
from harness.library import guest_asm_dir

CONTROLLERS: Final = ("rvic", "vgic", "trap", "gicv2")
"""In the order of the table's columns."""

INTERRUPTS: Final = 1000
"""Number of interrupts (vCPUs brought up, moves) of each workload; ROUNDS of bench.inc."""


@dataclass(frozen=True, slots=True)
class Workload:
    """One workload. Figures are per ``unit``; ``machine`` holds the options of its machine.

    ``spans``: the counted exits stand between the guest's own marks, for it is no interrupt.
    """

    name: str
    what: str
    unit: str = "interrupt"
    spans: bool = False
    machine: dict[str, Any] = field(default_factory=dict)

    @property
    def source(self) -> Path:
        """Source of the guest, which is assembled with the driver of the machine's controller."""
        return guest_asm_dir() / "compare" / f"{self.name}.S"


WORKLOADS: Final = {
    workload.name: workload
    for workload in (
        Workload("timer", "virtual timer, its CPU works"),
        Workload("ipi", "IPI to a CPU that works", machine={"cpus": 2}),
        Workload("edge", "edge of a device, its CPU works"),
        Workload("level", "level device, its CPU works"),
        Workload("threaded", "device that stays masked until a thread is done"),
        Workload("burst8", "edges of 8 devices at once"),
        Workload("burst64", "edges of 64 devices at once", machine={"untrusted": 96}),
        Workload("wfi", "edge of a device, its CPU waits in WFI"),
        Workload("withdrawn", "edge, made not pending before the acknowledge"),
        Workload("move", "device moved to another vCPU, half the time pending", "move", True, {"cpus": 3}),
        Workload("boot", "a vCPU's part of the controller brought up", "vCPU", True, {"cpus": 2}),
    )
}


TARGETS: Final = 3
"""CPUs that ``BROADCAST`` interrupts at once."""

BROADCAST: Final = Workload(
    "broadcast", "IPI to several CPUs that work", "IPI sent", True, {"cpus": 1 + TARGETS}
)
"""A workload that is on the page alone, and not in the tables."""


def chosen(name: str | None) -> tuple[Workload, ...]:
    """Returns the workload of that name, or all of them; ConfigError for a name that is none."""
    if name is None:
        return tuple(WORKLOADS.values())
    if name not in WORKLOADS:
        raise ConfigError(f"no workload `{name}`: choose one of {', '.join(WORKLOADS)}")
    return (WORKLOADS[name],)
