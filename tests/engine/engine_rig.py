# SPDX-License-Identifier: MIT
"""A small machine of one or more PEs for the engine's own tests, with both register backends."""

from __future__ import annotations

from dataclasses import dataclass, field

import keystone

from harness.arch.esr import EC
from harness.engine import PE, Backend, Memory

RAM = 0x4000_0000
SIZE = 0x40_0000
DEVICE = 0x0900_0000
TABLES = RAM + 0x10_0000
"""Translation tables of the guests that turn the MMU on; a level-1 one stands first, for a space of 39 bits."""
MMU_ON = f"""
    movz x0, #0x00ff
    msr mair_el1, x0
    movz x0, #{TABLES >> 16}, lsl #16
    msr ttbr0_el1, x0
    movz x0, #0x3519
    movk x0, #0x80, lsl #16
    movk x0, #1, lsl #32
    msr tcr_el1, x0
    isb
    mrs x0, sctlr_el1
    orr x0, x0, #1
    msr sctlr_el1, x0
    isb
"""
"""Code that turns the MMU on: attribute 0 is Normal memory, attribute 1 Device-nGnRnE."""
_assembler = keystone.Ks(keystone.KS_ARCH_ARM64, keystone.KS_MODE_LITTLE_ENDIAN)


def assemble(source: str, base: int = RAM) -> bytes:
    code, _ = _assembler.asm(source, base)
    assert code is not None
    return bytes(code)


@dataclass
class Rig:
    """PEs on one memory; every HVC is logged as (pe, imm, x0, retired), HVC #0 stops the slice."""

    backend: Backend
    memory: Memory = field(default_factory=Memory)
    pes: list[PE] = field(default_factory=list)
    calls: list[tuple[int, int, int, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.memory.add_ram(RAM, SIZE)

    @property
    def pe(self) -> PE:
        return self.pes[0]

    def add(self, **options: str) -> PE:
        pe = PE(len(self.pes), self.memory, mpidr=len(self.pes), backend=self.backend, **options)
        pe.handlers[EC.HVC64] = self._hvc
        pe.handlers[EC.DATA_ABORT_LOWER] = lambda pe, esr: pe.inject_external_abort(
            pe.fault_address, write=bool(esr & 0x40)
        )
        pe.handlers[EC.INSTRUCTION_ABORT_LOWER] = lambda pe, esr: pe.inject_external_abort(
            pe.fault_address, instruction=True
        )
        pe.reset(RAM, 0)
        self.pes.append(pe)
        return pe

    def _hvc(self, pe: PE, esr: int) -> None:
        imm = esr & 0xFFFF
        self.calls.append((pe.index, imm, pe.x[0], pe.retired))
        if imm == 0:
            pe.stop()

    def load(self, source: str, at: int = RAM) -> None:
        self.memory.write(at, assemble(source, at))

    def go(self, source: str, limit: int = 10_000) -> PE:
        """Assemble at the start of RAM and run until HVC #0 (or the limit)."""
        self.load(source)
        self.pe.run(limit)
        return self.pe

    def immediates(self, index: int = 0) -> list[int]:
        return [imm for pe, imm, _, _ in self.calls if pe == index]
