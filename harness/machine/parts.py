# SPDX-License-Identifier: MIT
"""Configurations of a machine's parts, as its options have them."""

from __future__ import annotations

from typing import Final

from harness.board.devicetree import BoardFacts, Conduit
from harness.options import ControllerKind, MachineOptions
from harness.rvic import Config, Order, Profile
from harness.trace import Names

# What an assembly guest is told about its controller: one source, two drivers (guest_asm/irq_driver.inc).
_GIC: Final = {"IRQ_GICV2": 1}
GUEST_DEFINES: Final[dict[ControllerKind, dict[str, int]]] = {
    ControllerKind.RVIC: {},
    ControllerKind.VGIC: _GIC,
    ControllerKind.TRAP: _GIC,
    ControllerKind.GICV2: _GIC,
}


def rvic_config(options: MachineOptions) -> Config:
    """Returns the choices of the VM's RVIC and RVID."""
    return Config(
        cpus=options.cpus,
        trusted=options.trusted,
        untrusted=options.untrusted,
        profile=Profile(options.profile),
        order=Order(options.ack_order),
        seed=options.seed,
        rvic_base=options.rvic_base,
        rvid_base=options.rvid_base,
    )


def board_facts(options: MachineOptions) -> BoardFacts:
    """Returns the facts that the device tree depends on."""
    return BoardFacts(
        options.cpus,
        options.ram,
        ControllerKind(options.controller),
        options.cpu,
        Conduit(options.psci),
        options.untrusted,
    )


def names_of(options: MachineOptions) -> Names:
    """Returns the names of the machine's functions and INTIDs, for traces and reports."""
    has_rvic = ControllerKind(options.controller) is ControllerKind.RVIC
    return Names(options.rvic_base, options.rvid_base, options.trusted, has_rvic=has_rvic)
