# SPDX-License-Identifier: MIT
"""PMSWINC_EL0: the one event that the event counters of the PMU count (DDI 0487, D13.5.3, D17.5.15).

Unicorn announces SW_INCR in PMCEID0_EL0, keeps the counters, and never increments one.
"""

from __future__ import annotations

from typing import Final

from harness.arch.sysreg import SysregEncoding
from harness.engine.completions.exception_entry import ExceptionCore

PMSWINC_EL0: Final = SysregEncoding(3, 3, 9, 12, 4)  # write-only
EVENT_COUNTERS: Final = 4  # PMCR_EL0.N of every CPU model here
_SW_INCR: Final = 0
_EVENT: Final = 0xFFFF  # PMEVTYPERn_EL0.evtCount
_P, _U = 1 << 31, 1 << 30  # PMEVTYPERn_EL0: do not count at EL1, at EL0
_PMCR_E: Final = 1 << 0
_CPU_CYCLES: Final = 0x11
_NO_EVENT: Final = 0x3FF
_LARGEST: Final = (1 << 32) - 1


def software_increment(pe: ExceptionCore, counters: int) -> None:
    """Does MSR of PMSWINC_EL0: counts one in each counter whose bit is set, that is enabled and counts SW_INCR."""
    sysreg = pe.sysreg
    if not sysreg["PMCR_EL0"] & _PMCR_E:
        return
    enabled = counters & sysreg["PMCNTENSET_EL0"]
    filtered = _P if pe.registers.level else _U
    for n in range(EVENT_COUNTERS):
        kind = sysreg[f"PMEVTYPER{n}_EL0"]
        if enabled >> n & 1 and kind & _EVENT == _SW_INCR and not kind & filtered:
            count = sysreg[f"PMEVCNTR{n}_EL0"] + 1 & _LARGEST
            sysreg.write(f"PMEVCNTR{n}_EL0", count)
            if not count:
                sysreg.write("PMOVSSET_EL0", sysreg["PMOVSSET_EL0"] | 1 << n)


def event_type(value: int) -> int:
    """Returns what PMEVTYPERn_EL0 gets: never the event that asks for the host's clock."""
    return value & ~_EVENT | _NO_EVENT if value & _EVENT == _CPU_CYCLES else value
