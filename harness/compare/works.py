# SPDX-License-Identifier: MIT
"""The works: what each has a guest do, its source, and the machine it needs."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from harness.errors import ConfigError
from harness.library import guest_asm_dir

CONTROLLERS: Final = ("rvic", "vgic", "trap", "gicv2")
"""In the order of the table's columns."""

INTERRUPTS: Final = 1000
"""How many of its interrupts (vCPUs brought up, moves) each work makes; ROUNDS of bench.inc."""


@dataclass(frozen=True, slots=True)
class Work:
    """One work: ``unit`` is what a figure is per, ``machine`` what the machine has beside the defaults.

    ``spans``: what is counted stands between the guest's own marks, for it is no interrupt.
    """

    name: str
    what: str
    unit: str = "interrupt"
    spans: bool = False
    machine: dict[str, Any] = field(default_factory=dict)

    @property
    def source(self) -> Path:
        """The guest: one source, assembled with the driver of the machine's controller."""
        return guest_asm_dir() / "compare" / f"{self.name}.S"


WORKS: Final = {
    work.name: work
    for work in (
        Work("timer", "virtual timer, its CPU works"),
        Work("ipi", "IPI to a CPU that works", machine={"cpus": 2}),
        Work("edge", "edge of a device, its CPU works"),
        Work("level", "level device, its CPU works"),
        Work("threaded", "device that stays masked until a thread is done"),
        Work("burst8", "edges of 8 devices at once"),
        Work("burst64", "edges of 64 devices at once", machine={"untrusted": 96}),
        Work("wfi", "edge of a device, its CPU waits in WFI"),
        Work("withdrawn", "edge, made not pending before the acknowledge"),
        Work("move", "device moved to another vCPU, half the time pending", "move", True, {"cpus": 3}),
        Work("boot", "a vCPU's part of the controller brought up", "vCPU", True, {"cpus": 2}),
    )
}


TARGETS: Final = 3
"""CPUs that ``BROADCAST`` interrupts at once."""

BROADCAST: Final = Work("broadcast", "IPI to several CPUs that work", "IPI sent", True, {"cpus": 1 + TARGETS})
"""Beside the works: what it shows is in the page alone."""


def chosen(name: str | None) -> tuple[Work, ...]:
    """The work of that name, or all of them; ConfigError for a name that is none."""
    if name is None:
        return tuple(WORKS.values())
    if name not in WORKS:
        raise ConfigError(f"no work `{name}`: choose one of {', '.join(WORKS)}")
    return (WORKS[name],)
