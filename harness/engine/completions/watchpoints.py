# SPDX-License-Identifier: MIT
"""Watchpoints of the guest (DDI 0487, D2.10): DBGWVRn_EL1, DBGWCRn_EL1, which Unicorn keeps and never matches."""

from __future__ import annotations

from functools import partial
from typing import Final

from harness.arch import esr as syndrome
from harness.arch import hyp, pstate
from harness.arch.esr import EC
from harness.engine.completions.exception_entry import ExceptionCore
from harness.engine.completions.served import Serve
from harness.engine.completions.stage1_controls import SUBSTITUTED
from harness.engine.watch_ranges import Hit, Range, WatchRanges

WATCHPOINTS: Final = 4  # ID_AA64DFR0_EL1.WRPs + 1 of every CPU model here
REGISTERS: Final = tuple(f"DBGW{kind}R{n}_EL1" for n in range(WATCHPOINTS) for kind in "VC")
TRANSLATION: Final = ("SCTLR_EL1", *SUBSTITUTED)
CONTROLS: Final = ("MDSCR_EL1", "OSLAR_EL1")
_OSLSR_OSLK: Final = 1 << 1
_ENABLE: Final = 1 << 0  # DBGWCRn_EL1.E
_LINKED: Final = 1 << 20  # DBGWCRn_EL1.WT
_SECURE_ONLY: Final = 0b10  # DBGWCRn_EL1.SSC
_CONTEXT_BREAKPOINTS: Final = range(4, 6)  # ID_AA64DFR0_EL1.CTX_CMPs and BRPs
_LINKED_CONTEXT: Final = 0b0011  # DBGBCRn_EL1.BT: linked Context ID match
_WORD: Final = 1 << 2  # DBGWVRn_EL1 bit 2: BAS names four bytes


def watched_bytes(value: int, control: int) -> list[tuple[int, int]]:
    """Returns the stretches (address, size) that DBGWVRn_EL1 and DBGWCRn_EL1 name (D2.10.2).

    A MASK of 1 or 2 is reserved and names nothing. Bytes of BAS that are not contiguous are all named.
    """
    value = _sign_extended(value)
    mask = control >> 24 & 0x1F
    if mask:
        return [] if mask < 3 else [(value & -(1 << mask), 1 << mask)]
    selected = control >> 5 & (0xF if value & _WORD else 0xFF)
    stretches: list[tuple[int, int]] = []
    for byte in range(8):
        if not selected >> byte & 1:
            continue
        if stretches and sum(stretches[-1]) == value + byte:
            stretches[-1] = (stretches[-1][0], stretches[-1][1] + 1)
        else:
            stretches.append((value + byte, 1))
    return stretches


def _sign_extended(value: int) -> int:
    """Returns DBGWVRn_EL1.VA as an address: bits above 48 are as that one."""
    value &= (1 << 49) - 4
    return value | (0x7FFF << 49 if value >> 48 else 0)


class Watchpoints:
    """Watchpoints of one PE, as watched ranges; whether one matches is asked when an access is stopped."""

    def __init__(self, pe: ExceptionCore, ranges: WatchRanges) -> None:
        self._pe, self._ranges = pe, ranges
        self._numbers: list[int] = []

    def written(self, name: str) -> None:
        """Follows a system register that the host wrote."""
        if name in REGISTERS or name in CONTROLS:
            self.follow()
        elif name in TRANSLATION and self._ranges.active:
            self._ranges.follow()

    def writes(self) -> dict[str, Serve]:
        """Returns who is told of MSR of those registers, of which Unicorn keeps the values."""
        return dict.fromkeys((*REGISTERS, *CONTROLS), self._registers_written)

    def translation_written(self) -> None:
        """Follows what the guest writes to a register that stage 1 depends on."""
        if self._ranges.active:
            self._pe.defer(self._ranges.follow)

    def _registers_written(self, _register: int, _cp: int) -> int:
        self._pe.defer(self.follow)
        return 0

    def follow(self) -> None:
        """Watches what the registers name now; nothing while no Watchpoint exception can be taken at all."""
        sysreg = self._pe.sysreg
        wanted: list[Range] = []
        if sysreg["MDSCR_EL1"] & hyp.MDSCR_MDE and not sysreg["OSLSR_EL1"] & _OSLSR_OSLK:
            for n in range(WATCHPOINTS):
                control = sysreg[f"DBGWCR{n}_EL1"]
                reads, writes = bool(control & 1 << 3), bool(control & 1 << 4)  # LSC
                if control & _ENABLE and (reads or writes):
                    for va, size in watched_bytes(sysreg[f"DBGWVR{n}_EL1"], control):
                        wanted.append(Range(va, size, reads, writes, partial(self._matches, n)))
        self._numbers = self._ranges.replace(self._numbers, wanted)

    def _matches(self, n: int, hit: Hit) -> bool:
        """Takes the Watchpoint exception, if debug exceptions are enabled and the control allows (D2.10.3)."""
        pe = self._pe
        state, level = pe.pstate, pe.registers.level
        if level and (state & pstate.D or not pe.sysreg["MDSCR_EL1"] & hyp.MDSCR_KDE):
            return False
        control = pe.sysreg[f"DBGWCR{n}_EL1"]
        privileged = bool(level) and not hit.unprivileged
        if not control >> (1 if privileged else 2) & 1 or control >> 14 & 3 == _SECURE_ONLY:  # PAC, SSC
            return False
        if control & _LINKED and not self._context_matches(control >> 16 & 0xF):
            return False
        iss = (
            syndrome.FSC_DEBUG | (syndrome.WNR if hit.write else 0) | (syndrome.CM if hit.maintenance else 0)
        )
        kind = syndrome.from_level(EC.WATCHPOINT_LOWER, level)
        pe.enter_el1(syndrome.make(kind, iss), far=hit.address)
        return True

    def _context_matches(self, n: int) -> bool:
        """Says whether the breakpoint that a watchpoint is linked to (LBN) matches CONTEXTIDR_EL1."""
        sysreg = self._pe.sysreg
        if n not in _CONTEXT_BREAKPOINTS:
            return False
        control = sysreg[f"DBGBCR{n}_EL1"]
        if not control & _ENABLE or control >> 20 & 0xF != _LINKED_CONTEXT:
            return False
        return (sysreg["CONTEXTIDR_EL1"] ^ sysreg[f"DBGBVR{n}_EL1"]) & 0xFFFF_FFFF == 0
