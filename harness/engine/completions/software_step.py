# SPDX-License-Identifier: MIT
"""Software step (DDI 0487, D2.12), where Unicorn's own leaves something out.

Unicorn decides when it translates an instruction whether that one is stepped. So a change of PSTATE.D by MSR
DAIFSet or DAIFClr goes unnoticed, and the instruction that masks debug exceptions is reported as stepped all
the same. While MDSCR_EL1 lets EL1 step itself, such instructions are done here. One that EL2 or this engine
completes has been stepped like any other: the CPU's ``advance`` sees to that, by its ``stepping``.
"""

from __future__ import annotations

from typing import Final

from harness.arch import hyp, pstate
from harness.engine.completions.exception_entry import ExceptionCore

_IMMEDIATE_MASK, _DAIFSET, _DAIFCLR = 0xFFFF_F0FF, 0xD503_40DF, 0xD503_40FF
_REGISTER_MASK, _MSR_DAIF = 0xFFFF_FFE0, 0xD51B_4220
_IMMEDIATE_D: Final = 8 << 8
DEBUG_MASK_WRITES: Final = [
    (_IMMEDIATE_MASK, _DAIFSET),
    (_IMMEDIATE_MASK, _DAIFCLR),
    (_REGISTER_MASK, _MSR_DAIF),
]
"""Instructions among which :func:`writes_debug_mask` finds some, as pairs of a mask and a value."""
_ZR: Final = 31


def writes_masks(word: int) -> bool:
    """Says whether an instruction is MSR DAIFSet or DAIFClr."""
    return word & _IMMEDIATE_MASK in (_DAIFSET, _DAIFCLR)


def writes_debug_mask(word: int) -> bool:
    """Says whether an instruction is an MSR that may change PSTATE.D."""
    if writes_masks(word):
        return bool(word & _IMMEDIATE_D)
    return word & _REGISTER_MASK == _MSR_DAIF


class SoftwareStep:
    """Software step of one PE. ``masked_by_d`` says that PSTATE.D decides whether EL1 steps itself."""

    def __init__(self, pe: ExceptionCore) -> None:
        self._pe = pe
        self.masked_by_d = False

    def control_written(self) -> bool:
        """Follows a new value of MDSCR_EL1; says whether ``masked_by_d`` is another one."""
        control = self._pe.sysreg["MDSCR_EL1"]
        self._pe.stepping = bool(control & hyp.MDSCR_SS)
        masked = self._pe.stepping and bool(control & hyp.MDSCR_KDE)
        changed = masked != self.masked_by_d
        self.masked_by_d = masked
        return changed

    def write_mask(self) -> None:
        """Does the MSR at pc that changes PSTATE.D, with all that Unicorn derives from it: to be deferred."""
        pe = self._pe
        word = pe.instruction() or 0
        if not writes_debug_mask(word):
            return
        old = pe.pstate
        bits = (word >> 8 & 0xF) << 6
        if word & _REGISTER_MASK == _MSR_DAIF:
            rt = word & 31
            new = old & ~pstate.DAIF | (0 if rt == _ZR else pe.x[rt]) & pstate.DAIF
        elif word & _IMMEDIATE_MASK == _DAIFSET:
            new = old | bits
        else:
            new = old & ~bits
        pe.count_one()
        pe.pstate = new
        pe.advance()
