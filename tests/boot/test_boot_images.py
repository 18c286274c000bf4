# SPDX-License-Identifier: MIT
"""Images as people have them: packed by gzip, without a suffix, damaged."""

from __future__ import annotations

import contextlib
import gzip
import random
import struct
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness import Machine
from harness.asm import assemble
from harness.build import load
from harness.errors import HarnessError
from harness.image import decompress

X0 = Path(__file__).parent / "x0.S"
CODE = assemble(X0).segments[0].data
anywhere = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


def image(text_offset: int = 0, size: int = 0x1000, code: bytes = CODE) -> bytes:
    """An arm64 Image whose first instruction branches over its header."""
    return struct.pack("<IIQQQ24x4sI", 0x1400_0010, 0, text_offset, size, 0xA, b"ARM\x64", 0) + code


def elf(code: bytes = CODE, address: int = 0x4020_0000) -> bytes:
    """A static ELF of one segment (gABI, chapters 4 and 5)."""
    header = b"\x7fELF\2\1\1".ljust(16, b"\0")
    header += struct.pack("<HHIQQQIHHHHHH", 2, 183, 1, address, 64, 0, 0, 64, 56, 1, 64, 0, 0)
    at = 64 + 56
    program = struct.pack("<IIQQQQQQ", 1, 5, at, address, address, len(code), len(code), 4)
    return header + program + code


FORMS = {"Image": image(), "guest.bin": CODE, "guest.elf": elf(), "guest": CODE}


@pytest.mark.parametrize("name", FORMS)
@pytest.mark.parametrize("pack", [False, True])
def test_every_form_runs_raw_and_packed(tmp_path: Path, name: str, pack: bool) -> None:
    data = FORMS[name]
    path = tmp_path / (name + ".gz" if pack else name)
    path.write_bytes(gzip.compress(data) if pack else data)
    with Machine() as machine:
        machine.load(path)
        assert machine.run(limit=100).ok
        assert machine.memory.read(machine.cpus[0].x[19], 4) == b"\xd0\x0d\xfe\xed"
        assert list(machine.cpus[0].x[20:23]) == [0, 0, 0]  # x1 to x3 (booting.rst, section 4)


def test_a_packed_file_needs_no_suffix(tmp_path: Path) -> None:
    path = tmp_path / "Image"
    path.write_bytes(gzip.compress(image()))
    assert load(path).kind == "image"


def test_members_are_one_after_another_and_padding_ends_them(tmp_path: Path) -> None:
    data = gzip.compress(CODE[:8]) + gzip.compress(CODE[8:]) + bytes(512)
    assert decompress(data, "a.gz") == CODE


def test_an_image_without_an_offset_leaves_the_start_of_ram(tmp_path: Path) -> None:
    path = tmp_path / "Image"
    path.write_bytes(image(0))
    assert load(path).entry == 0x4020_0000


GOOD = gzip.compress(random.Random(1).randbytes(400), mtime=0)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (GOOD[:-9], "truncated gzip"),
        (GOOD[:40] + b"\xff\xff" + GOOD[42:], "damaged gzip: "),
        (GOOD[:-8] + bytes(8), "damaged gzip: incorrect data check"),
        (b"\x1f\x8b\x09" + GOOD[3:], "damaged gzip: unknown compression method"),
        (b"not packed", "not gzip, whatever its name says"),
        (gzip.compress(b"", mtime=0), "is empty"),
    ],
)
def test_damaged_gzip_is_one_message(tmp_path: Path, data: bytes, message: str) -> None:
    path = tmp_path / "a.bin.gz"
    path.write_bytes(data)
    with pytest.raises(HarnessError, match=message) as raised:
        load(path)
    assert str(raised.value).startswith(f"{path}: ")


def test_what_decompresses_to_too_much_is_refused() -> None:
    with pytest.raises(HarnessError, match="decompresses to more than 1 MiB"):
        decompress(gzip.compress(bytes(2 << 20)), "a.gz", largest=1 << 20)


def test_what_is_too_much_is_not_held_before_it_is_refused() -> None:
    bomb = gzip.compress(bytes(64 << 20), compresslevel=1)
    tracemalloc.start()
    try:
        with pytest.raises(HarnessError, match="decompresses to more than 1 MiB"):
            decompress(bomb, "a.gz", largest=1 << 20)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 8 << 20


def test_many_members_cost_no_more_than_their_bytes() -> None:
    """Each member used to cost a copy of all that follow."""
    member, count = gzip.compress(b"a", mtime=0), 20_000
    assert decompress(member * count, "a.gz") == b"a" * count


def attempt(path: Path, data: bytes) -> None:
    """Load and run a little: whatever comes, it is the user's error or a Stop."""
    path.write_bytes(data)
    with contextlib.suppress(HarnessError), Machine(memory="8M", controller="gicv2") as machine:
        machine.load(path)
        machine.run(limit=50)


@anywhere
@given(
    form=st.sampled_from(sorted(FORMS)),
    damage=st.lists(st.tuples(st.integers(0, 150), st.integers(0, 255)), max_size=6),
    cut=st.integers(0, 160),
    pack=st.booleans(),
)
def test_a_damaged_image_runs_or_is_refused(
    tmp_path: Path, form: str, damage: list[tuple[int, int]], cut: int, pack: bool
) -> None:
    data = bytearray(FORMS[form])
    for at, byte in damage:
        data[at % len(data)] = byte
    whole = bytes(data[: max(1, len(data) - cut)]) if cut < 40 else bytes(data)
    attempt(tmp_path / form, gzip.compress(whole) if pack else whole)


@anywhere
@given(data=st.binary(max_size=300), magic=st.sampled_from([b"", b"\x1f\x8b\x08", b"\x7fELF\2\1\1", b"\0"]))
def test_random_bytes_run_or_are_refused(tmp_path: Path, data: bytes, magic: bytes) -> None:
    attempt(tmp_path / "guest", magic + data)


@anywhere
@given(offset=st.integers(0, 2**64 - 1), size=st.integers(0, 2**64 - 1), flags=st.integers(0, 255))
def test_any_image_header_runs_or_is_refused(tmp_path: Path, offset: int, size: int, flags: int) -> None:
    data = bytearray(image(offset, size))
    data[24] = flags
    attempt(tmp_path / "Image", bytes(data))
