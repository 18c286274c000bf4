# SPDX-License-Identifier: MIT
"""load(): the form of a guest is found by its magic and its suffix; images and flat binaries."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from harness.asm import assemble
from harness.build import load
from harness.errors import GuestError
from harness.library import firmware_dir, guest_asm_dir


def make_image(text_offset: int = 0x80000, size: int = 0x1000, flags: int = 0xA) -> bytes:
    header = struct.pack("<IIQQQ24x4sI", 0x14000010, 0, text_offset, size, flags, b"ARM\x64", 0)
    return header + bytes.fromhex("1f2003d5")


def put(where: Path, name: str, data: bytes) -> Path:
    path = where / name
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("name", ["Image", "kernel.bin", "kernel"])
def test_an_arm64_image_goes_to_its_text_offset(tmp_path: Path, name: str) -> None:
    program = load(put(tmp_path, name, make_image(0x100000)))
    (segment,) = program.segments
    assert program.kind == "image"
    assert (program.entry, segment.address) == (0x4010_0000, 0x4010_0000)
    assert (len(segment.data), segment.memory_size) == (68, 0x1000)


def test_an_image_without_a_size_has_the_old_text_offset(tmp_path: Path) -> None:
    assert load(put(tmp_path, "Image", make_image(0, 0))).entry == 0x4008_0000


def test_an_image_is_at_least_as_large_as_its_file(tmp_path: Path) -> None:
    assert load(put(tmp_path, "Image", make_image(size=1))).segments[0].memory_size == 68


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (make_image(flags=1), "a big-endian arm64 Image"),
        (make_image()[:60], "truncated arm64 Image"),
        (make_image(size=1 << 60), "not plausible"),
    ],
)
def test_a_wrong_image_is_refused(tmp_path: Path, data: bytes, message: str) -> None:
    with pytest.raises(GuestError, match=message):
        load(put(tmp_path, "Image", data))


def test_a_flat_binary_goes_to_the_base(tmp_path: Path) -> None:
    program = load(put(tmp_path, "a.bin", b"\x1f\x20\x03\xd5"), base=0x4020_0000)
    assert (program.kind, program.entry, program.segments[0].data) == (
        "flat",
        0x4020_0000,
        b"\x1f\x20\x03\xd5",
    )


def test_assembly_gets_its_include_path_and_definitions(tmp_path: Path) -> None:
    (tmp_path / "lib").mkdir()
    put(tmp_path / "lib", "two.inc", b"mov x1, #VALUE\n")
    program = load(
        put(tmp_path, "a.S", b'.include "two.inc"\n'), include=[tmp_path / "lib"], defines={"VALUE": 7}
    )
    assert program.segments[0].data == assemble("mov x1, #7\n").segments[0].data
    assert program.path == tmp_path / "a.S"


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("a.rs", b"fn main() {}", r"not a guest of a known form: assembly \(.S, .s, .asm\), C \(.c\), ELF"),
        ("a", b"", "not a guest of a known form"),
        ("a.bin", b"", "is empty"),
        ("a.elf", b"MZ", "not an ELF file"),
    ],
)
def test_a_file_of_no_known_form_is_refused(tmp_path: Path, name: str, data: bytes, message: str) -> None:
    with pytest.raises(GuestError, match=message):
        load(put(tmp_path, name, data))


def test_a_missing_file_and_a_directory_are_refused(tmp_path: Path) -> None:
    with pytest.raises(GuestError, match=r"nowhere\.S: no such file"):
        load(tmp_path / "nowhere.S")
    with pytest.raises(GuestError, match="is a directory"):
        load(tmp_path)


def test_the_sources_that_ship_are_found() -> None:
    assert (guest_asm_dir() / "vectors.inc").is_file()
    assert (firmware_dir() / "hello" / "main.S").is_file()
