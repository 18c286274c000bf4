# SPDX-License-Identifier: MIT
"""Configurations of a machine's parts, as its options have them."""

from __future__ import annotations

from harness.board.devicetree import BoardFacts, Conduit
from harness.options import ControllerKind, MachineOptions
from harness.rvic import Config, Order, Profile


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
