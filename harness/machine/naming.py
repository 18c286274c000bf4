# SPDX-License-Identifier: MIT
"""Names of a machine's functions and INTIDs in traces and reports."""

from __future__ import annotations

from harness.machine.machine import Machine
from harness.options import ControllerKind
from harness.trace.names import Names


def names_of(machine: Machine) -> Names:
    """Returns the names, by the machine's function bases, its number of trusted INTIDs, and its controller."""
    config, has_rvic = machine.config, machine.controller is ControllerKind.RVIC
    return Names(config.rvic_base, config.rvid_base, config.trusted, has_rvic=has_rvic)
