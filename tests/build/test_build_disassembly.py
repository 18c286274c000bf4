# SPDX-License-Identifier: MIT
"""Disassembly: one line for each word, with names for the targets."""

from __future__ import annotations

from harness.asm import assemble
from harness.build import disassemble

SOURCE = """\
_start: b       there
        cbz     x0, there
        tbz     w1, #3, _start
        b.eq    there + 4
        adr     x2, _start
        adrp    x3, value
        ldr     x4, there
        ldr     x5, [x4, #8]
        mov     x6, #5
there:  ret
        nop
        .data
value:  .quad   0
"""


def texts(source: str) -> list[str]:
    program = assemble(source)
    segment = program.segments[0]
    return [line.text for line in disassemble(segment.data, segment.address, program.symbols)]


def test_targets_get_their_names() -> None:
    assert texts(SOURCE) == [
        "b 0x40080024 <there>",
        "cbz x0, 0x40080024 <there>",
        "tbz w1, #3, 0x40080000 <_start>",
        "b.eq 0x40080028 <there+0x4>",
        "adr x2, 0x40080000 <_start>",
        "adrp x3, 0x40081000 <value>",
        "ldr x4, 0x40080024 <there>",
        "ldr x5, [x4, #8]",
        "mov x6, #5",
        "ret",
        "nop",
    ]


def test_without_symbols_targets_are_numbers() -> None:
    (line,) = disassemble(bytes.fromhex("01000014"), 0x1000)
    assert (line.address, line.word, line.text) == (0x1000, 0x14000001, "b #0x1004")


def test_what_is_no_instruction_is_shown_as_a_word() -> None:
    lines = disassemble(bytes.fromhex("ffffffff 0a000000 1f2003d5 aabb"))
    assert [line.text for line in lines] == [".inst 0xffffffff", "udf #0xa", "nop"]
