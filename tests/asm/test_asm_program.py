# SPDX-License-Identifier: MIT
"""What assembling gives beside the bytes: entry, layout, symbols, lines; and what must not reach keystone."""

from __future__ import annotations

import copy
import pickle
import struct
from pathlib import Path
from typing import Any

import pytest

from harness.asm import assemble
from harness.errors import ConfigError
from harness.image import DEFAULT_BASE, Program, SourceLine, UnknownSymbolError

SOURCE = """\
        .equ    SIZE, 16
first:  nop
_start: b       .Llocal
1:      nop
.Llocal:
        nop
        .quad   0
        nop
        .section .rodata
text:   .asciz  "hi"
        .data
value:  .word   1
        .bss
room:   .skip   100
        .set    second, first + 4
"""


def words(program: Program) -> list[int]:
    return [word for (word,) in struct.iter_unpack("<I", program.segments[0].data)]


def test_the_entry_is_start_where_it_is_defined() -> None:
    assert assemble(SOURCE).entry == DEFAULT_BASE + 4


def test_the_entry_is_the_start_of_text_otherwise() -> None:
    program = assemble("nop\n", base=0x4100_0000)
    assert (program.entry, program.segments[0].address) == (0x4100_0000, 0x4100_0000)


def test_data_starts_on_a_page_without_code_and_bss_is_size_only() -> None:
    text, rodata, data = assemble(SOURCE).segments
    assert text.executable
    assert not rodata.executable
    assert not data.executable
    assert rodata.address == text.end
    assert data.address % 4096 == 0
    assert data.address // 4096 > (rodata.end - 1) // 4096
    assert (data.data, data.memory_size) == (b"\x01\0\0\0", 104)


def test_a_source_without_code_has_no_segments() -> None:
    assert assemble("// nothing\n").segments == ()


def test_symbols_are_labels_and_names_of_addresses() -> None:
    symbols = assemble(SOURCE).symbols
    assert sorted(symbols) == ["_start", "first", "room", "second", "text", "value"]
    assert symbols["second"] == symbols["_start"] == DEFAULT_BASE + 4


def test_an_address_is_named_by_the_symbol_before_it() -> None:
    symbols = assemble(SOURCE).symbols
    assert symbols.lookup(DEFAULT_BASE) == "first"
    assert symbols.lookup(DEFAULT_BASE + 12) == "_start+0x8"
    assert symbols.lookup(DEFAULT_BASE - 4) is None
    assert symbols.lookup(DEFAULT_BASE + 0x8000) is None


def test_an_unknown_symbol_is_refused_with_the_nearest_names() -> None:
    symbols = assemble(SOURCE).symbols
    with pytest.raises(
        ConfigError, match=r"^no symbol `valu` in the guest; did you mean `value`\?$"
    ) as caught:
        symbols["valu"]
    assert isinstance(caught.value, KeyError)
    assert symbols.get("valu") is None
    assert symbols.get("valu", 7) == 7
    assert "valu" not in symbols


@pytest.mark.parametrize("name", [5, None, ["value"]])
def test_a_symbol_is_named_by_text(name: Any) -> None:
    symbols = assemble(SOURCE).symbols
    with pytest.raises(UnknownSymbolError, match="a symbol has a text for its name"):
        symbols[name]
    assert name not in symbols
    assert symbols.get(name) is None


def test_every_instruction_has_its_line_and_data_has_none() -> None:
    lines = assemble(SOURCE, name="a.S").lines
    found = [lines.lookup(DEFAULT_BASE + offset) for offset in range(0, 32, 4)]
    expected = [2, 3, 4, 6, None, None, 8, None]
    assert found == [None if line is None else SourceLine("a.S", line) for line in expected]


def test_an_instruction_of_a_macro_has_the_line_of_the_call() -> None:
    program = assemble(".macro two\nnop\nnop\n.endm\nnop\ntwo\n", name="a.S")
    assert [str(program.lines.lookup(DEFAULT_BASE + offset)) for offset in (0, 4, 8)] == [
        "a.S:5",
        "a.S:6",
        "a.S:6",
    ]


def test_an_instruction_of_an_included_file_has_its_line_there(tmp_path: Path) -> None:
    (tmp_path / "b.inc").write_text("\nnop\n")
    (tmp_path / "a.S").write_text('.include "b.inc"\nnop\n')
    lines = assemble(tmp_path / "a.S").lines
    assert lines.lookup(DEFAULT_BASE) == SourceLine(str(tmp_path / "b.inc"), 2)
    assert lines.lookup(DEFAULT_BASE + 4) == SourceLine(str(tmp_path / "a.S"), 2)


def test_a_program_copies_compares_and_pickles() -> None:
    program = assemble(SOURCE)
    assert copy.deepcopy(program) == program == pickle.loads(pickle.dumps(program))


def test_adrp_is_right_at_any_base() -> None:
    """DDI 0487, C6.2 ADRP: the page of the target minus the page of the instruction."""
    for base in (0x4008_0000, 0x4100_F000, 0x8000_0000):
        word = words(assemble("adrp x0, there\n.data\nthere: .quad 0\n", base=base))[0]
        assert word == 0x9000_0000 | 1 << 29


def test_inst_and_the_macro_counter_emit_what_they_say() -> None:
    assert words(assemble(".macro m\n.word \\@\n.endm\n.inst 0xd503201f\nm\nm\n")) == [0xD503201F, 0, 1]


def test_numeric_labels_of_a_macro_do_not_disturb_those_around_it() -> None:
    program = assemble(".macro m\n1: b 1b\nb 1f\n1:\n.endm\nb 1f\n1: m\nb 1b\nm\n")
    assert words(program) == [0x14000001, 0x14000000, 0x14000001, 0x14000000, 0x14000000, 0x14000001]


def test_cpp_finds_a_file_beside_the_including_one_first(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "a.inc").write_text('#include "b.inc"\n')
    (tmp_path / "sub" / "b.inc").write_text(".word 1\n")
    (tmp_path / "b.inc").write_text(".word 2\n")
    (tmp_path / "main.S").write_text('.include "sub/a.inc"\n#include "b.inc"\n')
    assert words(assemble(tmp_path / "main.S")) == [1, 2]


def test_an_empty_definition_from_outside_is_defined() -> None:
    text = "#ifdef FAST\n.word 1\n#else\n.word 2\n#endif\n"
    assert words(assemble(text, defines={"FAST": ""})) == [1]
    assert words(assemble(text)) == [2]


def test_a_weak_symbol_without_a_definition_is_zero() -> None:
    assert assemble(".weak w\n.quad w\n").segments[0].data == bytes(8)


def test_lines_may_end_as_elsewhere() -> None:
    assert words(assemble("nop\r\n.word 1 \\\r\n, 2\r\n")) == [0xD503201F, 1, 2]


def test_end_ends_the_source() -> None:
    assert words(assemble(".word 1\n.if 1\n.end\n.word 2\n")) == [1]


def test_what_is_discarded_has_no_address() -> None:
    program = assemble('nop\n.section .note.x,""\nghost: .quad ghost\n')
    assert "ghost" not in program.symbols
    assert len(program.segments) == 1


def test_the_same_source_gives_the_same_program() -> None:
    assert assemble(SOURCE) == assemble(SOURCE)
