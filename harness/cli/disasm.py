# SPDX-License-Identifier: MIT
"""Listing of a guest's code: ``rvic disasm``."""

from __future__ import annotations

from harness.build import disassemble, load
from harness.cli.screen import Screen
from harness.scenario.find import find_guest


def disassemble_guest(guest: str) -> int:
    """Prints a guest's executable segments, a symbol above the code it names."""
    manifest = find_guest(guest)
    program = load(manifest.source, toolchain=manifest.toolchain)
    screen = Screen.of_stdout()
    names: dict[int, list[str]] = {}
    for name, address in program.symbols.items():
        names.setdefault(address, []).append(name)
    for segment in program.segments:
        if not segment.executable:
            continue
        for instruction in disassemble(segment.data, segment.address, program.symbols):
            for name in names.get(instruction.address, ()):
                screen.line((f"{name}:", "bold cyan"))
            screen.line(
                (f"  {instruction.address:#010x}  ", "dim"),
                (f"{instruction.word:08x}  ", "dim"),
                (instruction.text, ""),
            )
    return 0
