# SPDX-License-Identifier: MIT
"""Code of one page that changes is forgotten on every PE, however it was reached, and no other code is."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from engine_rig import MMU_ON, RAM, TABLES, Rig, assemble

from harness.engine import PE, Page

PAGE = RAM + 0x8000
ALIAS = 0x1_0000_0000
AF, INNER = 1 << 10, 3 << 8
WAYS = ["host", "guest", "another PE"]


def add(value: int) -> int:
    return int.from_bytes(assemble(f"add x0, x0, #{value}"), "little")


def to(register: str, value: int) -> str:
    return "".join(
        f"mov{'k' if s else 'z'} {register}, #{value >> s & 0xFFFF}, lsl #{s}\n" for s in (0, 16, 32)
    )


def store(address: int, word: int) -> str:
    return f"{to('x9', address)}{to('x10', word)}str w10, [x9]\n"


class Changed:
    """Two PEs, of which the first calls code again and again; and a word of it that changes in some way."""

    def __init__(self, rig: Rig, code: int, alias: int = 0, setup: str = "") -> None:
        self.rig, self.other = rig, rig.add()
        call = f"mov x0, #0\n{to('x9', code + alias)}blr x9\nhvc #0\n"
        rig.load(setup + call * 3)
        rig.pe.pc = RAM

    def call(self) -> int:
        self.rig.pe.run(500)
        return self.rig.calls[-1][2]

    def change(self, way: str, address: int, word: int) -> None:
        if way == "host":
            self.rig.memory.write_u32(address, word)
            return
        source = f"{store(address, word)}dsb ish\nic ivau, x9\ndsb ish\nisb\nhvc #0"
        self.rig.load(source, RAM + 0x2000)
        pe = self.rig.pe if way == "guest" else self.other
        pc, pe.pc = pe.pc, RAM + 0x2000
        pe.run(100)
        pe.pc = pc


@pytest.mark.parametrize("way", WAYS)
def test_a_block_that_spans_two_pages(rig: Rig, way: str) -> None:
    """It begins in the page before; the word that changes is in the second."""
    rig.load("add x0, x0, #1\nadd x0, x0, #2\nret", PAGE - 4)
    changed = Changed(rig, PAGE - 4)
    assert changed.call() == 3
    changed.change(way, PAGE, add(8))
    assert changed.call() == 9
    changed.change(way, PAGE - 4, add(5))
    assert changed.call() == 13


@pytest.mark.parametrize("way", WAYS)
def test_code_that_was_reached_by_another_address(rig: Rig, way: str) -> None:
    """The second PE, and the host, write at the physical address."""
    rig.memory.write_u64(TABLES + 8, 0x4000_0000 | AF | INNER | 1)
    rig.memory.write_u64(TABLES + 32, 0x4000_0000 | AF | INNER | 1)
    rig.load("add x0, x0, #1\nret", PAGE)
    changed = Changed(rig, PAGE, ALIAS - RAM, MMU_ON)
    assert changed.call() == 1
    changed.change(way, PAGE, add(7))
    assert changed.call() == 7
    rig.memory.write_u32(PAGE, add(9))
    assert changed.call() == 9


@pytest.mark.parametrize("way", WAYS)
def test_a_page_whose_loads_are_watched(rig: Rig, way: str) -> None:
    """Stage 2 withholds the right to load there: the page may still execute."""
    seen: list[PE] = []
    rig.load("add x0, x0, #1\nret\n.word 0", PAGE)
    rig.pe.add_watchpoint(PAGE + 8, 4, lambda pe, _hit: seen.append(pe), writes=False)
    changed = Changed(rig, PAGE)
    assert changed.call() == 1
    changed.change(way, PAGE, add(7))
    assert changed.call() == 7
    rig.load(f"{to('x9', PAGE)}ldr w10, [x9, #8]\nhvc #0", RAM + 0x3000)
    rig.pe.pc = RAM + 0x3000
    rig.pe.run(100)
    assert seen == [rig.pe]


@pytest.mark.parametrize("pages", [1, 16, 17, 60])
def test_the_host_changes_many_pages_at_once(rig: Rig, pages: int) -> None:
    functions = [PAGE + (n << 12) for n in range(pages)]
    for n, function in enumerate(functions):
        rig.load(f"add x0, x0, #{n + 1}\nret", function)
    calls = "".join(f"{to('x9', function)}blr x9\n" for function in functions)
    rig.load(f"mov x0, #0\n{calls}hvc #0\nmov x0, #0\n{calls}hvc #0")
    rig.pe.run(2000)
    rig.memory.write_parts([(function, add(1000).to_bytes(4, "little")) for function in functions])
    rig.pe.run(2000)
    assert [x0 for _, _, x0, _ in rig.calls] == [sum(range(1, pages + 1)), 1000 * pages]


@pytest.mark.parametrize("operation", ["ialluis", "iallu"])
def test_ic_iallu_forgets_every_mixed_page(rig: Rig, operation: str) -> None:
    """What another PE translated, too; that the stores alone do not."""
    pages = [PAGE, PAGE + 0x1000]
    for page in pages:
        rig.load("add x0, x0, #1\nret", page)
        for _ in range(4):
            rig.go(f"{to('x9', page)}blr x9\nstr xzr, [x9, #64]\nhvc #0")
            rig.pe.pc = RAM
    assert rig.memory.stage2.mixed == {page >> 12 for page in pages}
    other, calls = rig.add(), "".join(f"{to('x9', page)}blr x9\n" for page in pages)
    rig.load(f"mov x0, #0\n{calls}hvc #0\n" * 3)
    rig.load("".join(store(page, add(5)) for page in pages) + f"hvc #0\nic {operation}\nhvc #0", RAM + 0x2000)
    other.pc = RAM + 0x2000
    rig.calls.clear()
    for pe in (rig.pe, other, rig.pe, other, rig.pe):
        pe.run(100)
    assert [x0 for index, _, x0, _ in rig.calls if index == 0] == [2, 2, 10]


FORGETS: dict[str, Callable[[Rig], object]] = {
    "a store turns the page": lambda rig: rig.pe.run(100),
    "the host writes there": lambda rig: rig.memory.write_u32(PAGE, 0),
}


@pytest.mark.parametrize("how", FORGETS)
def test_the_code_of_other_pages_stays(rig: Rig, how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    rig.load("ret", PAGE)
    rig.load(f"{to('x9', PAGE)}blr x9\nhvc #0\nstr wzr, [x9, #64]\nhvc #0")
    rig.pe.run(100)
    assert rig.memory.stage2.page(PAGE) is Page.CODE
    whole: list[PE] = []
    monkeypatch.setattr(PE, "flush_code", whole.append)
    FORGETS[how](rig)
    assert rig.memory.stage2.page(PAGE) is not Page.CODE
    assert whole == []
