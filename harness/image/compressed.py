# SPDX-License-Identifier: MIT
"""Programs compressed by gzip (RFC 1952)."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import Final

from harness.errors import GuestError

MAGIC: Final = b"\x1f\x8b"
LARGEST: Final = 512 << 20
"""Bytes that a program may have when it is decompressed: a small file must not fill the host's memory."""

_INPUT: Final = 4 << 10  # at a time: of the last piece, what follows a member is copied
_OUTPUT: Final = 1 << 20  # at a time: what is too large is not held
_GZIP: Final = 16 + zlib.MAX_WBITS


def is_gzip(data: bytes) -> bool:
    """Tells whether data starts as gzip's output does."""
    return data.startswith(MAGIC)


def decompress(data: bytes, file: str, *, largest: int = LARGEST) -> bytes:
    """Returns the original bytes, of every member of the file; GuestError if it is damaged or too large."""
    original = bytearray()
    at = 0
    try:
        while data.startswith(MAGIC, at):  # what follows the last member is padding
            for part, after in _member(data, at):
                at = after
                if len(original) + len(part) > largest:
                    raise GuestError(f"decompresses to more than {largest >> 20:,} MiB", file=file)
                original += part
            if at > len(data):
                raise GuestError("truncated gzip: its end is missing", file=file)
    except zlib.error as error:
        raise GuestError(f"damaged gzip: {_reason(error)}", file=file) from None
    return bytes(original)


def _member(data: bytes, at: int) -> Iterator[tuple[bytes, int]]:
    """Yields the parts of one member, each with the place after it; beyond the data where its end is missing."""
    member = zlib.decompressobj(_GZIP)
    rest = b""
    while not member.eof:
        if not rest:
            rest = data[at : at + _INPUT]
            at += len(rest)
        if not rest:
            yield b"", len(data) + 1
            return
        part = member.decompress(rest, _OUTPUT)
        rest = member.unconsumed_tail
        yield part, at - len(member.unused_data)


def _reason(error: zlib.error) -> str:
    """Returns what zlib says, without its own words about where."""
    return str(error).rpartition(": ")[2]
