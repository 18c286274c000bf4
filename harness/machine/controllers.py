# SPDX-License-Identifier: MIT
"""Interrupt controllers that a machine can have, by name."""

from __future__ import annotations

from harness.options import ControllerKind

# What an assembly guest is told about its controller: one source, two drivers (guest_asm/irq_driver.inc).
_GIC = {"IRQ_GICV2": 1}
GUEST_DEFINES: dict[ControllerKind, dict[str, int]] = {
    ControllerKind.RVIC: {},
    ControllerKind.VGIC: _GIC,
    ControllerKind.TRAP: _GIC,
    ControllerKind.GICV2: _GIC,
}
