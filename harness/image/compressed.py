# SPDX-License-Identifier: MIT
"""Images packed by gzip (RFC 1952)."""

from __future__ import annotations

import zlib
from typing import Final

from harness.errors import GuestError

MAGIC: Final = b"\x1f\x8b"
LARGEST: Final = 1 << 30
"""Bytes that an image may unpack to: a small file must not fill the host's memory."""

_GZIP: Final = 16 + zlib.MAX_WBITS


def is_packed(data: bytes) -> bool:
    """Whether it starts as gzip's output does."""
    return data.startswith(MAGIC)


def unpack(data: bytes, file: str, *, largest: int = LARGEST) -> bytes:
    """The bytes that were packed, of every member of the file; GuestError if it is damaged or too large."""
    unpacked = bytearray()
    rest = data
    while is_packed(rest):  # what follows the last member is padding
        member = zlib.decompressobj(_GZIP)
        try:
            unpacked += member.decompress(rest, largest + 1 - len(unpacked))
        except zlib.error as error:
            raise GuestError(f"damaged gzip: {_reason(error)}", file=file) from None
        if len(unpacked) > largest:
            raise GuestError(f"unpacks to more than {largest >> 20:,} MiB", file=file)
        if not member.eof:
            raise GuestError("truncated gzip: its end is missing", file=file)
        rest = member.unused_data
    return bytes(unpacked)


def _reason(error: zlib.error) -> str:
    """What zlib says, without its own words about where."""
    return str(error).rpartition(": ")[2]
