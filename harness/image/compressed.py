# SPDX-License-Identifier: MIT
"""Programs compressed by gzip (RFC 1952)."""

from __future__ import annotations

import zlib
from typing import Final

from harness.errors import GuestError

MAGIC: Final = b"\x1f\x8b"
LARGEST: Final = 1 << 30
"""Bytes that a program may have when it is decompressed: a small file must not fill the host's memory."""

_GZIP: Final = 16 + zlib.MAX_WBITS


def is_gzip(data: bytes) -> bool:
    """Tells whether data starts as gzip's output does."""
    return data.startswith(MAGIC)


def decompress(data: bytes, file: str, *, largest: int = LARGEST) -> bytes:
    """Returns the original bytes, of every member of the file; GuestError if it is damaged or too large."""
    original = bytearray()
    rest = data
    while is_gzip(rest):  # what follows the last member is padding
        member = zlib.decompressobj(_GZIP)
        try:
            original += member.decompress(rest, largest + 1 - len(original))
        except zlib.error as error:
            raise GuestError(f"damaged gzip: {_reason(error)}", file=file) from None
        if len(original) > largest:
            raise GuestError(f"decompresses to more than {largest >> 20:,} MiB", file=file)
        if not member.eof:
            raise GuestError("truncated gzip: its end is missing", file=file)
        rest = member.unused_data
    return bytes(original)


def _reason(error: zlib.error) -> str:
    """Returns what zlib says, without its own words about where."""
    return str(error).rpartition(": ")[2]
