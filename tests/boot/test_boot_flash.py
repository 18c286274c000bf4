# SPDX-License-Identifier: MIT
"""CFI flash with Intel's command set (JESD68.01, JEP137): the model, and guests that read, run and write it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness import Machine, StopReason
from harness.asm import assemble
from harness.devices.flash import BANK_SIZE, SECTOR_SIZE, Flash
from harness.engine.memory.stage2 import Page, Stage2
from harness.errors import ConfigError, GuestError, GuestWarning
from harness.image import dtb

BOTH = 0x0001_0001  # a 16-bit value to each device of a bank


def query(flash: Flash, first: int, count: int) -> bytes:
    return bytes(flash.read(word * 4, 1) for word in range(first, first + count))


def test_query_answers_from_each_device() -> None:
    flash = Flash()
    assert flash.write(0x55 * 4, 4, 0x98 * BOTH) is None
    assert not flash.in_array
    assert [flash.read(word * 4, 4) for word in (0x10, 0x11, 0x12)] == [c * BOTH for c in b"QRY"]
    assert query(flash, 0x13, 2) == b"\1\0"  # Intel's command set
    assert 1 << query(flash, 0x27, 1)[0] == BANK_SIZE // 2
    assert query(flash, 0x2C, 5) == b"\1\xff\0\0\2"  # one region: 256 blocks of 128 KiB
    assert query(flash, 0x31, 3) == b"PRI"
    flash.write(0, 4, 0xFF * BOTH)
    assert flash.in_array


def test_identification_is_manufacturer_and_device() -> None:
    flash = Flash()
    flash.write(0, 4, 0x90 * BOTH)
    assert (flash.read(0, 4), flash.read(4, 4), flash.read(8, 4)) == (0x89 * BOTH, 0x18 * BOTH, 0)


def test_a_word_is_programmed_and_status_tells_it_is_done() -> None:
    flash = Flash()
    assert flash.write(0x100, 4, 0x40 * BOTH) is None
    assert flash.write(0x100, 4, 0x1234_5678) == (0x100, b"\x78\x56\x34\x12")
    assert flash.read(0, 4) == 0x80 * BOTH
    flash.write(0, 4, 0xFF * BOTH)
    assert flash.in_array


def test_erase_clears_its_sector() -> None:
    flash = Flash()
    assert flash.write(SECTOR_SIZE + 8, 4, 0x20 * BOTH) == (SECTOR_SIZE, b"\xff" * SECTOR_SIZE)
    assert flash.write(SECTOR_SIZE + 8, 4, 0xD0 * BOTH) is None
    assert flash.read(0, 2) == 0x80


def test_a_buffer_is_written_by_count_words_and_confirmation() -> None:
    flash = Flash()
    flash.write(0, 4, 0xE8 * BOTH)
    assert flash.read(0, 4) == 0x80 * BOTH
    assert flash.write(0, 4, 1 * BOTH) is None  # two words
    assert flash.write(0, 4, 1) == (0, b"\1\0\0\0")
    assert flash.write(4, 4, 0xD0) == (4, b"\xd0\0\0\0")  # data, not yet the confirmation
    assert flash.write(0, 4, 0xD0 * BOTH) is None
    assert flash.cycle == 0


def test_locking_is_accepted() -> None:
    flash = Flash()
    for confirmation in (0x01, 0xD0):
        assert flash.write(0, 4, 0x60 * BOTH) is None
        assert flash.write(0, 4, confirmation * BOTH) is None
        assert flash.read(0, 4) == 0x80 * BOTH


@pytest.mark.parametrize("command", [0x00, 0xF0, 0xFF, 0x50, 0x77])
def test_what_is_no_command_ends_in_array_mode(command: int) -> None:
    flash = Flash()
    flash.write(0, 4, 0x98 * BOTH)
    flash.write(0, 4, command * BOTH)
    assert flash.in_array


WRITES = st.tuples(
    st.integers(0, BANK_SIZE - 8),
    st.sampled_from([1, 2, 4, 8]),
    st.sampled_from([0x10, 0x20, 0x40, 0x50, 0x60, 0x70, 0x90, 0x98, 0xD0, 0xE8, 0xFF, 1, 0x1234]),
)


@given(st.lists(WRITES, max_size=30))
def test_any_writes_leave_a_bank_that_comes_back(writes: list[tuple[int, int, int]]) -> None:
    flash = Flash()
    for offset, size, value in writes:
        change = flash.write(offset, size, value)
        assert change is None or 0 <= change.offset <= change.offset + len(change.data) <= BANK_SIZE
        assert 0 <= flash.read(offset, size) < 1 << 8 * size
    flash.reset()
    assert flash == Flash()


# In a machine

POWER_OFF = "movz x0, #0x8400, lsl #16\n movk x0, #8\n hvc #0\n"
WORD = "movz w3, #0x{0:x}\n orr w3, w3, w3, lsl #16\n str w3, [x1]\n"


def firmware(text: str, where: Path) -> Path:
    (segment,) = assemble(text + POWER_OFF, base=0).segments
    path = where / "bios.bin"
    path.write_bytes(segment.data)
    return path


@pytest.fixture(params=["gicv2", "rvic"])
def machine(request: pytest.FixtureRequest) -> Iterator[Machine]:
    with Machine(controller=request.param) as machine:
        yield machine


def run(machine: Machine) -> None:
    stop = machine.run(limit=10_000)
    assert stop.reason is StopReason.POWER_OFF, stop


def test_firmware_starts_at_0_with_the_tree_at_the_start_of_ram(machine: Machine, tmp_path: Path) -> None:
    machine.load_bios(firmware("mov x19, x0\n adr x20, .\n mrs x21, CurrentEL\n", tmp_path), append="hi")
    run(machine)
    assert list(machine.cpus[0].x[19:22]) == [0, 4, 4]
    tree = machine.memory.read(0x4000_0000, 1 << 20)
    assert dtb.flattened_size(tree) == 1 << 20  # room to edit it
    root = dtb.unflatten(tree).root
    assert root.child("flash@0") is not None
    assert b"hi\0" in tree


def test_flash_answers_the_guest_in_every_mode(machine: Machine, tmp_path: Path) -> None:
    """Query, program, read back what is in memory: all by the CPU's own loads and stores."""
    text = "movz x1, #0x400, lsl #16\n ldr w19, [x1]\n"
    text += WORD.format(0x98) + "ldr w20, [x1, #0x40]\n"
    text += WORD.format(0xFF) + WORD.format(0x40) + "movz w4, #0xcafe\n str w4, [x1]\n ldr w21, [x1]\n"
    text += WORD.format(0xFF) + "ldr w22, [x1]\n"
    machine.load_bios(firmware(text, tmp_path))
    run(machine)
    assert list(machine.cpus[0].x[19:23]) == [0, 0x0051_0051, 0x0080_0080, 0xCAFE]
    assert machine.memory.u32(0x400_0000) == 0xCAFE


def test_code_that_was_written_runs(machine: Machine, tmp_path: Path) -> None:
    """Stale translations of flash are dropped, as those of RAM."""
    text = "movz x1, #0x400, lsl #16\n"
    for immediate in (5, 6):  # mov x19, #immediate; ret
        text += WORD.format(0x40) + f"ldr w4, =0x{0xD280_0013 | immediate << 5:x}\n str w4, [x1]\n"
        text += WORD.format(0x40) + "ldr w4, =0xd65f03c0\n str w4, [x1, #4]\n"
        text += WORD.format(0xFF) + f"blr x1\n mov x{20 + immediate}, x19\n"
    machine.load_bios(firmware(text, tmp_path))
    run(machine)
    assert (machine.cpus[0].x[25], machine.cpus[0].x[26]) == (5, 6)


def test_the_second_bank_is_kept_in_a_file(tmp_path: Path) -> None:
    kept = tmp_path / "vars.fd"
    kept.write_bytes(b"\x11\x22\x33\x44" * 2)
    text = "movz x1, #0x400, lsl #16\n ldr w19, [x1, #4]\n" + WORD.format(0x40)
    text += "movz w4, #0xbeef\n str w4, [x1]\n" + WORD.format(0xFF)
    for expected in (b"\xef\xbe\0\0\x11\x22\x33\x44", b"\xef\xbe\0\0\x11\x22\x33\x44"):
        with Machine(controller="gicv2") as machine:
            machine.load_bios(firmware(text, tmp_path), flash=kept)
            run(machine)
            assert machine.cpus[0].x[19] == 0x4433_2211
        assert kept.read_bytes()[:8] == expected
        assert kept.stat().st_size == SECTOR_SIZE  # what changed, no more


def test_a_run_has_its_end_where_the_file_cannot_be_written(tmp_path: Path) -> None:
    """What is written in flash is not lost without a word: a warning, one more try, an error."""
    kept = tmp_path / "vars.fd"
    text = (
        "movz x1, #0x400, lsl #16\n"
        + WORD.format(0x40)
        + "movz w4, #0xbeef\n str w4, [x1]\n"
        + WORD.format(0xFF)
    )
    machine = Machine(controller="gicv2")
    machine.load_bios(firmware(text, tmp_path), flash=kept)
    kept.mkdir()
    with pytest.warns(GuestWarning, match=r"vars\.fd: .*; it is tried again when the machine is closed"):
        run(machine)
    with pytest.raises(GuestError, match=r"vars\.fd: "):
        machine.close()
    kept.rmdir()
    machine.close()
    assert kept.read_bytes()[:4] == b"\xef\xbe\0\0"


def test_a_file_that_is_too_large_for_its_bank_is_refused(tmp_path: Path) -> None:
    kept = tmp_path / "vars.fd"
    with kept.open("wb") as file:
        file.truncate(BANK_SIZE + 1)
    with Machine() as machine, pytest.raises(GuestError, match="do not fit into a flash bank"):
        machine.load_bios(firmware("", tmp_path), flash=kept)


def test_a_program_linked_into_flash_runs_there(machine: Machine) -> None:
    machine.load(assemble("adr x19, .\n" + POWER_OFF, base=0x1000))
    run(machine)
    assert machine.cpus[0].x[19] == 0x1000
    assert machine.cpus[0].pe.lockup is None


def test_a_program_across_the_banks_is_refused(machine: Machine) -> None:
    with pytest.raises(GuestError, match="do not fit"):
        machine.load(assemble(".space 8192", base=BANK_SIZE - 4096))


def test_without_firmware_there_is_no_flash(machine: Machine) -> None:
    assert not machine.memory.is_ram(0)


def test_flash_is_in_array_mode_after_a_reset(machine: Machine, tmp_path: Path) -> None:
    text = "movz x1, #0x400, lsl #16\n" + WORD.format(0x98)
    machine.load_bios(firmware(text, tmp_path))
    run(machine)
    assert not machine.memory.is_ram(0x400_0000) or machine.board.bus.read(0, 0x400_0040, 4) == 0x0051_0051
    machine.reset()
    assert machine.board.bus.read(0, 0x400_0040, 4) == 0


def test_unknown_options_are_refused() -> None:
    with pytest.raises(ConfigError):
        Machine(psci="")


@pytest.mark.parametrize("others", [0, 40_000])
def test_the_pages_of_a_bank_are_found_whether_more_or_fewer_than_those_of_a_guest(others: int) -> None:
    """A bank leaves stage 2 with each command: for a guest that programs words, twice a word."""
    stage2 = Stage2()
    for page in range(others):
        stage2.set_page(0x4000_0000 + page * 0x1000, Page.DATA)
    for page in (3, 1, 2, 16383, 16384):
        stage2.set_page(page * 0x1000, Page.CODE)
    stage2.set_page(0x2000, Page.UNMAPPED)
    assert stage2.mapped(range(16384)) == [1, 3, 16383]
