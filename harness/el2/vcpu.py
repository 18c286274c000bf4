# SPDX-License-Identifier: MIT
"""State that EL2 keeps of each vCPU beside the registers of its PE."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import NamedTuple

from harness.engine import PE
from harness.wires import Wire


class Power(Enum):
    """Power state of a vCPU, as PSCI has it (DEN0022, 6.6)."""

    OFF = auto()
    ON = auto()


class Resume(NamedTuple):
    """Return from a powerdown state: at ``entry``, with ``context`` in x0 (DEN0022, 6.4)."""

    entry: int
    context: int


def _nobody() -> None:
    """Hears that a wait ends, where nobody else wants to."""


@dataclass(slots=True, eq=False)
class Vcpu:
    """vCPU: its PE, its power state and whether it waits in WFI.

    ``nirq``: the physical interrupts of its CPU that are EL2's; a wire that stays low where they are the guest's.
    ``virq``, ``vfiq``: its interrupt inputs, where a GIC drives them, be it hardware or EL2's software.
    ``waiting``: EL2 took its WFI (or its CPU_SUSPEND) and does not run it until an interrupt wakes it:
    :meth:`wake`, of which ``woken`` is told.
    ``resume``: it waits in a powerdown state, and comes back from reset.
    ``kicked_for``: guest INTID whose edge the kick now in flight to this vCPU announces.
    """

    index: int
    mpidr: int
    pe: PE
    nirq: Wire = field(default_factory=Wire)
    virq: Wire = field(default_factory=Wire)
    vfiq: Wire = field(default_factory=Wire)
    power: Power = Power.OFF
    waiting: bool = False
    kicked_for: int | None = None
    resume: Resume | None = None
    woken: Callable[[], object] = _nobody

    @property
    def waits(self) -> bool:
        """True in WFI and in WFE."""
        return self.waiting or self.pe.event_register.asleep

    @property
    def runnable(self) -> bool:
        """True while it is on and does not wait for an interrupt."""
        return self.power is Power.ON and not self.waiting

    def wake(self) -> None:
        """Ends its wait for an interrupt, if it waits."""
        if self.waiting:
            self.waiting = False
            self.woken()

    def reset(self) -> None:
        """Takes the vCPU to where it is after power-on: off, its inputs low."""
        self.power = Power.OFF
        self.waiting = False
        self.kicked_for = self.resume = None
        self.virq.level = self.vfiq.level = False
        self.pe.reset(0, 0)
