# SPDX-License-Identifier: MIT
"""ELF programs: what loads, and what is said about what does not. The files are made here, byte by byte."""

from __future__ import annotations

import shutil
import struct
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.build import load
from harness.errors import GuestError, GuestWarning
from harness.image import Program, load_elf

CODE = bytes.fromhex("1f2003d5c0035fd6")
TEXT, HIGH, DATA = 0x4000_0000, 0xFFFF_0000_4000_0000, 0x4000_2000
PT_LOAD, PT_DYNAMIC, PT_INTERP = 1, 2, 3
SYMBOLS = (("_start", 0x12, 1, HIGH), ("$x", 0, 1, HIGH), ("twice", 0, 1, HIGH + 4), ("twice", 0x10, 1, DATA))


def make_elf(
    *,
    machine: int = 183,
    kind: int = 2,
    extra: int = 0,
    klass: int = 2,
    order: int = 1,
    symbols: bool = True,
    entry: int = HIGH + 4,
    low: bool = False,
) -> bytes:
    """A program with a text segment linked high, or at 0, a data segment with zeros after it, and symbols."""
    names, entries = b"\0", bytes(24)
    for name, info, section, value in SYMBOLS:
        entries += struct.pack("<IBBHQQ", len(names), info, 0, section, value, 0)
        names += name.encode() + b"\0"
    sections = b"\0.symtab\0.strtab\0"
    phdrs = [
        (PT_LOAD, 5, 0x1000, 0 if low else HIGH, 0 if low else TEXT, len(CODE), len(CODE), 0x1000),
        (PT_LOAD, 6, 0x1008, DATA, DATA, 4, 64, 0x1000),
    ]
    if extra:
        phdrs.append((extra, 4, 0x1000, 0, 0, 0, 0, 8))
    body = CODE + b"data" + bytes(4)
    symtab = 0x1000 + len(body)
    strtab = symtab + len(entries)
    shoff = strtab + len(names) + len(sections)
    headers = bytes(64) + struct.pack("<IIQQQQIIQQ", 1, 2, 0, 0, symtab, len(entries), 2, 1, 8, 24)
    headers += struct.pack("<IIQQQQIIQQ", 9, 3, 0, 0, strtab, len(names), 0, 0, 1, 0)
    headers += struct.pack("<IIQQQQIIQQ", 9, 3, 0, 0, strtab + len(names), len(sections), 0, 0, 1, 0)
    ident = b"\x7fELF" + bytes((klass, order, 1)) + bytes(9)
    count = 4 if symbols else 0
    head = ident + struct.pack(
        "<HHIQQQIHHHHHH",
        kind,
        machine,
        1,
        entry,
        64,
        shoff if count else 0,
        0,
        64,
        56,
        len(phdrs),
        64,
        count,
        3,
    )
    head += b"".join(struct.pack("<IIQQQQQQ", *phdr) for phdr in phdrs)
    return head.ljust(0x1000, b"\0") + body + entries + names + sections + headers


CHANGES = st.lists(st.tuples(st.integers(0, 0x1200), st.integers(0, 255)), min_size=1, max_size=12)


def load_bytes(data: bytes) -> Program:
    return load_elf(data, Path("k.elf"))


def test_segments_go_to_their_physical_addresses() -> None:
    program = load_bytes(make_elf())
    text, data = program.segments
    assert (text.address, text.data, text.memory_size, text.executable) == (TEXT, CODE, 8, True)
    assert (data.address, data.data, data.memory_size, data.executable) == (DATA, b"data", 64, False)
    assert program.kind == "elf"


def test_the_entry_is_physical_too() -> None:
    assert load_bytes(make_elf()).entry == TEXT + 4


def test_symbols_leave_out_mapping_symbols_and_prefer_global_ones() -> None:
    assert dict(load_bytes(make_elf()).symbols) == {"_start": HIGH, "twice": DATA}


def test_a_program_without_symbols_loads() -> None:
    assert len(load_bytes(make_elf(symbols=False)).symbols) == 0


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (make_elf(machine=62), "an ELF for X86_64: guests are AArch64"),
        (make_elf(machine=40), "an ELF for ARM: guests are AArch64"),
        (make_elf(machine=0xFEED), "an ELF for machine 65261"),
        (make_elf(klass=1), "a 32-bit ELF"),
        (make_elf(klass=1)[:52], "a 32-bit ELF"),
        (make_elf(klass=7), "class 7 is neither 32-bit nor 64-bit"),
        (make_elf(entry=0x1234), "entry point, 0x1234, lies in none of its segments"),
        (make_elf(entry=HIGH + 8), "lies in none of its segments"),
        (make_elf(entry=HIGH + 2), "is not a multiple of 4"),
        (make_elf(order=2), "a big-endian ELF"),
        (make_elf(kind=1), "link it first"),
        (make_elf(kind=4), "an ELF of type 4"),
        (
            make_elf(extra=PT_DYNAMIC, kind=3, low=True, entry=4),
            "a position-independent program: link it with -static -no-pie",
        ),
        (make_elf()[:20], "truncated ELF: no header fits into 20 bytes"),
        (make_elf()[:100], "truncated ELF: the program headers lie beyond its end"),
        (make_elf()[:0x1004], "truncated ELF: the segment at 0x40000000 needs 4104 bytes, the file has 4100"),
        (make_elf()[:0x1020], "malformed ELF"),
        (b"\x7fELF", "truncated ELF"),
        (b"hello", "not an ELF file"),
    ],
)
def test_what_is_no_static_aarch64_program_is_refused(data: bytes, message: str) -> None:
    with pytest.raises(GuestError) as caught:
        load_bytes(data)
    assert str(caught.value).startswith("k.elf: ")
    assert message in str(caught.value)


def test_a_program_without_segments_is_refused() -> None:
    data = bytearray(make_elf())
    data[56:58] = bytes(2)
    with pytest.raises(GuestError, match="nothing to load"):
        load_bytes(bytes(data))


def with_first_segment(data: bytes, address: int, size: int, zeros: int = 0) -> bytes:
    """The same with a first segment that begins with the file, its headers included."""
    header = struct.pack("<IIQQQQQQ", PT_LOAD, 5, 0, address, address, size, size + zeros, 0x1000)
    return data[:64] + header + data[64 + 56 :]


def test_headers_that_the_linker_maps_below_ram_are_left_out() -> None:
    program = load_bytes(with_first_segment(make_elf(entry=TEXT), TEXT - 0x1000, 0x1008, 8))
    text = program.segments[0]
    assert (text.address, text.data, text.memory_size) == (TEXT, CODE, 16)


def test_a_segment_of_headers_alone_below_ram_is_left_out() -> None:
    program = load_bytes(with_first_segment(make_elf(entry=DATA), TEXT - 0x1000, 0xB0))
    assert [segment.address for segment in program.segments] == [DATA]


def test_what_is_no_header_stays_where_it_is_below_ram() -> None:
    data = bytearray(with_first_segment(make_elf(entry=TEXT), TEXT - 0x1000, 0x1008))
    data[0x800] = 1
    assert load_bytes(bytes(data)).segments[0].address == TEXT - 0x1000


def test_headers_in_the_flash_stay() -> None:
    assert (
        load_bytes(with_first_segment(make_elf(entry=DATA), 0x40_0000, 0xB0)).segments[0].address == 0x40_0000
    )


@pytest.mark.parametrize(("extra", "kind"), [(PT_INTERP, 2), (PT_DYNAMIC, 2), (PT_DYNAMIC, 3)])
def test_a_program_with_dynamic_parts_is_loaded_where_it_is_linked_with_a_warning(
    extra: int, kind: int
) -> None:
    with pytest.warns(
        GuestWarning, match=r"^k\.elf: linked as position-independent, and nothing relocates it"
    ):
        program = load_bytes(make_elf(extra=extra, kind=kind))
    assert program.segments[0].address == TEXT


@pytest.mark.filterwarnings("ignore::harness.errors.GuestWarning")
@settings(max_examples=400)
@given(
    st.lists(st.tuples(st.integers(0, 0x1200), st.integers(0, 255)), min_size=1, max_size=12),
    st.integers(0, 99),
)
def test_a_damaged_elf_loads_or_is_refused_but_nothing_else(changes: list[tuple[int, int]], cut: int) -> None:
    data = bytearray(make_elf())
    structure = [*range(64 + 2 * 56), *range(0x1010, len(data))]  # the padding in between says nothing
    for position, value in changes:
        data[structure[position % len(structure)]] = value
    end = len(data) if cut < 80 else len(data) * cut // 100
    try:
        program = load_bytes(bytes(data[:end]))
    except GuestError:
        return
    assert all(len(segment.data) <= segment.memory_size for segment in program.segments)


@pytest.mark.parametrize("options", [[], ["-z", "separate-code"]])
def test_a_program_that_gnu_ld_puts_at_the_start_of_ram_loads(tmp_path: Path, options: list[str]) -> None:
    if shutil.which("aarch64-linux-gnu-as") is None or shutil.which("aarch64-linux-gnu-ld") is None:
        pytest.skip("aarch64-linux-gnu-as is not installed (package binutils-aarch64-linux-gnu)")
    source, built, linked = tmp_path / "a.s", tmp_path / "a.o", tmp_path / "a.elf"
    source.write_text(".global _start\n_start: nop\n")
    subprocess.run(["aarch64-linux-gnu-as", source, "-o", built], check=True)
    link: list[str | Path] = ["aarch64-linux-gnu-ld", "-Ttext=0x40000000", *options, built, "-o", linked]
    subprocess.run(link, check=True)
    assert [segment.address for segment in load(linked).segments] == [0x4000_0000]


def test_the_line_table_of_gnu_as_is_read(tmp_path: Path) -> None:
    if shutil.which("aarch64-linux-gnu-as") is None or shutil.which("aarch64-linux-gnu-ld") is None:
        pytest.skip("aarch64-linux-gnu-as is not installed (package binutils-aarch64-linux-gnu)")
    source, built, linked = tmp_path / "a.s", tmp_path / "a.o", tmp_path / "a.elf"
    source.write_text("_start: nop\n\nnop\n.skip 8\nnop\n")
    subprocess.run(["aarch64-linux-gnu-as", "-g", source, "-o", built], check=True)
    subprocess.run(["aarch64-linux-gnu-ld", "-Ttext=0x40080000", built, "-o", linked], check=True)
    program = load(linked)
    lines = [program.lines.lookup(0x4008_0000 + offset) for offset in (0, 4, 16)]
    assert [place.line for place in lines if place] == [1, 3, 5]
    assert all(place is not None and place.file.endswith("a.s") for place in lines)
    assert program.lines.lookup(0x4008_0014) is None
    assert program.symbols["_start"] == 0x4008_0000


def one_segment(flags: int, virtual: int, physical: int) -> bytes:
    """A program of one segment, with these flags of ELF (1 executable, 2 writable, 4 readable)."""
    segment = struct.pack("<IIQQQQQQ", PT_LOAD, flags, 0x1000, virtual, physical, len(CODE), 64, 0x1000)
    ident = b"\x7fELF\x02\x01\x01" + bytes(9)
    head = ident + struct.pack("<HHIQQQIHHHHHH", 2, 183, 1, virtual, 64, 0, 0, 64, 56, 1, 64, 0, 0)
    return (head + segment).ljust(0x1000, b"\0") + CODE


@pytest.mark.parametrize(("flags", "address"), [(7, 0), (6, 0x1000), (7, 0x7FF_F000)])
def test_variables_in_flash_are_warned_of(flags: int, address: int) -> None:
    with pytest.warns(
        GuestWarning, match=rf"^k\.elf: the segment at {address:#x} is writable and lies in flash"
    ):
        load_bytes(one_segment(flags, address, address))


@pytest.mark.parametrize(
    ("flags", "virtual", "physical"),
    [
        pytest.param(5, 0, 0, id="code in flash"),
        pytest.param(6, TEXT, 0x1000, id="values in flash that start-up code copies"),
        pytest.param(7, TEXT, TEXT, id="RAM"),
        pytest.param(7, HIGH, TEXT, id="RAM, linked high"),
    ],
)
def test_what_is_stored_to_no_flash_is_not_warned_of(flags: int, virtual: int, physical: int) -> None:
    assert load_bytes(one_segment(flags, virtual, physical)).segments[0].address == physical


def test_a_program_linked_high_without_load_addresses_is_told_what_to_do() -> None:
    message = r"at 0xffff000040000000 is to be loaded to the physical address 0xffff000040000000.*AT\(\)"
    with pytest.raises(GuestError, match=message):
        load_bytes(one_segment(5, HIGH, HIGH))
