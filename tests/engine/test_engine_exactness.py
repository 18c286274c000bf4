# SPDX-License-Identifier: MIT
"""The same program retires the same instructions, however it is sliced and on either backend."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from engine_rig import DEVICE, RAM, Rig

from harness.arch.esr import EC
from harness.arch.sysreg import NAMES_TO_ENCODINGS
from harness.engine import PE

VBAR = RAM + 0x1_0000
_DATA = RAM + 0x2_0000


def program(seed: int) -> str:
    """Random straight code in a loop: stores here and there (to its own page too), exits, exceptions, calls."""
    rng = random.Random(seed)
    pool = [
        "add x0, x0, #1",
        "eor x3, x3, x0",
        "str x0, [x20], #8",
        "str x0, [x21]",
        "ldr x4, [x21]",
        "stp x0, x3, [x20, #-8]",
        "ldr w5, [x22]",
        "str w0, [x22, #4]",
        "hvc #1",
        "hvc #2",
        "svc #3",
        ".long 0",
        "brk #1",
        "mrs x6, cntvct_el0",
        "msr cntv_ctl_el0, x0",
        "msr daifclr, #2",
        "msr daifset, #2",
        "ldxr x7, [x21]",
        "stxr w8, x0, [x21]",
        "blr x23",
        "str x0, [x23, #128]",
        "str x0, [x24]",
        "isb",
        "ic iallu",
        "str q0, [x20, #16]",
    ]
    body = "\n".join(rng.choice(pool) for _ in range(rng.randint(20, 60)))
    return (
        f"movz x9, #{VBAR >> 16}, lsl #16\nmsr vbar_el1, x9\nmovz x20, #{_DATA >> 16}, lsl #16\n"
        f"add x21, x20, #4, lsl #12\nmovz x22, #{DEVICE >> 16}, lsl #16\nadd x23, x20, #8, lsl #12\n"
        f"movz x24, #{RAM >> 16}, lsl #16\nadd x24, x24, #0xf00\nmov x19, #4\n"
        f"again:\n{body}\nsubs x19, x19, #1\nb.ne again\nhvc #0\nb ."
    )


def prepare(rig: Rig, source: str) -> list[tuple[int, ...]]:
    """A machine whose every exit is logged with the count; HVC #2 and the timer register drive the line."""
    log: list[tuple[int, ...]] = []
    pe = rig.pe

    def hvc(pe: PE, esr: int) -> None:
        imm = esr & 0xFFFF
        log.append((1, imm, pe.retired, pe.pc, *pe.x))
        pe.virq = imm == 2
        if imm == 0:
            pe.stop()

    def abort(pe: PE, esr: int) -> None:
        access = pe.access(esr)
        log.append((2, pe.retired, pe.pc, *(p.ipa for p in access.parts)))
        pe.finish(access, [pe.retired] * len(access.parts))

    def write(pe: PE, value: int) -> None:
        log.append((3, pe.retired, value))
        pe.virq = bool(value & 1)

    pe.handlers[EC.HVC64] = hvc
    pe.handlers[EC.DATA_ABORT_LOWER] = abort
    pe.on_system_register[NAMES_TO_ENCODINGS["CNTVCT_EL0"]] = (lambda pe: pe.retired, None)
    pe.on_system_register[NAMES_TO_ENCODINGS["CNTV_CTL_EL0"]] = (lambda pe: 0, write)
    rig.memory.write(_DATA + 0x8000, bytes.fromhex("c0035fd6"))
    rig.load(
        "mrs x10, esr_el1\nlsr x10, x10, #26\ncmp x10, #0x15\nb.eq out\n"
        "mrs x10, elr_el1\nadd x10, x10, #4\nmsr elr_el1, x10\nout: eret",
        VBAR + 0x200,
    )
    rig.load("hvc #4\neret", VBAR + 0x280)
    rig.load(source)
    return log


@pytest.mark.parametrize("seed", range(30))
def test_any_slicing_any_backend(make: Callable[[], Rig], seed: int) -> None:
    source = program(seed)
    reference = Rig("view")
    reference.add()
    expected = prepare(reference, source)
    while not expected or expected[-1][:2] != (1, 0):
        assert reference.pe.run(100_000) > 0
        assert reference.pe.lockup is None
    total = reference.pe.retired
    rng = random.Random(seed)
    for sizes in ([1], [7], [1000], [rng.randint(1, 30) for _ in range(100)]):
        rig = make()
        log = prepare(rig, source)
        turn = 0
        while not log or log[-1][:2] != (1, 0):
            rig.pe.run(sizes[turn % len(sizes)])
            turn += 1
        assert log == expected, sizes
        assert rig.pe.retired == total
    reference.pe.close()
