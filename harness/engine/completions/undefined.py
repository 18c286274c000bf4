# SPDX-License-Identifier: MIT
"""Instructions that the CPU model calls undefined, and that are there all the same."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, Generic, TypeVar

from harness.arch import sysreg
from harness.arch.sysreg import SysregEncoding
from harness.engine.completions.exception_entry import ExceptionCore
from harness.engine.completions.implementation_defined import REGISTERS
from harness.engine.mmio.loadstore import ZR

_HLT_MASK: Final = 0xFFE0_001F
_HLT: Final = 0xD440_0000
# No debugger's channel: its status is empty (D17.3.20).
_READ_AS_ZERO: Final = frozenset({sysreg.NAMES_TO_ENCODINGS["MDCCSR_EL0"]})

CpuT = TypeVar("CpuT", bound=ExceptionCore)
ReadRegister = Callable[[CpuT], int]
WriteRegister = Callable[[CpuT, int], object]
ServedRegisters = Mapping[SysregEncoding, tuple[ReadRegister[CpuT] | None, WriteRegister[CpuT] | None]]


class UndefinedInstructions(Generic[CpuT]):
    """HLT #imm (semihosting), which `halt` serves or not, and MRS and MSR of the registers that are `served`."""

    def __init__(self, pe: CpuT, served: ServedRegisters[CpuT], halt: Callable[[int], bool]) -> None:
        self._pe = pe
        self._served = served
        self._halt = halt

    def serve(self, word: int) -> bool:
        """Does the instruction at pc, and skips it; says whether it is one of ours."""
        if word & _HLT_MASK == _HLT:
            return self._halt(word >> 5 & 0xFFFF)
        return self._system_register(word)

    def _system_register(self, word: int) -> bool:
        pe = self._pe
        trap = sysreg.parse_instruction(word)
        if trap is None or (pe.el == 0 and trap.encoding.op1 != 3):
            return False
        pair: tuple[ReadRegister[CpuT] | None, WriteRegister[CpuT] | None] | None
        pair = self._served.get(trap.encoding) or REGISTERS.get(trap.encoding)
        if pair is None:
            if not trap.read or not (sysreg.is_id_space(trap.encoding) or trap.encoding in _READ_AS_ZERO):
                return False
            pair = (_zero, None)
        read, write = pair
        if trap.read and read is not None:
            value = read(pe)
            if trap.rt != ZR:
                pe.x[trap.rt] = value
        elif not trap.read and write is not None:
            write(pe, 0 if trap.rt == ZR else pe.x[trap.rt])
        else:
            return False
        pe.advance()
        return True


def _zero(_pe: ExceptionCore) -> int:
    return 0
