# SPDX-License-Identifier: MIT
"""Listing of a guest's code: ``rvic disasm``."""

from __future__ import annotations

from collections.abc import Iterator

from harness.build import disassemble, load
from harness.cli.screen import Screen
from harness.image import CodeRange, Program, Symbols
from harness.scenario.find import find_guest


def disassemble_guest(guest: str) -> int:
    """Prints a guest's code, a symbol above what it names."""
    manifest = find_guest(guest)
    program = load(manifest.source, toolchain=manifest.toolchain)
    screen = Screen.of_stdout()
    names: dict[int, list[str]] = {}
    for name, address in program.symbols.items():
        names.setdefault(address, []).append(name)
    pieces = list(_code(program))
    symbols = Symbols(dict(program.symbols), ((address, address + len(code)) for address, code in pieces))
    for address, code in pieces:
        for instruction in disassemble(code, address, symbols):
            for name in names.get(instruction.address, ()):
                screen.line((f"{name}:", "bold cyan"))
            screen.line(
                (f"  {instruction.address:#010x}  ", "dim"),
                (f"{instruction.word:08x}  ", "dim"),
                (instruction.text, ""),
            )
    return 0


def _code(program: Program) -> Iterator[tuple[int, bytes]]:
    """Yields the pieces of code, each with the address that it was linked for, as its symbols have it."""
    for segment in program.segments:
        whole = CodeRange(segment.address, segment.end, segment.address)
        for low, high, virtual in (program.code or (whole,)) if segment.executable else ():
            start = max(low, segment.address) + 3 & ~3
            if start < min(high, segment.end):
                yield virtual + start - low, segment.data[start - segment.address : high - segment.address]
