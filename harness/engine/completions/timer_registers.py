# SPDX-License-Identifier: MIT
"""Registers of the generic timer that EL1 has (D13.11), which Unicorn knows but must not serve with host time."""

from __future__ import annotations

from typing import Final

from harness.arch import hyp
from harness.arch.sysreg import NAMES_TO_ENCODINGS, SysregEncoding
from harness.engine.completions.served import key

TIMERS: Final = {
    key(encoding): encoding
    for name, encoding in NAMES_TO_ENCODINGS.items()
    if name.startswith("CNT") and name.endswith("_EL0")
}


def el0_permission(encoding: SysregEncoding) -> int:
    """Returns bits of CNTKCTL_EL1, one of which lets EL0 use a timer register."""
    if encoding.crm == 0:
        return (
            hyp.CNTKCTL_EL0PCTEN | hyp.CNTKCTL_EL0VCTEN,
            hyp.CNTKCTL_EL0PCTEN,
            hyp.CNTKCTL_EL0VCTEN,
        )[encoding.op2]
    return hyp.CNTKCTL_EL0PTEN if encoding.crm == 2 else hyp.CNTKCTL_EL0VTEN
