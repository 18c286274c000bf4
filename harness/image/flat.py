# SPDX-License-Identifier: MIT
"""Programs in one piece: the arm64 Linux Image (Documentation/arch/arm64/booting.rst) and flat binaries."""

from __future__ import annotations

import struct
from pathlib import Path

from harness.arch.virt import TEXT_OFFSET
from harness.errors import GuestError
from harness.image.program import Program, Segment, Symbols

MAGIC = b"ARM\x64"
_HEADER = struct.Struct("<IIQQQQQQ4sI")
_TWO_MEGABYTES = 2 << 20
_LOADER_SIZE = 4096  # what QEMU keeps for itself at the start of RAM; its Images go above
_BIG_ENDIAN = 1


def is_image(data: bytes) -> bool:
    """Tells whether this is an arm64 Image: its magic stands at byte 56."""
    return data[56:60] == MAGIC


def load_image(data: bytes, path: Path, base: int) -> Program:
    """Places an arm64 Image at its text offset above a 2 MiB boundary; its entry is its start.

    The boundary is the one at or below ``base``, or, where the text offset is less than a page, the next one:
    as QEMU does, which leaves the start of RAM to itself.
    """
    if len(data) < _HEADER.size:
        raise GuestError("truncated arm64 Image: the header has 64 bytes", file=str(path))
    text_offset, size, flags = _HEADER.unpack_from(data)[2:5]
    if flags & _BIG_ENDIAN:
        raise GuestError("a big-endian arm64 Image: only little-endian guests run", file=str(path))
    if size == 0:  # before Linux 3.17: no size, and the offset is not to be trusted
        text_offset = TEXT_OFFSET
    elif text_offset < _LOADER_SIZE:
        text_offset += _TWO_MEGABYTES
    address = base // _TWO_MEGABYTES * _TWO_MEGABYTES + text_offset
    if address + max(size, len(data)) > 1 << 48:
        raise GuestError(
            f"text offset {text_offset:#x} or image size {size:#x} is not plausible", file=str(path)
        )
    segment = Segment(address, data, max(size, len(data)), True)
    return Program(address, (segment,), _named(segment), "image", path=path)


def load_flat(data: bytes, path: Path, base: int) -> Program:
    """Places a flat binary at ``base``; its entry is its start."""
    if not data:
        raise GuestError("is empty", file=str(path))
    segment = Segment(base, data, len(data), True)
    return Program(base, (segment,), _named(segment), "flat", path=path)


def _named(segment: Segment) -> Symbols:
    return Symbols({}, ((segment.address, segment.end),))
