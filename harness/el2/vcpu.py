# SPDX-License-Identifier: MIT
"""What EL2 keeps for each vCPU beside the registers of its PE."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import NamedTuple

from harness.engine import PE


class Power(Enum):
    """PSCI's view of a vCPU (DEN0022, 6.6)."""

    OFF = auto()
    ON = auto()


class Resume(NamedTuple):
    """How a vCPU comes back from a powerdown state: at ``entry``, with ``context`` in x0 (DEN0022, 6.4)."""

    entry: int
    context: int


@dataclass(slots=True, eq=False)
class Vcpu:
    """One vCPU: its PE, its power state and whether it waits in WFI.

    ``waiting``: EL2 took its WFI (or its CPU_SUSPEND) and does not run it until an interrupt wakes it.
    ``resume``: it waits in a powerdown state, and comes back from reset.
    ``kicked_for``: guest INTIDs whose edges the kicks now in flight to this vCPU announce.
    """

    index: int
    mpidr: int
    pe: PE
    power: Power = Power.OFF
    waiting: bool = False
    kicked_for: int | None = None
    resume: Resume | None = None

    @property
    def waits(self) -> bool:
        """In WFI or in WFE."""
        return self.waiting or self.pe.event_register.asleep

    @property
    def runnable(self) -> bool:
        """On, and not waiting for an interrupt."""
        return self.power is Power.ON and not self.waiting
