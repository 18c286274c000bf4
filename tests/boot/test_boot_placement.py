# SPDX-License-Identifier: MIT
"""Where the device tree and the RAM disk go, and what does not fit."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from harness import Machine
from harness.board.devicetree import BoardFacts
from harness.boot.placement import Boot, BootOptions, plan_bios, plan_kernel
from harness.errors import ConfigError, GuestError
from harness.image import Program, Segment, Symbols, dtb

MIB = 1 << 20
RAM = 0x4000_0000
X0 = Path(__file__).parent / "x0.S"


def program(kind: str, address: int = RAM + 0x8_0000, size: int = 0x1000) -> Program:
    return Program(address, (Segment(address, b"\0" * 4, size, True),), Symbols({}), kind)  # type: ignore[arg-type]


def plan(kind: str, memory: int = 128 * MIB, size: int = 0x1000, **extras: object) -> Boot:
    return plan_kernel(program(kind, size=size), BoardFacts(1, memory), BootOptions(**extras))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("memory", "tree"), [(64 * MIB, 32 * MIB), (128 * MIB, 64 * MIB), (4096 * MIB, 128 * MIB)]
)
@pytest.mark.parametrize("kind", ["image", "flat"])
def test_linux_finds_its_tree_amid_ram_at_a_2_mib_boundary(kind: str, memory: int, tree: int) -> None:
    assert plan(kind, memory).x0 == RAM + tree


def test_the_tree_of_linux_lies_behind_its_ram_disk() -> None:
    boot = plan("image", initrd=b"x" * (3 * MIB), append="quiet")
    assert [s.address - RAM for s in boot.segments] == [0x8_0000, 64 * MIB, 68 * MIB]
    assert boot.x0 == RAM + 68 * MIB
    assert boot.tree is not None
    chosen = dtb.unflatten(boot.tree).root.child("chosen")
    assert chosen is not None
    assert chosen.properties["linux,initrd-start"] == dtb.cells64(RAM + 64 * MIB)
    assert chosen.properties["linux,initrd-end"] == dtb.cells64(RAM + 67 * MIB)


def test_a_ram_disk_does_not_lie_in_the_image() -> None:
    boot = plan("image", size=100 * MIB, initrd=b"x")
    assert boot.segments[1].address == RAM + 0x8_0000 + 100 * MIB


@pytest.mark.parametrize("kind", ["elf", "asm"])
def test_a_program_finds_its_tree_at_the_start_of_ram(kind: str) -> None:
    assert plan(kind).x0 == RAM


def test_a_program_at_the_start_of_ram_finds_its_tree_behind_it() -> None:
    boot = plan_kernel(program("elf", RAM, 0x1_2345), BoardFacts(1, 128 * MIB), BootOptions())
    assert boot.x0 == RAM + 0x1_3000


def test_nothing_overlaps_a_program_loaded_before() -> None:
    before = Segment(RAM, b"", 0x1000, True)
    boot = plan_kernel(program("elf"), BoardFacts(1, 128 * MIB), BootOptions(), [before])
    assert boot.x0 == RAM + 0x8_1000


def test_a_program_that_fills_memory_gets_no_tree_unless_it_is_asked_for() -> None:
    memory = 0x8_1000
    filled = program("elf", RAM, memory)
    assert plan_kernel(filled, BoardFacts(1, memory), BootOptions()).x0 == 0
    with pytest.raises(
        GuestError, match=r"no room for the device tree of [\d,]+ bytes: RAM is 528,384 bytes"
    ):
        plan_kernel(filled, BoardFacts(1, memory), BootOptions(append="x"))


@pytest.mark.parametrize(
    ("memory", "size", "extras", "message"),
    [
        (
            1 * MIB,
            2 * MIB,
            {},
            r"2,097,152 bytes at 0x40080000 do not fit into RAM, which is 1,048,576 bytes",
        ),
        (1 * MIB, MIB // 2, {}, "no room for the device tree"),
        (16 * MIB, 4096, {"initrd": b"x" * 16 * MIB}, "no room for an initial RAM disk of 16,777,216 bytes"),
        (16 * MIB, 4096, {"initrd": b""}, "an initial RAM disk without a byte"),
        (16 * MIB, 4096, {"dtb": b"zero"}, "not a device tree"),
        (16 * MIB, 4096, {"dtb": dtb.with_room(dtb.flatten(dtb.DeviceTree()), 3 * MIB)}, "at most 2,097,152"),
    ],
)
def test_what_does_not_fit_is_said(memory: int, size: int, extras: dict[str, object], message: str) -> None:
    kind = "flat" if size == 4096 else "image"
    base = RAM if "no room for the device tree" in message else RAM + 0x8_0000
    whole = memory if base == RAM else size
    with pytest.raises(GuestError, match=message):
        plan_kernel(program(kind, base, whole), BoardFacts(1, memory), BootOptions(**extras))  # type: ignore[arg-type]


@pytest.mark.parametrize("text", ["a\0b", "x" * 100_000])
def test_a_command_line_has_its_limits(text: str) -> None:
    with pytest.raises(ConfigError, match="a command line is at most 65,536 characters"):
        plan("image", append=text)


def test_missing_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(GuestError, match="nothing: cannot be read: No such file"):
        plan("image", initrd=tmp_path / "nothing")


def test_firmware_larger_than_its_bank_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "big.bin"
    with path.open("wb") as file:
        file.truncate(64 * MIB + 1)
    with pytest.raises(GuestError, match="do not fit into a flash bank of 67,108,864"):
        plan_bios(path, BoardFacts(1, 128 * MIB), BootOptions())


@pytest.fixture
def machine() -> Iterator[Machine]:
    with Machine() as machine:
        yield machine


def test_the_guest_finds_in_x0_what_the_host_sees(machine: Machine) -> None:
    machine.load(X0, append="hello")
    assert machine.run(limit=100).ok
    tree = machine.device_tree
    assert tree is not None
    assert b"hello\0" in tree
    assert machine.memory.read(machine.cpus[0].x[19], len(tree)) == tree
    assert list(machine.cpus[0].x[20:23]) == [0, 0, 0]


def test_a_users_tree_is_taken_as_it_is(machine: Machine, tmp_path: Path) -> None:
    own = dtb.flatten(dtb.DeviceTree(dtb.Node("", {"model": dtb.strings("mine")})))
    path = tmp_path / "own.dtb"
    path.write_bytes(own)
    machine.load(X0, dtb=path)
    assert machine.device_tree == own


def test_a_reset_puts_the_tree_back(machine: Machine) -> None:
    machine.load(X0)
    tree = machine.device_tree
    assert tree is not None
    machine.memory.write(RAM, bytes(64))
    machine.reset()
    assert machine.memory.read(RAM, len(tree)) == tree
    assert machine.cpus[0].x[0] == RAM


def test_several_gib_of_memory_are_there_and_lazy(tmp_path: Path) -> None:
    source = tmp_path / "far.S"
    source.write_text(
        "main: movz x1, #2, lsl #32\n movk x1, #0x3fff, lsl #16\n movk x1, #0xfff8\n str x1, [x1]\n ldr x19, [x1]\n"
        "movz x0, #0x8400, lsl #16\n movk x0, #8\n hvc #0\n"
    )
    with Machine(memory="8G") as machine:
        machine.load(source)
        assert machine.run(limit=100).ok
        assert machine.cpus[0].x[19] == 0x2_3FFF_FFF8  # the last doubleword
