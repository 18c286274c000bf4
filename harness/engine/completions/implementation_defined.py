# SPDX-License-Identifier: MIT
"""IMPLEMENTATION DEFINED registers (DDI 0487, D17.2.116) that start-up code of a Cortex-A53, A57 or A72 touches.

Unicorn has none of them but CBAR_EL1. The answers are those of QEMU's `virt`: nothing can be configured, and the
CPUs are one cluster. RVBAR_EL1 is there too: EL1 is the highest level that ID_AA64PFR0_EL1 tells of (D17.2.113).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from harness.arch.sysreg import SysregEncoding
from harness.arch.virt import GICD_BASE
from harness.engine.core import Core

CBAR_EL1: Final = SysregEncoding(3, 1, 15, 3, 0)
PERIPHBASE: Final = GICD_BASE  # an input of the CPU: where a GIC is
_NUMBER_OF_CORES: Final = 24  # shift in L2CTLR_EL1


def _zero(_core: Core) -> int:
    return 0


def _ignore(_core: Core, _value: int) -> None:
    return None


def _l2_control(core: Core) -> int:
    return core.memory.sharers - 1 << _NUMBER_OF_CORES


REGISTERS: Final[dict[SysregEncoding, tuple[Callable[[Core], int], Callable[[Core, int], object] | None]]] = {
    SysregEncoding(3, 0, 12, 0, 1): (_zero, None),  # RVBAR_EL1
    SysregEncoding(3, 1, 11, 0, 2): (_l2_control, _ignore),  # L2CTLR_EL1
    SysregEncoding(3, 1, 11, 0, 3): (_zero, _ignore),  # L2ECTLR_EL1
    SysregEncoding(3, 1, 15, 0, 0): (_zero, _ignore),  # L2ACTLR_EL1
    SysregEncoding(3, 1, 15, 2, 0): (_zero, _ignore),  # CPUACTLR_EL1
    SysregEncoding(3, 1, 15, 2, 1): (_zero, _ignore),  # CPUECTLR_EL1: SMPEN has nothing to switch on
    SysregEncoding(3, 1, 15, 2, 2): (_zero, _ignore),  # CPUMERRSR_EL1
    SysregEncoding(3, 1, 15, 2, 3): (_zero, _ignore),  # L2MERRSR_EL1
}
