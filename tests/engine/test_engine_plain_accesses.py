# SPDX-License-Identifier: MIT
"""Plain loads and stores outside RAM as plain ints: PE.on_load and PE.on_store are asked first."""

from __future__ import annotations

import pytest
from engine_rig import RAM, Rig
from test_engine_mmio import AT, DEV, FIRST, INDEXED, LOADS, PAIRS, REFUSED, STORES, Bus, mask

from harness.arch import hyp
from harness.engine import deviations


@pytest.fixture(autouse=True)
def fp_is_enabled(rig: Rig) -> None:
    rig.pe.sysreg["CPACR_EL1"] = 3 << 20


class Asked:
    """Serves, or refuses, what the PE asks for, and logs it."""

    def __init__(self, rig: Rig, *, serves: bool = True) -> None:
        self.rig = rig
        self.serves = serves
        self.log: list[tuple[int, ...]] = []
        self.at: list[tuple[int, int]] = []
        rig.pe.on_load, rig.pe.on_store = self.load, self.store

    def load(self, ipa: int, size: int) -> int:
        self._note(ipa, size)
        return mask(FIRST, size) if self.serves else -1

    def store(self, ipa: int, size: int, value: int) -> bool:
        self._note(ipa, size, value)
        return self.serves

    def _note(self, *what: int) -> None:
        self.log.append(what)
        self.at.append((self.rig.pe.pc, self.rig.pe.retired))


@pytest.mark.parametrize(("instruction", "ipa", "size", "value"), LOADS, ids=[case[0] for case in LOADS])
def test_a_plain_load_comes_out_as_by_the_decoded_access(
    rig: Rig, instruction: str, ipa: int, size: int, value: int
) -> None:
    asked, bus = Asked(rig), Bus(rig.pe)
    rig.go(f"{DEV}mov x0, #-1\nmov x2, #16\nmov w3, #-8\n{instruction}\nhvc #0")
    assert asked.log == [(ipa, size)]
    assert not bus.parts
    assert rig.pe.x[0] == value
    assert rig.calls == [(0, 0, value, 7)]


@pytest.mark.parametrize(("instruction", "ipa", "size"), STORES, ids=[case[0] for case in STORES])
def test_a_plain_store_comes_out_as_by_the_decoded_access(
    rig: Rig, instruction: str, ipa: int, size: int
) -> None:
    asked, bus = Asked(rig), Bus(rig.pe)
    rig.load(f"{DEV}mov x2, #16\n{instruction}\nhvc #0")
    rig.pe.x[0] = FIRST
    rig.pe.run(100)
    assert asked.log == [(ipa, size, mask(FIRST, size))]
    assert not bus.parts
    assert rig.immediates() == [0]


@pytest.mark.parametrize("instruction", [case[0] for case in (*INDEXED, *PAIRS)])
def test_what_the_syndrome_does_not_describe_is_decoded(rig: Rig, instruction: str) -> None:
    """Writeback, two registers, a vector register: ISV is clear (D17.2.37), or Unicorn sets it all the same."""
    asked, bus = Asked(rig), Bus(rig.pe)
    rig.go(f"{DEV}{instruction}\nhvc #0")
    assert not asked.log
    assert bus.parts


@pytest.mark.parametrize(("instruction", "deviation", "fault"), REFUSED, ids=[c[0] for c in REFUSED])
def test_what_is_refused_by_name_still_is(
    rig: Rig, instruction: str, deviation: deviations.Deviation, fault: int
) -> None:
    asked = Asked(rig)
    Bus(rig.pe)
    rig.pe.sysreg["VBAR_EL1"] = RAM + 0x1_0000
    rig.load("hvc #0", RAM + 0x1_0200)
    rig.go(f"{DEV}{instruction}")
    assert not asked.log
    assert rig.pe.deviations_met == {deviation: 1}
    assert rig.pe.sysreg["ESR_EL1"] & 0x3F == fault


def test_an_access_that_is_not_served_has_its_handler(rig: Rig) -> None:
    asked, bus = Asked(rig, serves=False), Bus(rig.pe)
    rig.go(f"{DEV}ldr w0, [x1]\nstr w0, [x1, #4]\nhvc #0")
    assert asked.log == [(AT, 4), (AT + 4, 4, mask(FIRST, 4))]
    assert [part.ipa for part in bus.parts] == [AT, AT + 4]
    assert rig.calls == [(0, 0, mask(FIRST, 4), 5)]


def test_they_find_pc_at_the_instruction_which_counts(rig: Rig) -> None:
    asked = Asked(rig)
    rig.go(f"{DEV}ldr w0, [x1]\nstr w0, [x1]\nhvc #0")
    assert asked.at == [(RAM + 8, 3), (RAM + 12, 4)]


def test_the_zero_register(rig: Rig) -> None:
    asked = Asked(rig)
    rig.go(f"{DEV}ldr wzr, [x1]\nstr xzr, [x1]\nhvc #0")
    assert asked.log == [(AT, 4), (AT, 8, 0)]


def test_an_access_over_the_end_of_a_page_is_not_asked_for(rig: Rig) -> None:
    """FAR_EL2 has the start of the second page where the first is RAM: that is not where the access begins."""
    asked = Asked(rig)
    Bus(rig.pe)
    rig.pe.sysreg["VBAR_EL1"] = RAM + 0x1_0000
    rig.load("hvc #0", RAM + 0x1_0200)
    rig.go("movz x1, #0x4040, lsl #16\nldur x0, [x1, #-4]")
    rig.pe.pc = RAM
    rig.go(f"{DEV}add x1, x1, #0xfbc\nldr x0, [x1]")
    assert not asked.log
    assert rig.pe.deviations_met == {deviations.MMIO_CROSSING: 2}


@pytest.mark.parametrize("instruction", ["ldrb w0, [x1]", "ldr w0, [x1]", "ldr x0, [x1]"])
def test_the_start_of_a_page(rig: Rig, instruction: str) -> None:
    asked = Asked(rig)
    rig.go(f"{DEV}sub x1, x1, #0x40\n{instruction}\nhvc #0")
    assert [ipa for ipa, _ in asked.log] == [AT - 0x40]


def test_a_watched_page_is_seen_first(rig: Rig) -> None:
    asked, bus = Asked(rig), Bus(rig.pe)
    hits: list[int] = []
    rig.pe.add_watchpoint(AT, 4, lambda _pe, hit: hits.append(hit.address))
    rig.go(f"{DEV}ldr w0, [x1]\nhvc #0")
    assert hits == [AT]
    assert not asked.log
    assert [part.ipa for part in bus.parts] == [AT]


def test_big_endian_data_is_noticed(rig: Rig) -> None:
    """The deviation is counted by the way that knows it."""
    asked = Asked(rig)
    Bus(rig.pe)
    rig.pe.sysreg["SCTLR_EL1"] |= hyp.SCTLR_EE
    rig.pe.system_register_written("SCTLR_EL1")
    rig.go(f"{DEV}ldr w0, [x1]\nhvc #0")
    assert not asked.log
    assert rig.pe.deviations_met == {deviations.NO_BIG_ENDIAN: 1}


def test_what_waits_for_the_end_of_the_instruction_is_deferred(rig: Rig) -> None:
    seen: list[tuple[int, int, int]] = []
    pe = rig.pe

    def load(_ipa: int, _size: int) -> int:
        pe.defer(lambda: seen.append((pe.pc, pe.x[0], pe.retired)))
        return 7

    pe.on_load = load
    rig.go(f"{DEV}ldr w0, [x1]\nhvc #0")
    assert seen == [(RAM + 12, 7, 3)]
    assert rig.calls == [(0, 0, 7, 4)]


def test_an_error_of_theirs_comes_out(rig: Rig) -> None:
    def load(_ipa: int, _size: int) -> int:
        raise LookupError("ours")

    rig.pe.on_load = load
    with pytest.raises(LookupError, match="ours"):
        rig.go(f"{DEV}ldr w0, [x1]\nhvc #0")
