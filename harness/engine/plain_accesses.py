# SPDX-License-Identifier: MIT
"""Plain accesses to devices: those of which the syndrome says everything.

Such an access moves one general register, without writeback: ESR_EL2.ISS has ISV set, and says which register, how
wide, and how it is extended (DDI 0487, ISS encoding for data aborts). Unicorn sets ISV where there is writeback,
too; so whether the instruction is of this kind is looked up once for each word. Every other access, and what nobody
serves here, is for :mod:`harness.engine.mmio.access`.
"""

from __future__ import annotations

from typing import Final

from harness.arch import esr as syndrome
from harness.arch.masks import MASK32, MASK64
from harness.engine.completions.exception_entry import ExceptionCore
from harness.engine.mmio.loadstore import ZR, Operands, address, decode
from harness.engine.watch_ranges import WatchRanges

_PAGE: Final = 0x1000
_MOST_WORDS: Final = 4096
_ISV, _KIND, _WNR, _SSE, _SF = (
    syndrome.ISV,
    syndrome.ISV | syndrome.S1PTW,
    syndrome.WNR,
    syndrome.SSE,
    syndrome.SF,
)


class PlainAccesses:
    """Plain accesses of one PE, which its `on_load` and `on_store` serve."""

    def __init__(self, pe: ExceptionCore, operands: Operands, watched: WatchRanges) -> None:
        self._pe, self._operands, self._watched = pe, operands, watched
        self._guards = pe.memory.guards
        self._plain: dict[int, bool] = {}  # by instruction

    def serve(self, esr: int) -> bool:
        """Serves a stage-2 data abort; False if nothing was done.

        `on_load` and `on_store` are not asked about RAM, nor where something else has to be seen first: watched or
        guarded pages, data that should be big-endian, an access that crosses pages. They find pc at the
        instruction.
        """
        pe = self._pe
        if esr & _KIND != _ISV or pe.big_endian or self._guards.active or self._watched.active:
            return False
        registers = pe.registers
        if registers.asked:
            return False
        offset = registers.fault_address() & _PAGE - 1
        ipa = registers.fault_page() | offset
        word = pe.instruction()
        if word is None or pe.memory.is_ram(ipa) or not self._is_plain(word):
            return False
        size = 1 << (esr >> 22 & 3)
        if offset + size > _PAGE or not (offset or self._starts_here(word)):
            return False
        n = esr >> 16 & 31
        if esr & _WNR:
            on_store = pe.on_store
            value = 0 if n == ZR else pe.x[n] & (1 << 8 * size) - 1
            if on_store is None or not on_store(ipa, size, value):
                return False
        else:
            on_load = pe.on_load
            value = -1 if on_load is None else on_load(ipa, size)
            if value < 0:
                return False
            if n != ZR:
                if esr & _SSE and value >> 8 * size - 1:
                    value |= -1 << 8 * size
                pe.x[n] = value & (MASK64 if esr & _SF else MASK32)
        pe.advance()
        return True

    def _is_plain(self, word: int) -> bool:
        """Says whether a load or store moves one general register, without writeback, and is no atomic."""
        plain = self._plain.get(word)
        if plain is None:
            insn = decode(word)
            plain = insn is not None and insn.is_plain
            if len(self._plain) < _MOST_WORDS:
                self._plain[word] = plain
        return plain

    def _starts_here(self, word: int) -> bool:
        """Says whether an access begins at the start of the page, and did not come over from the page before."""
        insn = decode(word)
        return insn is not None and not address(insn, self._operands) & _PAGE - 1
