# SPDX-License-Identifier: MIT
"""Code of an ELF: where its instructions are, as far as its tables say, for a disassembly."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from harness.image.program import CodeRange

_EXECINSTR: Final = 1 << 2  # sh_flags (gABI 4.1, Figure 4-11)
_EXECUTABLE: Final = 1  # p_flags


def code_ranges(elf: Any) -> tuple[CodeRange, ...]:
    """Returns what is code, ascending: nothing where the tables cannot be read.

    Sections say it. Without them it is the executable segments but for the file's own headers, which a linker maps
    with the first of them.
    """
    try:
        loaded = [one.header for one in elf.iter_segments() if one.header["p_type"] == "PT_LOAD"]
        ranges = sorted(_sections(elf, loaded)) or sorted(_segments(elf, loaded))
    except Exception:  # a damaged table costs a disassembly its bounds only; pyelftools raises anything
        return ()
    return tuple(ranges)


def _sections(elf: Any, loaded: list[Any]) -> Iterator[CodeRange]:
    for section in elf.iter_sections():
        header = section.header
        if header["sh_type"] != "SHT_PROGBITS" or not header["sh_flags"] & _EXECINSTR:
            continue
        offset, size = header["sh_offset"], header["sh_size"]
        for segment in loaded:
            at = offset - segment["p_offset"]
            if size and at >= 0 and at + size <= segment["p_filesz"]:
                yield _range(segment, at, size)
                break


def _segments(elf: Any, loaded: list[Any]) -> Iterator[CodeRange]:
    table = elf.header["e_phoff"] + elf.header["e_phentsize"] * elf.header["e_phnum"]
    headers = max(elf.header["e_ehsize"], table)
    for segment in loaded:
        if segment["p_flags"] & _EXECUTABLE:
            start = max(0, headers - segment["p_offset"])
            if start < segment["p_filesz"]:
                yield _range(segment, start, segment["p_filesz"] - start)


def _range(segment: Any, at: int, size: int) -> CodeRange:
    physical, virtual = segment["p_paddr"] + at, segment["p_vaddr"] + at
    return CodeRange(physical, physical + size, virtual)
