# SPDX-License-Identifier: MIT
"""IC IVAU and DC CVAU act on the line of their address (DDI 0487, B2.7.4), in pages that hold code and data."""

from __future__ import annotations

import random

import pytest
from engine_rig import MMU_ON, RAM, TABLES, Rig, assemble
from thorough import ALL

from harness.engine import Page

PAGE = RAM + 0x4000
ALIAS = 0x1_0000_0000
AF, INNER, EXECUTE_NEVER = 1 << 10, 3 << 8, 3 << 53
LINE = 64
ADD = int.from_bytes(assemble("add x0, x0, #1"), "little")


def address(value: int, register: str) -> str:
    return f"movz {register}, #{value & 0xFFFF}\n" + "".join(
        f"movk {register}, #{value >> s & 0xFFFF}, lsl #{s}\n" for s in (16, 32) if value >> s & 0xFFFF
    )


def functions(rig: Rig, count: int) -> None:
    """A page of functions, one a line, the n-th of which adds n to x0; it holds data too, and is MIXED."""
    for n in range(count):
        rig.load(f"add x0, x0, #{n}\nret", PAGE + LINE * n)
    for _ in range(4):
        rig.go(f"{address(PAGE, 'x9')}blr x9\nstr xzr, [x9, #4088]\nhvc #0")
        rig.pe.pc = RAM
    assert rig.memory.stage2.page(PAGE) is Page.MIXED
    rig.calls.clear()


def call(n: int) -> str:
    return f"mov x0, #0\n{address(PAGE + LINE * n, 'x9')}blr x9\nhvc #1\n"


def patch(n: int, value: int, base: int = PAGE) -> str:
    return f"{address(base + LINE * n, 'x9')}{address(ADD & ~0x3FFC00 | value << 10, 'x10')}str w10, [x9]\n"


def answers(rig: Rig, pe: int = 0) -> list[int]:
    return [x0 for index, imm, x0, _ in rig.calls if index == pe and imm == 1]


IC = "dsb ish\nic ivau, x9\ndsb ish\nisb\n"


def test_it_acts_on_its_line_and_no_other(rig: Rig) -> None:
    """Another PE runs what it has translated until IC IVAU names that very line."""
    functions(rig, 3)
    other = rig.add()
    rig.load(call(1) + call(2) + "hvc #0\n" + call(1) + call(2) + "hvc #0\n" + call(1) + call(2) + "hvc #0")
    rig.load(f"{patch(1, 11)}{patch(2, 12)}{IC}hvc #0\n{address(PAGE + LINE, 'x9')}{IC}hvc #0", RAM + 0x1000)
    other.pc, rig.pe.pc = RAM + 0x1000, RAM
    for each in (rig.pe, other, rig.pe, other, rig.pe):
        each.run(200)
    assert answers(rig) == [1, 2, 1, 12, 11, 12]


def test_any_address_in_the_line_will_do(rig: Rig) -> None:
    functions(rig, 2)
    rig.go(f"{call(1)}{patch(1, 7)}add x9, x9, #61\n{IC}{call(1)}hvc #0")
    assert answers(rig) == [1, 7]


@pytest.mark.parametrize("mmu", ["off", "on"])
def test_by_an_alias_that_may_not_execute(rig: Rig, mmu: str) -> None:
    """The cache is as if physically tagged: a kernel patches through a mapping of data."""
    functions(rig, 2)
    rig.memory.write_u64(TABLES + 8, 0x4000_0000 | AF | INNER | 1)
    rig.memory.write_u64(TABLES + 32, 0x4000_0000 | AF | INNER | EXECUTE_NEVER | 1)
    base, enable = (ALIAS + PAGE - RAM, MMU_ON) if mmu == "on" else (PAGE, "")
    other = rig.add()
    rig.load(call(1) + "hvc #0\n" + call(1) + "hvc #0")
    rig.load(f"{enable}{patch(1, 7, base)}{IC}hvc #0", RAM + 0x1000)
    other.pc, rig.pe.pc = RAM + 0x1000, RAM
    for each in (rig.pe, other, rig.pe):
        each.run(200)
    assert answers(rig) == [1, 7]


def test_an_address_that_cannot_be_read_drops_everything(rig: Rig) -> None:
    """IC IVAU needs no right to load: what it means is not known here, so no code stays."""
    functions(rig, 2)
    rig.memory.write_u64(TABLES + 8, 0x4000_0000 | AF | INNER | 1)
    hole = "mov x9, #0\n"
    other = rig.add()
    rig.load(call(1) + "hvc #0\n" + call(1) + "hvc #0")
    rig.load(f"{MMU_ON}{patch(1, 7)}{hole}{IC}hvc #0", RAM + 0x1000)
    other.pc, rig.pe.pc = RAM + 0x1000, RAM
    for each in (rig.pe, other, rig.pe):
        each.run(200)
    assert answers(rig) == [1, 7]


@pytest.mark.parametrize("mmu", ["off", "on"])
def test_random_patches_are_seen(rig: Rig, mmu: str) -> None:
    """Any order of patches, by any mapping, and of calls: each call runs what was last written and maintained."""
    rig.memory.write_u64(TABLES + 8, 0x4000_0000 | AF | INNER | 1)
    rig.memory.write_u64(TABLES + 32, 0x4000_0000 | AF | INNER | EXECUTE_NEVER | 1)
    for seed in range(60 if ALL else 4):
        rng = random.Random(seed)
        rig.pe.reset(RAM, 0)
        functions(rig, 8)
        values, source, expected = list(range(8)), MMU_ON if mmu == "on" else "", []
        for _ in range(20):
            n = rng.randrange(8)
            if rng.random() < 0.5:
                values[n] = rng.randrange(4096)
                base = rng.choice([PAGE, ALIAS + PAGE - RAM]) if mmu == "on" else PAGE
                source += patch(n, values[n], base) + rng.choice(["", "dc cvau, x9\n"]) + IC
            else:
                source += call(n)
                expected.append(values[n])
        rig.pe.pc = RAM
        rig.go(source + "hvc #0")
        assert answers(rig) == expected, seed
