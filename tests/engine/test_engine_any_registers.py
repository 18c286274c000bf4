# SPDX-License-Identifier: MIT
"""Whatever a guest writes to its registers, the host goes on: nothing takes a value that the CPU limits first."""

from __future__ import annotations

import random

import pytest
import thorough
from engine_rig import RAM, Rig, assemble

from harness.arch import pstate
from harness.arch.esr import EC

VBAR = RAM + 0x1_0000
TABLES = RAM + 0x10_0000
TOP = (1 << 64) - 0x1000
REGISTERS = [
    "tcr_el1",
    "ttbr0_el1",
    "ttbr1_el1",
    "sctlr_el1",
    "vbar_el1",
    "spsr_el1",
    "elr_el1",
    "cpacr_el1",
    "mdscr_el1",
    "mair_el1",
    "sp_el0",
    "contextidr_el1",
    "daif",
    "nzcv",
    "pmcr_el0",
    "pmselr_el0",
    "pmxevtyper_el0",
    "cntkctl_el1",
    "far_el1",
    "esr_el1",
    "par_el1",
    "tpidr_el1",
]
OTHERS = [
    "eret",
    "svc #1",
    "smc #1",
    "hvc #1",
    "brk #1",
    "br x1",
    "ldr x2, [x3]",
    "str x2, [x3]",
    "ldr x4, [sp]",
    "ldxr x5, [x3]",
    "tlbi vmalle1",
    "at s1e1r, x3",
    "ic iallu",
    "dc civac, x3",
    "dc zva, x3",
    "msr daifclr, #15",
    "msr daifset, #8",
    "msr spsel, #0",
    "msr spsel, #1",
    "wfe",
    "sev",
    "fmov d0, x1",
    "mrs x6, pmccntr_el0",
    ".long 0xffffffff",
    "isb",
]


def some_value(rnd: random.Random) -> int:
    return rnd.choice(
        [
            rnd.getrandbits(64),
            rnd.getrandbits(12),
            1 << rnd.randrange(64),
            (1 << 64) - 1 - rnd.getrandbits(3),
            RAM + rnd.getrandbits(22),
            TABLES + (rnd.getrandbits(3) << 12),
            RAM + 4 * rnd.getrandbits(8),
            TOP + 0xFFC,
            5 | rnd.getrandbits(1) << 21,
            1,
        ]
    )


def program(rnd: random.Random) -> str:
    lines = []
    for _ in range(60):
        value = some_value(rnd)
        if rnd.random() < 0.5:
            parts = [f"movk x0, #{value >> s & 0xFFFF}, lsl #{s}" for s in (0, 16, 32, 48)]
            lines += [*parts, f"msr {rnd.choice(REGISTERS)}, x0"]
        else:
            lines.append(rnd.choice(OTHERS))
    return "\n".join(lines)


def tables(rnd: random.Random) -> bytes:
    descriptors = [
        rnd.choice([0x4000_0000, TABLES + (rnd.getrandbits(3) << 12), rnd.getrandbits(48)]) & -4096
        | rnd.choice([0x701, 0x403, 0x703, 0x3, 0x1, 0])
        for _ in range(512)
    ]
    return b"".join(descriptor.to_bytes(8, "little") for descriptor in descriptors)


@pytest.mark.parametrize("seed", range(3000 if thorough.ALL else 10))
def test_random_values_of_system_registers(rig: Rig, seed: int) -> None:
    """The guest may lock up or loop; no Python exception comes out, and no slice is longer than asked for."""
    rnd = random.Random(seed)
    pe = rig.pe
    pe.handlers[EC.WFX] = lambda pe, esr: pe.advance()
    pe.handlers[EC.SMC64] = lambda pe, esr: pe.inject_undefined_before()
    rig.memory.write(TABLES, tables(rnd) * 8)
    for offset in range(0, 0x800, 0x80):
        rig.load("mrs x9, elr_el1\nadd x9, x9, #4\nmsr elr_el1, x9\neret", VBAR + offset)
    rig.memory.write(RAM, assemble(program(rnd)))
    for _ in range(4):
        pe.reset(RAM, 0)
        pe.sysreg["VBAR_EL1"] = rnd.choice([VBAR, VBAR, 0, TOP])
        for table in ("TTBR0_EL1", "TTBR1_EL1"):
            pe.sysreg[table] = rnd.choice([TABLES, TABLES + 0x1000, 0x2000_0000, some_value(rnd)])
        for n in (1, 2, 3):
            pe.x[n] = some_value(rnd)
        pe.sysreg["TCR_EL1"] = some_value(rnd)
        pe.sysreg["SCTLR_EL1"] |= rnd.getrandbits(1)
        end = pe.retired + 400
        while pe.retired < end and pe.lockup is None:
            before = pe.retired
            if pe.run(20) == 0 and pe.retired == before:
                break
            pe.virq = rnd.random() < 0.2
        pe.pstate = pstate.RESET
