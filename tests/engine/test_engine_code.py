# SPDX-License-Identifier: MIT
"""Code that changes: by the guest, by another PE, by the host. Pages turn between data and code on demand."""

from __future__ import annotations

import pytest
from engine_rig import RAM, Rig, assemble

from harness.engine import NotRamError, Page
from harness.errors import ConfigError

FUNCTION = RAM + 0x4000
RETURN_1, RETURN_2 = assemble("mov x0, #1\nret"), assemble("mov x0, #2\nret")
MOV_2 = int.from_bytes(RETURN_2[:4], "little")
CALL = f"movz x9, #{FUNCTION >> 16}, lsl #16\nadd x9, x9, #4, lsl #12\n"
PATCH = f"movz w10, #{MOV_2 & 0xFFFF}\nmovk w10, #{MOV_2 >> 16}, lsl #16\nstr w10, [x9]\n"
MAINTAIN = "dc cvau, x9\ndsb ish\nic ivau, x9\ndsb ish\nisb\n"


def test_pages_turn_on_demand(rig: Rig) -> None:
    rig.go(f"{CALL}str xzr, [x9]\nldr x0, [x9]\nhvc #0")
    stage2 = rig.memory.stage2
    assert stage2.page(RAM) is Page.CODE
    assert stage2.page(FUNCTION) is Page.DATA
    assert stage2.page(RAM + 0x8000) is Page.UNMAPPED
    assert rig.memory.touched == {RAM >> 12, FUNCTION >> 12}


def test_the_host_changes_code(rig: Rig) -> None:
    """A host write is seen at once, though the old code was translated."""
    rig.memory.write(FUNCTION, RETURN_1)
    rig.go(f"{CALL}blr x9\nhvc #1\nblr x9\nhvc #0", 5)
    rig.memory.write(FUNCTION, RETURN_2)
    rig.pe.run(10)
    assert [x0 for _, _, x0, _ in rig.calls] == [1, 2]


def test_the_host_changes_code_in_a_handler(rig: Rig) -> None:
    """Also from inside an exit, and to the very next instruction."""
    rig.pe.handlers[0x16] = lambda pe, esr: (
        pe.stop() if not esr & 0xFFFF else rig.memory.write(pe.pc, assemble("mov x5, #77"))
    )
    rig.load("a: hvc #1\nmov x5, #1\nhvc #0")
    rig.pe.run(3)
    rig.pe.pc = RAM
    rig.pe.run(3)
    assert rig.pe.x[5] == 77


def test_the_guest_changes_code(rig: Rig) -> None:
    rig.memory.write(FUNCTION, RETURN_1)
    rig.go(f"{CALL}blr x9\nhvc #1\n{PATCH}{MAINTAIN}blr x9\nhvc #0")
    assert [x0 for _, _, x0, _ in rig.calls] == [1, 2]


def test_another_pe_changes_code(rig: Rig) -> None:
    rig.memory.write(FUNCTION, RETURN_1)
    second = rig.add()
    rig.load(f"{CALL}blr x9\nhvc #0\nblr x9\nhvc #0")
    rig.load(f"{CALL}{PATCH}{MAINTAIN}hvc #0", RAM + 0x1000)
    second.pc = RAM + 0x1000
    rig.pe.run(100)
    second.run(100)
    rig.pe.run(100)
    assert [x0 for pe, _, x0, _ in rig.calls if pe == 0] == [1, 2]


@pytest.mark.parametrize("slices", [1, 3, 1000])
def test_code_and_data_in_one_page(rig: Rig, slices: int) -> None:
    """A flat guest that stores into its own page makes progress: the page becomes MIXED."""
    rig.load(
        "adr x1, data\nagain: ldr x0, [x1]\nadd x0, x0, #1\nstr x0, [x1]\ncmp x0, #50\nb.ne again\nhvc #0\n"
        ".balign 8\ndata: .quad 0"
    )
    while not rig.calls:
        rig.pe.run(slices)
    assert rig.calls == [(0, 0, 50, 1 + 50 * 5 + 1)]
    assert rig.memory.stage2.page(RAM) is Page.MIXED


def test_a_page_that_keeps_turning_becomes_mixed(rig: Rig) -> None:
    """Data beside a function that is called each time round: four turns, then both at once."""
    rig.memory.write(FUNCTION, assemble("ret"))
    rig.go(f"{CALL}mov x3, #20\nagain: str x3, [x9, #64]\nblr x9\nsubs x3, x3, #1\nb.ne again\nhvc #0")
    assert rig.memory.stage2.page(FUNCTION) is Page.MIXED
    assert rig.calls[0][3] == 3 + 20 * 5 + 1


def test_self_modifying_code_in_a_mixed_page(rig: Rig) -> None:
    """Stores to its own code, with the maintenance the architecture asks for (B2.7.4)."""
    source = "mov x3, #4\nadr x9, spot\nldr w10, [x9]\nagain:\nspot: add x0, x0, #1\n"
    source += "add w10, w10, #0x400\nstr w10, [x9]\n" + MAINTAIN + "subs x3, x3, #1\nb.ne again\nhvc #0"
    rig.go(source)
    assert rig.memory.stage2.page(RAM) is Page.MIXED
    assert rig.calls[0][2] == 1 + 2 + 3 + 4


def test_mixed_page_changed_by_another_pe(rig: Rig) -> None:
    """IC IVAU on one PE drops what the others have translated."""
    loop = "adr x1, data\nstr x1, [x1]\nagain: mov x0, #1\nhvc #0\nb again\ndata: .quad 0"
    second = rig.add()
    rig.load(loop)
    rig.pe.run(100)
    rig.load(f"movz x9, #0x4000, lsl #16\nadd x9, x9, #8\n{PATCH}{MAINTAIN}hvc #0", RAM + 0x1000)
    second.pc = RAM + 0x1000
    second.run(100)
    rig.pe.run(100)
    assert [x0 for pe, _, x0, _ in rig.calls if pe == 0] == [1, 2]
    assert rig.memory.stage2.page(RAM) is Page.MIXED


@pytest.mark.parametrize("instruction", ["ic iallu", "ic ialluis"])
def test_ic_iallu_is_no_exit(rig: Rig, instruction: str) -> None:
    rig.go(f"{instruction}\nhvc #0")
    assert rig.calls == [(0, 0, 0, 2)]


def test_rom(rig: Rig) -> None:
    """A store to ROM is a data abort for EL2; loads and code work."""
    rig.memory.add_ram(0, 0x1000, readonly=True)
    rig.memory.write(0, assemble("adr x1, .\nldr x2, [x1]\nstr xzr, [x1]\nhvc #1\nhvc #0"))
    rig.pe.handlers[0x24] = lambda pe, esr: pe.advance()
    rig.pe.pc = 0
    rig.pe.run(10)
    assert rig.pe.x[2] != 0
    assert rig.memory.u64(0) == rig.pe.x[2]
    assert rig.immediates() == [1, 0]


def test_unaligned_store_across_two_fresh_pages(rig: Rig) -> None:
    """Two stage-2 faults in one instruction: it retires once."""
    rig.go(f"{CALL}sub x9, x9, #4\nmov x0, #-1\nstr x0, [x9]\nhvc #0")
    assert rig.calls[0][3] == 6
    assert rig.memory.u64(FUNCTION - 4) == (1 << 64) - 1


def test_exclusives_work_across_first_touch(rig: Rig) -> None:
    rig.go(f"{CALL}again: ldxr x0, [x9]\nadd x0, x0, #1\nstxr w1, x0, [x9]\ncbnz w1, again\nhvc #0")
    assert rig.memory.u64(FUNCTION) == 1


class TestHostAccess:
    def test_outside_ram(self, rig: Rig) -> None:
        with pytest.raises(NotRamError, match="0x1000: not RAM"):
            rig.memory.u32(0x1000)
        with pytest.raises(NotRamError):
            rig.memory.write(RAM + 0x40_0000 - 2, b"abcd")
        assert not rig.memory.is_ram(RAM - 1)
        assert rig.memory.is_ram(RAM, 0x40_0000)

    @pytest.mark.parametrize(
        ("base", "size"), [(0x100, 0x1000), (0, 0x100), (RAM + 0x1000, 0x1000), (1 << 39, 0x1000), (0, 0)]
    )
    def test_ram_that_cannot_be(self, rig: Rig, base: int, size: int) -> None:
        with pytest.raises(ConfigError):
            rig.memory.add_ram(base, size)

    def test_widths(self, rig: Rig) -> None:
        rig.memory.write_u64(RAM, 0x1122_3344_5566_7788)
        rig.memory.write_u8(RAM + 7, 0xAA)
        rig.memory.write_u16(RAM, 0xBBCC)
        rig.memory.write_u32(RAM + 2, 0x1_0000_0001)
        assert rig.memory.u64(RAM) == 0xAA22_0000_0001_BBCC
        assert rig.memory.u8(RAM) == 0xCC


class TestTrappedRegion:
    """Flash outside array mode: each access of a guest is an abort, and what it holds may change meanwhile."""

    ROM = 0x8000_0000

    def prepare(self, rig: Rig) -> None:
        rig.memory.add_ram(self.ROM, 0x2000, readonly=True)
        rig.pe.sysreg["VBAR_EL1"] = RAM + 0x1_0000
        rig.load("hvc #9\nhvc #0", RAM + 0x1_0200)

    def again(self, rig: Rig) -> list[int]:
        rig.calls.clear()
        rig.pe.pc = RAM
        rig.pe.run(100)
        return [x0 for _, imm, x0, _ in rig.calls if imm == 0]

    def test_a_load_that_worked_aborts(self, rig: Rig) -> None:
        self.prepare(rig)
        rig.memory.write_u32(self.ROM + 4, 5)
        rig.load("movz x1, #0x8000, lsl #16\nmov x0, #0\nldr w0, [x1, #4]\nhvc #0")
        assert self.again(rig) == [5]
        rig.memory.trap(self.ROM, True)
        assert self.again(rig) == [0]
        assert rig.immediates() == [9, 0]
        rig.memory.trap(self.ROM, False)
        assert self.again(rig) == [5]

    def test_code_that_changed_meanwhile_is_not_run_as_it_was(self, rig: Rig) -> None:
        self.prepare(rig)
        rig.load("mov x0, #1\nret", self.ROM)
        rig.load("movz x1, #0x8000, lsl #16\nblr x1\nhvc #0")
        assert self.again(rig) == [1]
        rig.memory.trap(self.ROM, True)
        rig.load("mov x0, #2\nret", self.ROM)
        rig.memory.trap(self.ROM, False)
        assert self.again(rig) == [2]


def test_another_pe_changes_a_page_of_code_and_data(rig: Rig) -> None:
    """Both may be in it for good (MIXED): then what was translated stays until IC IVAU ("code-by-page")."""
    rig.memory.write(FUNCTION, RETURN_1)
    for _ in range(4):  # the function's page turns, until it is both
        rig.go(f"{CALL}blr x9\nstr x0, [x9, #64]\nhvc #0")
        rig.pe.pc = RAM
    assert rig.memory.stage2.page(FUNCTION) is Page.MIXED
    rig.go(f"{CALL}blr x9\nhvc #0\nic ivau, x9\ndsb ish\nisb\nblr x9\nhvc #0")
    other = rig.add()
    rig.load(f"{CALL}{PATCH}hvc #1\nhvc #0", RAM + 0x1000)
    other.pc = RAM + 0x1000
    other.run(100)
    rig.pe.run(100)
    assert [x0 for pe, imm, x0, _ in rig.calls if pe == 0][-2:] == [1, 2]
