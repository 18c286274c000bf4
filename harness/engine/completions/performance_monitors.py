# SPDX-License-Identifier: MIT
"""Registers of the PMU that Unicorn must not serve alone: the cycle counter, event types, software increments."""

from __future__ import annotations

from typing import Final

from harness.arch.sysreg import NAMES_TO_ENCODINGS
from harness.engine.completions.cycle_counter import CycleCounter
from harness.engine.completions.event_counters import (
    PMSWINC_EL0,
    event_type,
    software_increment,
)
from harness.engine.completions.exception_entry import ExceptionCore
from harness.engine.completions.served import Serve, answer, by_key, key, key_at, written

EVENT_TYPES: Final = ("PMEVTYPER", "PMXEVTYPER")
_TYPES_BY_KEY: Final = {
    key(encoding): name for name, encoding in NAMES_TO_ENCODINGS.items() if name.startswith(EVENT_TYPES)
}
_PMUSERENR_EN, _PMUSERENR_SW, _PMUSERENR_CR = 1 << 0, 1 << 1, 1 << 2


class PerformanceMonitors:
    """Hooks on these registers, for one PE."""

    def __init__(self, pe: ExceptionCore, cycles: CycleCounter) -> None:
        self._pe, self._cycles = pe, cycles

    def reads(self) -> dict[bytes, Serve]:
        """Returns who serves MRS, by the register's key."""
        return by_key({"PMCCNTR_EL0": self._read_cycles})

    def writes(self) -> dict[bytes, Serve]:
        """Returns who serves MSR, by the register's key."""
        table: dict[str, Serve] = {
            "PMCR_EL0": self._pmcr,
            "PMCNTENSET_EL0": self._counts,
            "PMCNTENCLR_EL0": self._counts,
            "PMCCNTR_EL0": self._write_cycles,
        }
        types = dict.fromkeys(_TYPES_BY_KEY, self._event_type)
        return {**by_key(table), **types, key(PMSWINC_EL0): self._software_increment}

    def _is_allowed(self, also: int = 0) -> bool:
        """Says whether PMUSERENR_EL0 lets EL0 do it (D17.5.16): by EN, or by a bit that is for this alone."""
        pe = self._pe
        return pe.registers.level != 0 or bool(pe.sysreg["PMUSERENR_EL0"] & (_PMUSERENR_EN | also))

    def _read_cycles(self, register: int, _cp: int) -> int:
        if not self._is_allowed(_PMUSERENR_CR):
            return 0
        answer(self._pe, register, self._cycles.read())
        return 1

    def _write_cycles(self, _register: int, cp: int) -> int:
        if not self._is_allowed():
            return 0
        self._cycles.write(written(cp))
        return 1

    def _pmcr(self, _register: int, cp: int) -> int:
        if self._is_allowed():
            self._cycles.control(written(cp))
            self._pe.defer(self._cycles.follow)
        return 0

    def _counts(self, _register: int, _cp: int) -> int:
        self._pe.defer(self._cycles.follow)
        return 0

    def _software_increment(self, _register: int, cp: int) -> int:
        if not self._is_allowed(_PMUSERENR_SW):
            return 0
        software_increment(self._pe, written(cp))
        return 1

    def _event_type(self, _register: int, cp: int) -> int:
        name, value = _TYPES_BY_KEY[key_at(cp).raw], written(cp)
        instead = event_type(value)
        if instead == value or not self._is_allowed():
            return 0
        self._pe.sysreg.write(name, instead)
        return 1
