# SPDX-License-Identifier: MIT
"""Registers of the Generic Timer as MRS and MSR find them, and who may use them at EL0."""

from __future__ import annotations

from typing import Final

from harness.arch import hyp
from harness.arch.sysreg import NAMES_TO_ENCODINGS, SysregEncoding
from harness.engine.completions.served import key

TIMERS: Final[dict[bytes, SysregEncoding]] = {
    key(encoding): encoding
    for name, encoding in NAMES_TO_ENCODINGS.items()
    if name.startswith("CNT") and name.endswith("_EL0")
}
"""What Unicorn knows but must not serve itself, as it would with host time (D13.11): encodings by key."""


def el0_permission(encoding: SysregEncoding) -> int:
    """Returns bits of CNTKCTL_EL1, one of which lets EL0 use a timer register."""
    if encoding.crm == 0:
        return (
            hyp.CNTKCTL_EL0PCTEN | hyp.CNTKCTL_EL0VCTEN,
            hyp.CNTKCTL_EL0PCTEN,
            hyp.CNTKCTL_EL0VCTEN,
        )[encoding.op2]
    return hyp.CNTKCTL_EL0PTEN if encoding.crm == 2 else hyp.CNTKCTL_EL0VTEN
