# SPDX-License-Identifier: MIT
"""One door from a guest's file to a program, whoever builds it, and back to text: disassembly."""

from harness.build.disassembly import Instruction, disassemble
from harness.build.load import SUFFIXES, load

__all__ = [
    "SUFFIXES",
    "Instruction",
    "disassemble",
    "load",
]
