# SPDX-License-Identifier: MIT
"""Program formats: ELF, arm64 Image, flat binary, gzip around them, and flattened device trees.

What a format becomes is a :class:`Program`; :mod:`harness.image.dtb` stands for itself.
"""

from harness.image.compressed import decompress, is_gzip
from harness.image.elf import is_elf, load_elf
from harness.image.flat import is_image, load_flat, load_image
from harness.image.program import (
    DEFAULT_BASE,
    CodeRange,
    LineMap,
    Program,
    ProgramKind,
    Segment,
    SourceLine,
    Symbols,
    UnknownSymbolError,
)

__all__ = [
    "DEFAULT_BASE",
    "CodeRange",
    "LineMap",
    "Program",
    "ProgramKind",
    "Segment",
    "SourceLine",
    "Symbols",
    "UnknownSymbolError",
    "decompress",
    "is_elf",
    "is_gzip",
    "is_image",
    "load_elf",
    "load_flat",
    "load_image",
]
