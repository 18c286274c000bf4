# SPDX-License-Identifier: MIT
"""Watched ranges: for debuggers from outside, and wherever stage 1 puts them (DDI 0487, D8)."""

from __future__ import annotations

import random

import pytest
from engine_rig import MMU_ON, RAM, SIZE, TABLES, Rig
from thorough import ALL
from watchpoint_rig import DATA, base, prepare, run

from harness.engine import PE

LEVEL2, LEVEL3 = TABLES + 0x1000, TABLES + 0x2000
WINDOW = 0x1_0000_0000  # virtual: 2 MiB of pages by LEVEL3
AF, INNER, BLOCK, PAGE, TABLE = 1 << 10, 3 << 8, 0b01, 0b11, 0b11


def tables(rig: Rig) -> None:
    rig.memory.write(TABLES, bytes(0x3000))
    rig.memory.write_u64(TABLES + 8, 0x4000_0000 | AF | INNER | BLOCK)
    rig.memory.write_u64(TABLES + 32, LEVEL2 | TABLE)
    rig.memory.write_u64(LEVEL2, LEVEL3 | TABLE)


def page(ipa: int) -> int:
    return ipa | AF | INNER | PAGE


class Log:
    """Hits of one range; with ``stop``, the PE stops at each."""

    def __init__(self, rig: Rig, va: int, size: int, *, stop: bool = False, **kinds: bool) -> None:
        self.hits: list[tuple[int, bool]] = []
        self.places: list[int] = []
        self.stop = stop
        self.number = rig.pe.add_watchpoint(va, size, self._hit, **kinds)

    def _hit(self, pe: PE, hit: object) -> None:
        self.hits.append((hit.address, hit.write))
        self.places.append(pe.pc)
        if self.stop:
            pe.stop()


def test_a_callback_sees_each_access_before_it_is_done(rig: Rig) -> None:
    log = Log(rig, DATA + 3, 2)
    assert run(rig, base(DATA) + "mov x0, #7\nstr x0, [x1]\nldrb w2, [x1, #4]\nldrb w2, [x1, #5]") is None
    assert log.hits == [(DATA + 3, True), (DATA + 4, False)]
    assert log.places == [RAM + 12, RAM + 16]
    assert rig.memory.u64(DATA) == 7


def test_stop_leaves_the_access_undone_and_the_next_run_does_it(rig: Rig) -> None:
    log = Log(rig, DATA, 8, stop=True, reads=False)
    rig.load(base(DATA) + "mov x0, #7\nstr x0, [x1]\nldr x2, [x1]\nstr x0, [x1]\nhvc #0")
    assert rig.pe.run(100) == 3
    assert (rig.pe.pc, rig.memory.u64(DATA)) == (RAM + 12, 0)
    assert rig.pe.run(100) == 2
    assert (rig.pe.pc, rig.memory.u64(DATA)) == (RAM + 20, 7)
    assert rig.pe.run(100) == 2
    assert len(log.hits) == 2


def test_removed_it_costs_and_tells_nothing(rig: Rig) -> None:
    log = Log(rig, DATA, 8)
    rig.pe.remove_watchpoint(log.number)
    run(rig, base(DATA) + "str x0, [x1]")
    assert log.hits == []
    assert not rig.memory.guards.active
    with pytest.raises(KeyError):
        rig.pe.remove_watchpoint(log.number)


def test_all_of_memory(rig: Rig) -> None:
    """A range of any size, whatever of it has been reached before."""
    run(rig, base(DATA) + "str xzr, [x1]")
    log = Log(rig, RAM, SIZE, reads=False)
    run(rig, base(DATA) + "str xzr, [x1]\nldr x0, [x1]\nstr xzr, [x1, #4096]")
    assert log.hits == [(DATA, True), (DATA + 4096, True)]
    rig.pe.remove_watchpoint(log.number)
    run(rig, base(DATA) + "str xzr, [x1]")
    assert len(log.hits) == 2


def test_two_pes_watch_the_same_page(rig: Rig) -> None:
    """Each hears of its own accesses; one that leaves off takes nothing from the other."""
    second = rig.add()
    first_log, second_hits = Log(rig, DATA, 8), []
    number = second.add_watchpoint(DATA + 8, 8, lambda _pe, hit: second_hits.append(hit.address))
    rig.load(base(DATA) + "str x0, [x1]\nstr x0, [x1, #8]\nhvc #0")
    for pe in (rig.pe, second):
        pe.pc = RAM
        pe.run(100)
    assert (first_log.hits, second_hits) == ([(DATA, True)], [DATA + 8])
    second.remove_watchpoint(number)
    run(rig, base(DATA) + "str x0, [x1]\nstr x0, [x1, #8]")
    assert len(first_log.hits) == 2


def test_a_closed_pe_guards_nothing(rig: Rig) -> None:
    second = rig.add()
    second.add_watchpoint(DATA, 8, lambda _pe, _hit: None)
    assert rig.memory.guards.active
    second.close()
    assert not rig.memory.guards.active


class TestStage1:
    """A range is virtual: it is watched wherever stage 1 puts it, from the very instruction that changes this."""

    def hits(self, rig: Rig, source: str) -> list[tuple[int, bool]]:
        prepare(rig, 0)
        log = Log(rig, WINDOW, 8)
        assert run(rig, MMU_ON + source) is None
        rig.pe.remove_watchpoint(log.number)
        return log.hits

    def test_its_alias_is_not_watched(self, rig: Rig) -> None:
        tables(rig)
        rig.memory.write_u64(LEVEL3, page(DATA))
        source = f"{base(DATA)}str x0, [x1]\n{base(WINDOW, 'x2')}ldr x3, [x2]\nstr x3, [x2, #8]\nldr x4, [x1]"
        assert self.hits(rig, source) == [(WINDOW, False)]

    def test_an_entry_becomes_valid(self, rig: Rig) -> None:
        """No TLB maintenance is needed for that (D8.14.1)."""
        tables(rig)
        map_it = f"{base(LEVEL3)}{base(page(DATA), 'x3')}str x3, [x1]\ndsb ish\nisb\n"
        touch = f"{base(DATA, 'x4')}str x3, [x4]\n"  # so that the page is mapped at stage 2 already
        assert self.hits(rig, f"{touch}{map_it}{base(WINDOW, 'x2')}str x3, [x2]") == [(WINDOW, True)]

    def test_another_table_in_the_middle(self, rig: Rig) -> None:
        tables(rig)
        rig.memory.write_u64(LEVEL2, 0)
        rig.memory.write_u64(LEVEL3, page(DATA))
        link = f"{base(LEVEL2)}{base(LEVEL3 | TABLE, 'x3')}str x3, [x1]\ndsb ish\nisb\n"
        assert self.hits(rig, f"{link}{base(WINDOW, 'x2')}ldr x3, [x2]") == [(WINDOW, False)]

    def test_another_page_after_tlbi(self, rig: Rig) -> None:
        tables(rig)
        rig.memory.write_u64(LEVEL3, page(DATA))
        move = f"{base(LEVEL3)}{base(page(DATA + 0x1000), 'x3')}str x3, [x1]\ndsb ish\ntlbi vmalle1\ndsb ish\nisb\n"
        both = f"{base(WINDOW, 'x2')}ldr x3, [x2]\n{move}ldr x3, [x2]\n"
        old = f"{base(DATA)}ldr x3, [x1]\n"
        assert self.hits(rig, both + old) == [(WINDOW, False)] * 2

    def test_another_ttbr(self, rig: Rig) -> None:
        tables(rig)
        rig.memory.write_u64(LEVEL3, page(DATA))
        other = RAM + 0x20_0000
        rig.memory.write_u64(other + 8, 0x4000_0000 | AF | INNER | BLOCK)
        rig.memory.write_u64(other + 32, 0x4000_0000 | AF | INNER | BLOCK)
        switch = f"{base(other)}msr ttbr0_el1, x1\ntlbi vmalle1\ndsb ish\nisb\n"
        rig.memory.write(RAM + 0x8, bytes(8))
        assert self.hits(rig, f"{switch}{base(WINDOW, 'x2')}ldr x3, [x2]") == [(WINDOW, False)]

    def test_another_pe_changes_the_table(self, rig: Rig) -> None:
        tables(rig)
        prepare(rig, 0)
        log = Log(rig, WINDOW, 8)
        second = rig.add()
        rig.load(f"{base(LEVEL3)}{base(page(DATA), 'x3')}str x3, [x1]\nhvc #0", RAM + 0x1000)
        second.pc = RAM + 0x1000
        rig.load(f"{MMU_ON}{base(DATA)}str x0, [x1]\nhvc #0\n{base(WINDOW, 'x2')}ldr x3, [x2]\nhvc #0")
        for pe in (rig.pe, second, rig.pe):
            pe.run(200)
        assert log.hits == [(WINDOW, False)]

    def test_the_host_changes_the_table(self, rig: Rig) -> None:
        tables(rig)
        prepare(rig, 0)
        log = Log(rig, WINDOW, 8)
        rig.load(f"{MMU_ON}{base(DATA)}str x0, [x1]\nhvc #0\n{base(WINDOW, 'x2')}ldr x3, [x2]\nhvc #0")
        rig.pe.run(200)
        rig.memory.write_u64(LEVEL3, page(DATA))
        rig.pe.run(200)
        assert log.hits == [(WINDOW, False)]

    def test_a_fault_of_stage_1_comes_first(self, rig: Rig) -> None:
        """D1.3.5.5: a data abort has priority over a watchpoint."""
        tables(rig)
        prepare(rig, 0)
        log = Log(rig, WINDOW, 8)
        told = run(rig, f"{MMU_ON}{base(WINDOW, 'x2')}ldr x3, [x2]")
        assert told is not None
        assert told[0] & 0x3F == 0b000111  # translation fault, level 3
        assert log.hits == []

    def test_random_maps_and_accesses(self, rig: Rig) -> None:
        """Windows move between two pages at random; the hits are those of the accesses to the window, in order."""
        for seed in range(300 if ALL else 12):
            rng = random.Random(seed)
            tables(rig)
            source, expected, mapped = "", [], False
            for _ in range(25):
                match rng.randrange(4):
                    case 0:
                        mapped = True
                        to = page(DATA + 0x1000 * rng.randrange(2))
                        source += f"{base(LEVEL3)}{base(to, 'x3')}str x3, [x1]\n"
                        source += "dsb ish\ntlbi vmalle1\ndsb ish\nisb\n"
                    case 1:
                        there = DATA + 0x1000 * rng.randrange(2) + 8 * rng.randrange(3)
                        source += base(there) + rng.choice(["ldr x3, [x1]\n", "str x3, [x1]\n"])
                    case _ if mapped:
                        offset, write = rng.choice([0, 4, 8, 16]), rng.random() < 0.5
                        source += f"{base(WINDOW + offset)}{'str' if write else 'ldr'} w3, [x1]\n"
                        if offset < 8:
                            expected.append((WINDOW + offset, write))
            assert self.hits(rig, source) == expected, seed
