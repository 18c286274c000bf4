# SPDX-License-Identifier: MIT
"""Program formats: ELF, arm64 Image, flat binary, gzip around them, and flattened device trees."""

from harness.image.program import Line, LineMap, Program, Segment, Symbols

__all__ = [
    "Line",
    "LineMap",
    "Program",
    "Segment",
    "Symbols",
]
