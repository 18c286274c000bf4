# SPDX-License-Identifier: MIT
"""Power State Coordination Interface (DEN0022): function identifiers and return codes."""

from __future__ import annotations

from enum import IntEnum

VERSION_1_1 = 0x1_0001
SMC64_FUNCTIONS = range(0xC400_0000, 0xC400_0020)  # PSCI's block of them (5.1)


class Function(IntEnum):
    """PSCI functions (DEN0022D, 5.1). SMC64 forms carry bit 30."""

    PSCI_VERSION = 0x8400_0000
    CPU_SUSPEND_32 = 0x8400_0001
    CPU_OFF = 0x8400_0002
    CPU_ON_32 = 0x8400_0003
    AFFINITY_INFO_32 = 0x8400_0004
    MIGRATE_INFO_TYPE = 0x8400_0006
    SYSTEM_OFF = 0x8400_0008
    SYSTEM_RESET = 0x8400_0009
    PSCI_FEATURES = 0x8400_000A
    SYSTEM_RESET2_32 = 0x8400_0012
    CPU_SUSPEND_64 = 0xC400_0001
    CPU_ON_64 = 0xC400_0003
    AFFINITY_INFO_64 = 0xC400_0004
    SYSTEM_RESET2_64 = 0xC400_0012


class Result(IntEnum):
    """Return codes (DEN0022D, 5.2.2): signed."""

    SUCCESS = 0
    NOT_SUPPORTED = -1
    INVALID_PARAMETERS = -2
    DENIED = -3
    ALREADY_ON = -4
    ON_PENDING = -5
    INTERNAL_FAILURE = -6
    NOT_PRESENT = -7
    DISABLED = -8
    INVALID_ADDRESS = -9


class Affinity(IntEnum):
    """AFFINITY_INFO results (DEN0022D, 5.7.3)."""

    ON = 0
    OFF = 1
    ON_PENDING = 2


# power_state of CPU_SUSPEND in its original format (DEN0022D, 5.4.2), which PSCI_FEATURES reports.
POWER_STATE_ID = 0xFFFF
POWER_STATE_POWERDOWN = 1 << 16  # StateType: 0 standby or retention, 1 powerdown

RESET2_WARM = 0  # SYSTEM_RESET2's one architectural reset_type, SYSTEM_WARM_RESET (5.14)
