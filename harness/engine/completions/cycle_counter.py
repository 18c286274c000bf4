# SPDX-License-Identifier: MIT
"""PMCCNTR_EL0 without the host's clock: one instruction retired is one cycle (DDI 0487, D13.4, D17.5).

Unicorn keeps the other registers of the PMU. Its event counters would count cycles by the host's clock; so
the event CPU_CYCLES does not exist here, and they count software increments alone (event_counters.py).
"""

from __future__ import annotations

from typing import Final

from harness.arch.masks import MASK64
from harness.engine.completions.exception_entry import ExceptionCore
from harness.engine.deviations import CYCLES

_PMCR_E, _PMCR_C, _PMCR_D, _PMCR_LC = 1 << 0, 1 << 2, 1 << 3, 1 << 6
_FILTERED: Final = 3 << 30  # PMCCFILTR_EL0.P and U: not at EL1, not at EL0
_CYCLES: Final = 1 << 31  # PMCNTENSET_EL0.C


class CycleCounter:
    """Cycle counter of one PE. Its filter (PMCCFILTR_EL0) and divider (PMCR_EL0.D) have no effect."""

    def __init__(self, core: ExceptionCore) -> None:
        self._core = core
        self._value = 0
        self._since: int | None = None  # instructions retired when `_value` was true; None while it stands

    def reset(self) -> None:
        """Makes it as at power-on: zero, and not counting."""
        self._value, self._since = 0, None

    def read(self) -> int:
        """Does MRS of PMCCNTR_EL0 for the guest."""
        sysreg = self._core.sysreg
        if sysreg["PMCR_EL0"] & (_PMCR_D | _PMCR_LC) == _PMCR_D or sysreg["PMCCFILTR_EL0"] & _FILTERED:
            self._core.count_deviation(CYCLES)
        return self.value

    @property
    def value(self) -> int:
        """Count as it stands."""
        elapsed = 0 if self._since is None else self._core.retired - self._since
        return self._value + elapsed & MASK64

    def write(self, value: int) -> None:
        """Does MSR of PMCCNTR_EL0."""
        self._value = value
        if self._since is not None:
            self._since = self._core.retired

    def control(self, value: int) -> None:
        """Does MSR of PMCR_EL0: C resets the counter. What else it changes comes with :meth:`follow`."""
        if value & _PMCR_C:
            self.write(0)

    def follow(self) -> None:
        """Counts, or stands still, as PMCR_EL0 and PMCNTENSET_EL0 say now."""
        sysreg = self._core.sysreg
        counts = bool(sysreg["PMCR_EL0"] & _PMCR_E and sysreg["PMCNTENSET_EL0"] & _CYCLES)
        if counts != (self._since is not None):
            self._value, self._since = self.value, self._core.retired if counts else None
