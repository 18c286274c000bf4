# SPDX-License-Identifier: MIT
"""What each exit does in the life of an interrupt, and what the ledger calls it."""

from __future__ import annotations

from enum import IntEnum

from harness.arch.intid import PPI_MAINTENANCE, SGI_COUNT


class Step(IntEnum):
    """What an exit does in the life of an interrupt; the text of harness.trace.ledger gives the rule for each."""

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
STEPS: dict[str, Step] = {
    "RVIC.Signal": Step.RAISE,
    "RVIC.Acknowledge": Step.ACCEPT,
    "RVIC.ClearMasked": Step.END,
    "RVIC.ClearPending": Step.WITHDRAW,
    "RVIC.SetMasked": Step.MASK,
    "GICD_SGIR": Step.RAISE,
    "GICD_ISPENDR": Step.RAISE,
    "GICD_SPENDSGIR": Step.RAISE,
    "GICD_ICPENDR": Step.WITHDRAW,
    "GICD_CPENDSGIR": Step.WITHDRAW,
    "GICD_ICENABLER": Step.HOLD,
    "GICD_ISENABLER": Step.RELEASE,
    "GICC_IAR": Step.ACCEPT,
    "GICC_AIAR": Step.ACCEPT,
    "GICC_EOIR": Step.END,
    "GICC_AEOIR": Step.END,
}
# What a physical interrupt is called that is EL2's own.
IRQ_LABELS = {**dict.fromkeys(range(SGI_COUNT), "Kick"), PPI_MAINTENANCE: "Maintenance"}
