# SPDX-License-Identifier: MIT
"""Roles of exits in the life of an interrupt, and the labels of the ledger."""

from __future__ import annotations

from enum import IntEnum

from harness.arch.intid import PPI_MAINTENANCE, SGI_COUNT


class Role(IntEnum):
    """Role of an exit in the life of an interrupt; the text of harness.trace.ledger gives the rule for each."""

    RAISE = 0
    ACCEPT = 1
    SPURIOUS = 2
    END = 3
    WITHDRAW = 4
    MASK = 5
    SERVE = 6
    HOLD = 7
    RELEASE = 8


# By the name of a call, or of the register of an emulated GIC. Any other exit with an INTID is SERVE.
ROLES: dict[str, Role] = {
    "RVIC.Signal": Role.RAISE,
    "RVIC.Acknowledge": Role.ACCEPT,
    "RVIC.ClearMasked": Role.END,
    "RVIC.ClearPending": Role.WITHDRAW,
    "RVIC.SetMasked": Role.MASK,
    "GICD_SGIR": Role.RAISE,
    "GICD_ISPENDR": Role.RAISE,
    "GICD_SPENDSGIR": Role.RAISE,
    "GICD_ICPENDR": Role.WITHDRAW,
    "GICD_CPENDSGIR": Role.WITHDRAW,
    "GICD_ICENABLER": Role.HOLD,
    "GICD_ISENABLER": Role.RELEASE,
    "GICC_IAR": Role.ACCEPT,
    "GICC_AIAR": Role.ACCEPT,
    "GICC_EOIR": Role.END,
    "GICC_AEOIR": Role.END,
}
# Labels of the physical interrupts that are EL2's own.
IRQ_LABELS = {**dict.fromkeys(range(SGI_COUNT), "Kick"), PPI_MAINTENANCE: "Maintenance"}
