# SPDX-License-Identifier: MIT
"""Effects of successful calls, plain ints, for EL2 to act on and to attribute the world switch by."""

from __future__ import annotations

from typing import Final

NO_EFFECT: Final = 0  # the call failed, or changes nothing whatever the state is
ENABLED: Final = 1  # signal remembered levels now
DISABLED: Final = 2
MASKED: Final = 3
UNMASKED: Final = 4  # ClearMasked: end of service; deactivate a level device behind an untrusted INTID
QUERIED: Final = 5  # IsPending
SIGNALLED: Final = 6
CLEARED: Final = 7  # ClearPending
ACKNOWLEDGED: Final = 8
RESAMPLED: Final = 9  # Resample found the line low: deactivate the physical interrupt behind it
REPENDED: Final = 10  # Resample found the line high
MAPPED: Final = 11
UNMAPPED: Final = 12
