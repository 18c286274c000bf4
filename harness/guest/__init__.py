# SPDX-License-Identifier: MIT
"""Guests: from source or image to bytes at addresses, with symbols and source lines."""

from harness.guest.assembler import DEFAULT_BASE, assemble
from harness.guest.disasm import Instruction, disassemble
from harness.guest.library import firmware_dir, guest_asm_dir
from harness.guest.loader import SUFFIXES, load
from harness.guest.program import Line, LineMap, Program, Segment, Symbols

__all__ = [
    "DEFAULT_BASE",
    "SUFFIXES",
    "Instruction",
    "Line",
    "LineMap",
    "Program",
    "Segment",
    "Symbols",
    "assemble",
    "disassemble",
    "firmware_dir",
    "guest_asm_dir",
    "load",
]
