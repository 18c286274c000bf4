# SPDX-License-Identifier: MIT
"""rvic disasm of an ELF: its code, and neither its headers nor its data as code."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from cli_guests import Rvic

from harness.asm import assemble

CODE = assemble("_start: bl func\n b .\nfunc: ret\n").segments[0].data
PHYSICAL = 0x4008_0000
NAMES = ("_start", 0), ("func", 8)


def elf(virtual: int, *, sections: bool) -> bytes:
    """Linked as GNU ld does with -z noseparate-code: the file's headers and its data in the one segment of code."""
    at = 64 + 56
    body = CODE + b"data"
    names = b"\0_start\0func\0"
    symbols = bytes(24)
    for name, offset in NAMES:
        symbols += struct.pack("<IBBHQQ", names.index(name.encode()), 0x12, 0, 1, virtual + at + offset, 0)
    end = at + len(body)
    tables = [
        (0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
        (0, 1, 6, virtual + at, at, len(CODE), 0, 0, 4, 0),  # .text: SHF_ALLOC, SHF_EXECINSTR
        (0, 1, 2, virtual + at + len(CODE), at + len(CODE), 4, 0, 0, 4, 0),
        (1, 2, 0, 0, end, len(symbols), 4, 1, 8, 24),
        (9, 3, 0, 0, end + len(symbols), len(names), 0, 0, 1, 0),
        (9, 3, 0, 0, end + len(symbols) + len(names), 17, 0, 0, 1, 0),
    ]
    titles = b"\0.symtab\0.strtab\0"
    offset = end + len(symbols) + len(names) + len(titles)
    head = b"\x7fELF" + bytes((2, 1, 1)) + bytes(9)
    where = (offset, 0, 64, 56, 1, 64, len(tables), 5) if sections else (0, 0, 64, 56, 1, 64, 0, 0)
    head += struct.pack("<HHIQQQIHHHHHH", 2, 183, 1, virtual + at, 64, *where)
    head += struct.pack("<IIQQQQQQ", 1, 5, 0, virtual, PHYSICAL, end, end, 0x1000)
    return (
        head + body + symbols + names + titles + b"".join(struct.pack("<IIQQQQIIQQ", *row) for row in tables)
    )


@pytest.mark.parametrize("virtual", [PHYSICAL, 0xFFFF_0000_4008_0000])
def test_sections_say_what_is_code(rvic: Rvic, tmp_path: Path, virtual: int) -> None:
    """With its symbols, also where the kernel is linked high and starts low."""
    path = tmp_path / "guest.elf"
    path.write_bytes(elf(virtual, sections=True))
    result = rvic("disasm", path)
    first = virtual + 0x78
    assert result.out.splitlines() == [
        "_start:",
        f"  {first:#010x}  94000002  bl {first + 8:#x} <func>",
        f"  {first + 4:#010x}  14000000  b {first + 4:#x} <_start+0x4>",
        "func:",
        f"  {first + 8:#010x}  d65f03c0  ret",
    ]


def test_without_sections_the_headers_are_left_out(rvic: Rvic, tmp_path: Path) -> None:
    path = tmp_path / "guest.elf"
    path.write_bytes(elf(PHYSICAL, sections=False))
    lines = rvic("disasm", path).out.splitlines()
    assert lines[0].split()[:2] == ["0x40080078", "94000002"]
    assert [line.split()[1] for line in lines][2:] == ["d65f03c0", "61746164"]
