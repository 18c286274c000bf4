# SPDX-License-Identifier: MIT
"""Checks of the architecture that Unicorn translates without, made once, when a block is translated.

Unicorn tells of each block just before its first execution, and can be stopped there. So what its
translator leaves out costs nothing where it does not occur: a PC that is not aligned; FP and SIMD where
CPACR_EL1 traps them; exception returns that are illegal; WFE, SEV and SEVL; changes of PSTATE.D while EL1 steps
itself. Such an instruction gets a code hook of its own, and its block is translated anew.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable
from typing import Final

from harness.arch import esr as syndrome
from harness.arch import hyp, pstate
from harness.arch.esr import EC
from harness.engine.breakpoints import Breakpoints
from harness.engine.completions.event_register import EventRegister
from harness.engine.completions.exception_entry import ExceptionCore
from harness.engine.completions.software_step import (
    DEBUG_MASK_WRITES,
    SoftwareStep,
    writes_debug_mask,
)
from harness.engine.deviations import AARCH64_ONLY
from harness.engine.emulator import binding as uc
from harness.engine.memory.stage2 import PAGE_SIZE, SCRATCH

_ERET: Final = struct.pack("<I", 0xD69F_03E0)
_EXACT: Final = 0xFFFF_FFFF
# As pairs of a mask and a value: ERET, WFE, SEV, SEVL; FP and SIMD, MSR or MRS of FPCR and FPSR.
_SOUGHT: Final = [(_EXACT, word) for word in (0xD69F_03E0, 0xD503_205F, 0xD503_209F, 0xD503_20BF)]
_FP: Final = [(0x0C00_0000, 0x0C00_0000), (0xFFDF_FFC0, 0xD51B_4400)]
_FPEN_SHIFT: Final = 20
# Every FP and SIMD instruction, loads and stores too, has bits 27:26 set (C4.1); the pattern is for the top bytes.
_FP_TOP: Final = re.compile(
    b"[\x0c-\x0f\x1c-\x1f\x2c-\x2f\x3c-\x3f\x4c-\x4f\x5c-\x5f\x6c-\x6f\x7c-\x7f"
    b"\x8c-\x8f\x9c-\x9f\xac-\xaf\xbc-\xbf\xcc-\xcf\xdc-\xdf\xec-\xef\xfc-\xff]"
)
_FP_BITS: Final = 0x0C00_0000
_UNALLOCATED: Final = frozenset(
    {0b1000, 0b1010, 0b1101, 0b1110, 0b1111}
)  # bits 31:28 of data processing (C4.1.96)
_AARCH32_USER: Final = 0x10  # SPSR_EL1.M
_HINT: Final = re.compile(b"[\x5f\x9f\xbf]\x20\x03\xd5")  # WFE, SEV, SEVL
_MRS: Final = re.compile(b"[\x30-\x3f]\xd5")  # its upper half
_COUNTS: Final = frozenset({0xD53B_E020, 0xD53B_E040})  # MRS X0, CNTPCT_EL0; MRS X0, CNTVCT_EL0
_HAS_FP_CONTROL: Final = re.compile(
    b"\x44[\x1b\x3b]\xd5"
)  # MSR or MRS of FPCR and FPSR, but for their lowest byte


def _is_fp(word: int) -> bool:
    if word >> 25 & 7 == 7:
        return word >> 28 not in _UNALLOCATED
    return word & _FP_BITS == _FP_BITS or word & 0xFFDF_FFC0 == 0xD51B_4400


def returns_illegally(spsr: int) -> bool:
    """Says whether ERET from EL1 with this SPSR is an illegal exception return (D1.3.4), or sets PSTATE.IL.

    There is no EL2 or EL3 for a guest to return to, and no AArch32.
    """
    mode = spsr & pstate.MODE
    return bool(spsr & pstate.IL) or mode not in (pstate.Mode.EL0T, pstate.Mode.EL1T, pstate.Mode.EL1H)


class TranslationChecks:
    """Checks of one PE, on each block that it is about to run for the first time."""

    def __init__(self, pe: ExceptionCore, breakpoints: Breakpoints, event_register: EventRegister) -> None:
        self._pe = pe
        self._breakpoints = breakpoints
        self._hints = event_register.hints
        self._step = SoftwareStep(pe)
        self._traps: dict[int, Callable[[], None]] = {}  # to be placed when the block is left
        self._fp_levels = (True, True)  # whether FP traps at EL0, EL1
        self._check_returns = False
        self.served_reads: frozenset[int] = frozenset()  # each MRS that Python serves, with X0
        pe.registers.hook_new_blocks(self._about_to_run)
        self._seek()
        # Unicorn tells of a block once another has run to its end: let that be one of no account.
        translating = pe.sysreg["HCR_EL2"]
        pe.set_hcr(hyp.HCR_RW)
        pe.registers.start(SCRATCH, 2)
        pe.registers.counter = pe.registers.pc = 0
        pe.set_hcr(translating)
        uc.flush_code(pe.handle)

    # When a block is translated.

    def _seek(self) -> None:
        """Says which instructions :meth:`_look` finds anything about, beside MRS."""
        patterns = [*_SOUGHT]
        if any(self._fp_levels):
            patterns += _FP
        if self._step.masked_by_d:
            patterns += DEBUG_MASK_WRITES
        self._pe.registers.look_for(b"".join(struct.pack("<2I", *pattern) for pattern in patterns))

    def _about_to_run(self, pc: int, size: int) -> None:
        if pc & 3:
            self._pe.defer(self._misaligned)
        else:
            self._look(pc, size)

    def _look(self, pc: int, size: int) -> None:
        pe = self._pe
        ipa = pe.translate(pc)
        size = min(size, PAGE_SIZE - (pc & PAGE_SIZE - 1))
        if ipa is None or not pe.memory.is_ram(ipa, size):
            return
        code = pe.memory.read(ipa, size)
        if code.endswith(_ERET):  # which ends a block
            self._breakpoints.eret_found(pc + size - 4)
            if self._check_returns:
                self._want(pc + size - 4, self._returning)
        if not pe.registers.stops_after_reads:
            self._look_for_reads(pc, code)
        for match in _HINT.finditer(code):
            if not match.start() & 3:
                self._want(pc + match.start(), self._hinting)
        if self._fp_levels[pe.registers.level] and (
            _FP_TOP.search(code[3::4]) or _HAS_FP_CONTROL.search(code)
        ):
            for n, word in enumerate(struct.unpack(f"<{size // 4}I", code)):
                if _is_fp(word):
                    self._want(pc + 4 * n, self._using_fp)
        if self._step.masked_by_d:
            for n, word in enumerate(struct.unpack(f"<{size // 4}I", code)):
                if writes_debug_mask(word):
                    self._want(pc + 4 * n, self._masking)

    def _look_for_reads(self, pc: int, code: bytes) -> None:
        """Lets the slice end after an MRS that Python serves, where the block goes on."""
        for match in _MRS.finditer(code):
            end = match.end()
            word = int.from_bytes(code[end - 4 : end], "little") & ~31
            if not end & 3 and end < len(code) and word in self.served_reads and not self._is_count(word):
                self._breakpoints.read_found(pc + end)

    def _is_count(self, word: int) -> bool:
        return word in _COUNTS and self._pe.registers.counts

    def _want(self, va: int, trap: Callable[[], None]) -> None:
        if self._breakpoints.traps.get(va) != trap:
            self._traps[va] = trap
            self._pe.defer(self._place)

    def _place(self) -> None:
        traps, self._traps = self._traps, {}
        self._breakpoints.set_traps({**self._breakpoints.traps, **traps})

    def _misaligned(self) -> None:
        """Takes a PC alignment fault exception (D1.3.7), before anything is fetched."""
        pe = self._pe
        uc.flush_code(pe.handle)  # the block must not stay
        pe.enter_el1(syndrome.make(EC.PC_ALIGNMENT), far=pe.pc)

    # Before a trapped instruction: act when Unicorn has stopped, with pc at it.

    def _hinting(self) -> None:
        hint = self._hints.get(self._here())
        if hint is not None:
            hint()

    def _masking(self) -> None:
        if self._pe.registers.level and writes_debug_mask(self._here()):
            self._pe.defer(self._step.write_mask)

    def _using_fp(self) -> None:
        if self._fp_levels[self._pe.registers.level] and _is_fp(self._here()):
            self._pe.defer(self._trap_fp)

    def _here(self) -> int:
        """Returns the instruction at pc now: other code may have come there since the trap was placed."""
        return self._pe.instruction() or 0

    def _trap_fp(self) -> None:
        self._pe.count_one()
        self._pe.enter_el1(syndrome.make(EC.FP_ACCESS, syndrome.ALWAYS))

    def _returning(self) -> None:
        if self._pe.registers.level == 0:
            return
        illegal = returns_illegally(self._pe.sysreg["SPSR_EL1"])
        self._pe.defer(self._return_illegally if illegal else self._leave_returns)

    def _return_illegally(self) -> None:
        """Returns with PSTATE.IL, which lasts for no instruction: the next one takes its exception (D1.3.4)."""
        pe = self._pe
        pe.count_one()
        if pe.sysreg["SPSR_EL1"] & pstate.MODE == _AARCH32_USER:
            pe.count_deviation(AARCH64_ONLY)
        kept = pe.pstate & pstate.MODE
        spsr = pe.sysreg["SPSR_EL1"]
        if spsr & pstate.IL and not returns_illegally(spsr & ~pstate.IL):
            kept = spsr & pstate.MODE
        pe.pc = pe.sysreg["ELR_EL1"]
        pe.pstate = spsr & (pstate.CONDITIONS | pstate.DAIF) | kept
        pe.enter_el1(syndrome.make(EC.ILLEGAL_STATE), saved=pe.pstate | pstate.IL)

    def _leave_returns(self) -> None:
        self._check_returns = False
        self._take_away(self._returning)

    def _take_away(self, trap: Callable[[], None]) -> None:
        traps = self._breakpoints.traps
        self._breakpoints.set_traps({va: other for va, other in traps.items() if other != trap})

    # What the guest, or the host, changes.

    def spsr_written(self, value: int) -> None:
        """Looks at ERETs from the first illegal value of SPSR_EL1 on."""
        if not self._check_returns and returns_illegally(value):
            self._check_returns = True
            self._pe.flush_code()

    def access_control_written(self) -> None:
        """Looks at all blocks again if FP traps elsewhere than before: CPACR_EL1 may have a new value."""
        enable = self._pe.sysreg["CPACR_EL1"] >> _FPEN_SHIFT & 3
        levels = (enable != 3, enable in (0, 2))
        if levels == self._fp_levels:
            return
        self._fp_levels = levels
        self._seek()
        self._take_away(self._using_fp)
        self._pe.flush_code()

    def debug_control_written(self) -> None:
        """Looks at all blocks again if PSTATE.D has come to matter, or no longer does, by MDSCR_EL1."""
        if self._step.control_written():
            self._seek()
            self._take_away(self._masking)
            self._pe.flush_code()
