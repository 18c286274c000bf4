# SPDX-License-Identifier: MIT
"""One door from a guest's file to a program, whoever builds it, and back to text: disassembly."""

from harness.build.compilation import C_SUFFIXES, compile_guest
from harness.build.compilers import COMPILER_HINT, Toolchain, available_compilers, find_compiler
from harness.build.disassembly import DisassembledWord, disassemble
from harness.build.guest_file import ASSEMBLY_SUFFIXES, NOT_REGULAR, SUFFIXES, is_guest, load
from harness.build.text import build_text

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
