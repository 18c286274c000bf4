# SPDX-License-Identifier: MIT
"""Guests whose exceptions are told, and watchpoints set by the host, for the tests of watchpoints."""

from __future__ import annotations

from engine_rig import RAM, Rig

from harness.arch import pstate

VBAR = RAM + 0x1_0000
DATA = RAM + 0x8000
MDE, KDE = 1 << 15, 1 << 13
LOAD, STORE, BOTH = 1 << 3, 2 << 3, 3 << 3
EL1, EL0, ANY = 1 << 1, 2 << 1, 3 << 1
TAKEN = 9  # the HVC that a vector makes


def bas(selected: int) -> int:
    return selected << 5


def mask(bits: int) -> int:
    return bits << 24 | bas(0xFF)


def watch(rig: Rig, value: int, control: int, n: int = 0, pe: int = 0) -> None:
    registers = rig.pes[pe].sysreg
    registers[f"DBGWVR{n}_EL1"] = value
    registers[f"DBGWCR{n}_EL1"] = control | 1


def prepare(rig: Rig, mdscr: int = MDE | KDE) -> None:
    """Debug exceptions on; each exception to EL1 is HVC #9 and the end."""
    pe = rig.pe
    pe.reset(RAM, 0)
    pe.sysreg["VBAR_EL1"] = VBAR
    for offset in (0x000, 0x200, 0x400):
        rig.load(f"hvc #{TAKEN}\nhvc #0", VBAR + offset)
    pe.msr("OSLAR_EL1", 0)
    pe.sysreg["MDSCR_EL1"] = mdscr
    pe.pstate &= ~pstate.D
    rig.calls.clear()


def run(rig: Rig, source: str) -> tuple[int, int, int] | None:
    """Runs to the end; ESR_EL1, FAR_EL1, ELR_EL1 of an exception, if there was one."""
    rig.calls.clear()
    rig.pe.pc = RAM
    rig.go(source + "\nhvc #0")
    assert rig.immediates()[-1] == 0
    if TAKEN not in rig.immediates():
        return None
    registers = rig.pe.sysreg
    return registers["ESR_EL1"], registers["FAR_EL1"], registers["ELR_EL1"]


def base(value: int, register: str = "x1") -> str:
    return f"movz {register}, #{value & 0xFFFF}\n" + "".join(
        f"movk {register}, #{value >> s & 0xFFFF}, lsl #{s}\n" for s in (16, 32, 48) if value >> s & 0xFFFF
    )
