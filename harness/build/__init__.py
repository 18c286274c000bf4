# SPDX-License-Identifier: MIT
"""One door from a guest's file to a program, whoever builds it, and back to text: disassembly."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.build.disassembly import DisassembledWord, disassemble
from harness.build.guest_file import NOT_REGULAR, is_guest, load
from harness.build.suffixes import ASSEMBLY_SUFFIXES, C_SUFFIXES, SUFFIXES
from harness.build.text import build_text

if TYPE_CHECKING:
    from harness.build.compilation import compile_guest
    from harness.build.compilers import COMPILER_HINT, Toolchain, available_compilers, find_compiler

__all__ = [
    "ASSEMBLY_SUFFIXES",
    "COMPILER_HINT",
    "C_SUFFIXES",
    "NOT_REGULAR",
    "SUFFIXES",
    "DisassembledWord",
    "Toolchain",
    "available_compilers",
    "build_text",
    "compile_guest",
    "disassemble",
    "find_compiler",
    "is_guest",
    "load",
]


def __getattr__(name: str) -> Any:
    # Imported on first use: few guests are C.
    if name == "compile_guest":
        from harness.build.compilation import compile_guest

        return compile_guest
    if name in ("COMPILER_HINT", "Toolchain", "available_compilers", "find_compiler"):
        from harness.build import compilers

        return getattr(compilers, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
