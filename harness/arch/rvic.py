# SPDX-License-Identifier: MIT
"""Numbers of the Reduced Virtual Interrupt Controller and its distributor (DEN0103, 00alp1).

The published alpha redacts the function numbers; the bases here are those of the Linux/KVM series of
September 2020 and of Arm's prototype Realm monitor. They are defaults: a machine may choose others.
"""

from __future__ import annotations

from enum import IntEnum

RVIC_BASE = 0xC500_0200
RVID_BASE = 0xC500_0100
VERSION_0_3 = 3
MPIDR_AFFINITY = 0xFF_00FF_FFFF  # Aff3..Aff0; any other bit in an MPIDR argument is malformed
MAX_INTIDS = 2048
GRANULE = 32  # numbers of interrupts are multiples of it


class RvicCall(IntEnum):
    """RVIC functions, as offsets from the RVIC base."""

    VERSION = 0
    INFO = 1
    ENABLE = 2
    DISABLE = 3
    SET_MASKED = 4
    CLEAR_MASKED = 5
    IS_PENDING = 6
    SIGNAL = 7
    CLEAR_PENDING = 8
    ACKNOWLEDGE = 9
    RESAMPLE = 10


class RvidCall(IntEnum):
    """RVID functions, as offsets from the RVID base."""

    VERSION = 0
    MAP = 1
    UNMAP = 2


class InfoKey(IntEnum):
    """Keys of RVIC.Info."""

    NR_TRUSTED = 0
    NR_UNTRUSTED = 1


class RvicStatus(IntEnum):
    """Reason in x0 bits 7:0; bits 15:8 hold the index of the offending argument (x1 is 0)."""

    SUCCESS = 0
    ERROR_PARAMETER = 1
    INVALID_CPU = 2
    DISABLED = 3
    NO_INTERRUPTS = 4


def status(reason: RvicStatus, index: int = 0) -> int:
    """Returns x0 of a failed call: the reason, and the index of the argument at fault (x1 is 0)."""
    return int(reason) | index << 8


def inputs_up_to(last: int) -> int:
    """Returns the least number of an RVID's inputs among which is input ``last``."""
    return last // GRANULE * GRANULE + GRANULE
