# SPDX-License-Identifier: MIT
"""Controls of stage 1 that Unicorn's walk takes too literally (DDI 0487, D8.2, D8.3).

Two things that the architecture reserves, it translates with: a block descriptor at a level that has none
(level 0 of the 4 KiB granule, level 1 of the 64 KiB granule), which can only lie in the table at which a walk
starts; and the 16 KiB granule, which no CPU model here has. So what the guest writes to TCR_EL1 and TTBRn_EL1 is
looked at. Where it asks for one of these, the CPU gets something else, while the guest reads back what it wrote:
a granule that there is, or a copy of the first table without such blocks. The copy is no more than what a TLB may
hold of the table; TLB maintenance renews it, and so does a fault that is its own.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Mapping
from typing import Final

from harness.arch import hyp
from harness.arch.esr import FSC_MASK, FSC_TRANSLATION
from harness.engine.completions.exception_entry import ExceptionCore
from harness.engine.deviations import DEVIATIONS
from harness.engine.emulator import binding as uc
from harness.engine.memory.table_check import deviations_in
from harness.engine.memory.walk import Regime, granules_present, regime, walk

_TABLES: Final = ("TTBR0_EL1", "TTBR1_EL1")
SUBSTITUTED: Final = ("TCR_EL1", *_TABLES)
"""Registers of which the CPU may have another value than the guest."""
_OTHER_BITS: Final = 0xFFFF_0000_0000_0001  # of TTBRn_EL1: ASID and CnP
_VALID, _TYPE = 0b01, 0b11
_IS_BLOCK: Final = bytes(byte & _TYPE == _VALID for byte in range(256))  # by a descriptor's lowest byte


class Stage1Controls:
    """TCR_EL1 and TTBRn_EL1 of one PE. ``substitutes`` says that the CPU's are not all the guest's."""

    def __init__(self, core: ExceptionCore) -> None:
        self._core = core
        self._held: dict[str, int] = {}  # by name, where the CPU has something else
        self._copies: dict[str, int] = {}  # IPA of the copy, by the name of its TTBR
        self._reserves = dict.fromkeys(_TABLES, False)  # the walk is on, and its first level has no blocks
        self._has_checked = False  # the tables, when the MMU was turned on
        self.substitutes = False
        self.registers: Final[Mapping[str, int]] = ChainMap(self._held, core.sysreg)

    def held(self, name: str) -> int | None:
        """Returns what the guest wrote to a register, None where the CPU has it."""
        return self._held.get(name)

    def reset(self) -> None:
        """Forgets what was substituted: the registers have their reset values."""
        self._held.clear()
        self._has_checked = self.substitutes = False
        self._reserves = dict.fromkeys(_TABLES, False)

    # What is written.

    def concerns(self, name: str, value: int) -> bool:
        """Notes that SCTLR_EL1 or one of SUBSTITUTED is about to be written; says if :meth:`follow` must come."""
        self._held.pop(name, None)
        if name not in self._reserves:
            return True
        return self._reserves[name] and self._has_reserved_blocks(regime(self.registers, name, value))

    def host_wrote(self, name: str) -> None:
        """Follows a system register that the host wrote."""
        if name == "SCTLR_EL1" or name in SUBSTITUTED:
            self._held.pop(name, None)
            self.follow()

    def follow(self) -> None:
        """Makes the CPU's registers those that mean what the guest's should mean."""
        core = self._core
        guest = {name: self.registers[name] for name in SUBSTITUTED}
        wanted = {**guest, "TCR_EL1": granules_present(guest["TCR_EL1"])}
        on = bool(core.sysreg["SCTLR_EL1"] & hyp.SCTLR_M)
        for name in _TABLES:
            half = regime(self.registers, name)
            if on and not self._has_checked and not half.disabled:
                self._tell(half)
            self._reserves[name] = on and half.reserves_blocks
            if self._reserves[name] and self._has_reserved_blocks(half):
                wanted[name] = self._copy(name, half) | guest[name] & _OTHER_BITS
                core.trap_tlb_maintenance()
        self._has_checked |= on
        self._held.clear()
        self._held.update((name, value) for name, value in guest.items() if wanted[name] != value)
        self.substitutes = bool(self._held)
        for name, value in wanted.items():
            if core.sysreg[name] != value:
                core.sysreg.write(name, value)
        uc.flush_tlb(core.handle)

    def _tell(self, half: Regime) -> None:
        found = deviations_in(half, self._core.memory)
        for deviation in DEVIATIONS:
            if deviation in found:
                self._core.count_deviation(deviation)

    def _has_reserved_blocks(self, half: Regime) -> bool:
        table, size = half.table, 8 * half.entries
        if not self._core.memory.is_backed(table, size):
            return False  # the walk fails
        return 1 in self._core.memory.read(table, size)[::8].translate(_IS_BLOCK)

    def _copy(self, name: str, half: Regime) -> int:
        """Copies the first table of a walk but for its blocks; returns the copy's IPA."""
        memory = self._core.memory
        copy = self._copies.get(name)
        if copy is None:
            copy = self._copies[name] = memory.stage2.make_hidden_page()
        descriptors = [memory.u64(half.table + 8 * n) for n in range(half.entries)]
        memory.stage2.write_hidden_page(copy, [d if d & _TYPE != _VALID else 0 for d in descriptors])
        return copy

    # What comes of it.

    def is_stale(self, esr: int, far: int) -> bool:
        """Says whether a translation fault comes of a copy alone, which is renewed: the access may go on."""
        name = _TABLES[far >> 55 & 1]
        if name not in self._held:
            return False
        fault = FSC_TRANSLATION + regime(self.registers, name).level
        if esr & FSC_MASK != fault or walk(far, self.registers, self._core.memory).status == fault:
            return False
        self.follow()
        return True
