# SPDX-License-Identifier: MIT
"""PMCCNTR_EL0 without the host's clock: one instruction retired is one cycle (DDI 0487, D13.4, D17.5).

Unicorn keeps the other registers of the PMU. Its event counters would count cycles by the host's clock; so
the event CPU_CYCLES does not exist here, and they count software increments alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from harness.engine.pe import PE

MASK64: Final = (1 << 64) - 1
_PMCR_E, _PMCR_C = 1 << 0, 1 << 2
_CYCLES: Final = 1 << 31  # PMCNTENSET_EL0.C
_EVENT: Final = 0xFFFF
_CPU_CYCLES: Final = 0x11
_NO_EVENT: Final = 0x3FF


class CycleCounter:
    """The cycle counter of one PE. Its filter (PMCCFILTR_EL0) and divider (PMCR_EL0.D) have no effect."""

    def __init__(self, pe: PE) -> None:
        self._pe = pe
        self._value = 0
        self._since: int | None = None  # instructions retired when `_value` was true; None while it stands

    def reset(self) -> None:
        """As at power-on: zero, and not counting."""
        self._value, self._since = 0, None

    def read(self) -> int:
        """MRS of PMCCNTR_EL0."""
        elapsed = 0 if self._since is None else self._pe.retired - self._since
        return self._value + elapsed & MASK64

    def write(self, value: int) -> None:
        """MSR of PMCCNTR_EL0."""
        self._value = value
        if self._since is not None:
            self._since = self._pe.retired

    def control(self, value: int) -> None:
        """MSR of PMCR_EL0: C resets the counter. What else it changes comes with :meth:`follow`."""
        if value & _PMCR_C:
            self.write(0)

    def follow(self) -> None:
        """PMCR_EL0 or PMCNTENSET_EL0 may have a new value: count, or stand still."""
        sysreg = self._pe.sysreg
        counts = bool(sysreg["PMCR_EL0"] & _PMCR_E and sysreg["PMCNTENSET_EL0"] & _CYCLES)
        if counts != (self._since is not None):
            self._value, self._since = self.read(), self._pe.retired if counts else None


def event_type(value: int) -> int:
    """What PMEVTYPERn_EL0 gets instead of a value that asks for the host's clock."""
    return value & ~_EVENT | _NO_EVENT if value & _EVENT == _CPU_CYCLES else value
