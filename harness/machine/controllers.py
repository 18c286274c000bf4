# SPDX-License-Identifier: MIT
"""Interrupt controllers that a machine can have, by name."""

from __future__ import annotations

from harness.arch import virt
from harness.board.board import Board
from harness.board.platform import Platform
from harness.el2 import (
    Controller,
    GicDriver,
    Gicv2Controller,
    Hypervisor,
    RvicController,
    TrapController,
    VgicController,
)
from harness.options import ControllerKind
from harness.rvic import Config, VmInterrupts

# What an assembly guest is told about its controller: one source, two drivers (guest_asm/irq_driver.inc).
_GIC = {"IRQ_GICV2": 1}
GUEST_DEFINES: dict[ControllerKind, dict[str, int]] = {
    ControllerKind.RVIC: {},
    ControllerKind.VGIC: _GIC,
    ControllerKind.TRAP: _GIC,
    ControllerKind.GICV2: _GIC,
}


def make_controller(
    kind: ControllerKind,
    hypervisor: Hypervisor,
    board: Board,
    platform: Platform,
    config: Config,
    interrupts: VmInterrupts | None = None,
) -> Controller:
    """The EL2 side of a controller, over the board's physical GIC; ``interrupts`` as a system reset leaves them."""
    if kind is ControllerKind.GICV2:
        return Gicv2Controller(hypervisor, board.gic)
    driver = GicDriver(platform, board.intids, virt.LEVEL_INTIDS)
    if kind is ControllerKind.VGIC:
        return VgicController(hypervisor, board.intids, driver, platform, board.gic)
    if kind is ControllerKind.TRAP:
        return TrapController(hypervisor, board.intids, driver, board.gic.config.priority_bits)
    return RvicController(hypervisor, config, driver, interrupts)
