# SPDX-License-Identifier: MIT
"""System registers of a vCPU for the host: what the guest's own MRS and MSR would do at this moment."""

from __future__ import annotations

import re
from collections.abc import Iterator, MutableMapping
from typing import Final

from harness.arch import sysreg
from harness.arch.sysreg import NAMES_TO_ENCODINGS, SysregEncoding
from harness.board.timers import Timers
from harness.devices import TimerRegister
from harness.engine import PE, register_value
from harness.errors import ConfigError

_GENERIC: Final = re.compile(r"S([0-3])_([0-7])_C(\d+)_C(\d+)_([0-7])")
_ELSEWHERE: Final = {
    "CURRENTEL": "`el`",
    "SPSEL": "`pstate`, bit 0",
    "PAN": "`pstate`, bit 22",
    "SP": "`sp`",
    "PC": "`pc`",
    "PSTATE": "`pstate`",
}
_TIMERS: Final = frozenset(TimerRegister) - {TimerRegister.CNTKCTL_EL1}  # which the PE keeps
_ABSENT: Final = frozenset({"RNDR", "RNDRRS", "ICC_SRE_EL1"})
_WRITE_ONLY: Final = frozenset({"OSLAR_EL1"})
_READ_ONLY: Final = re.compile(
    r"ID_\w+|(?:MIDR|MPIDR|REVIDR|CCSIDR|CLIDR|ISR|OSLSR)_EL1|(?:CTR|DCZID|MDCCSR|PMCEID0)_EL0"
    r"|(?:CNTFRQ|CNTPCT|CNTVCT)_EL0"
)
_PMCR_N_SHIFT: Final = 11


class UnknownRegisterError(ConfigError, KeyError):
    """Error: there is no such system register."""

    __str__ = Exception.__str__  # KeyError's would quote the message


class SystemRegisters(MutableMapping[str, int]):
    """Registers ``m.cpus[n].sysreg["VBAR_EL1"]``: by the manual's names, as MRS and MSR at EL1 have them.

    EL2's and EL3's are what the hypervisor programmed. A name in lower case, and the ``S3_0_C12_C0_0`` of a
    register that has a name, are understood. UnknownRegisterError, a KeyError, for any other; ConfigError for a
    write to what cannot be written.
    """

    def __init__(self, pe: PE, timers: Timers) -> None:
        self._pe = pe
        self._timers = timers

    def __getitem__(self, name: str) -> int:
        self._pe.check_open()
        register = self._find(name)
        if register in _WRITE_ONLY:
            raise UnknownRegisterError(f"{register} can only be written")
        if register in _TIMERS:
            return self._timers.read(self._pe.index, register)
        return self._pe.mrs(register)

    def __setitem__(self, name: str, value: int) -> None:
        self._pe.check_open()
        register = self._find(name)
        if _READ_ONLY.fullmatch(register):
            raise ConfigError(f"{register} can only be read")
        value = register_value(register, value)
        if register in _TIMERS:
            self._timers.write(self._pe.index, register, value)
        else:
            self._pe.msr(register, value)

    def __delitem__(self, name: str) -> None:
        raise ConfigError("a system register cannot be deleted")

    def __iter__(self) -> Iterator[str]:
        return (name for name in NAMES_TO_ENCODINGS if self._exists(name) and name not in _WRITE_ONLY)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __repr__(self) -> str:
        return f"<system registers of CPU{self._pe.index}>"

    def _exists(self, name: str) -> bool:
        if name.startswith("PMEVTYPER"):
            counters = self._pe.sysreg["PMCR_EL0"] >> _PMCR_N_SHIFT & 0x1F
            return int(name.removeprefix("PMEVTYPER").removesuffix("_EL0")) < counters
        return name not in _ABSENT

    def _find(self, name: object) -> str:
        """Returns the manual's name for what was written; UnknownRegisterError tells what may have been meant."""
        upper = str(name).upper()
        generic = _GENERIC.fullmatch(upper)
        if generic is not None:
            upper = sysreg.ENCODINGS_TO_NAMES.get(SysregEncoding(*map(int, generic.groups())), upper)
        if upper in NAMES_TO_ENCODINGS and self._exists(upper):
            return upper
        if upper in _ELSEWHERE:
            raise UnknownRegisterError(f"{name} is not in `sysreg`: the CPU has {_ELSEWHERE[upper]}")
        if upper in NAMES_TO_ENCODINGS:
            raise UnknownRegisterError(f"this CPU has no system register {upper}")
        named = [
            known for known in self if known.startswith(f"{upper}_EL")
        ]  # without the level that it is of
        from difflib import get_close_matches  # for a mistake alone

        near = named or ([] if generic is not None else sorted(get_close_matches(upper, list(self), 2, 0.75)))
        hint = f"; did you mean {' or '.join(near)}?" if near else ""
        raise UnknownRegisterError(f"no system register {name!r} is known here{hint}")
