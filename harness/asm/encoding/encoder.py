# SPDX-License-Identifier: MIT
"""Encoder of plain instructions, which is keystone: one call for a whole guest, and a search only if that fails.

Keystone is given instructions whose operands are registers and plain numbers, never a label, a directive
or a modifier: those are what it gets wrong silently or dies on. Where it is not installed, clang gets the same.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from functools import cache
from importlib.util import find_spec

from harness.asm.encoding.clang import Refusal, encode_by_clang

_OPERANDS = ("", "x0, x1, #1, #1", "x0, x1, #1")


class EncodingError(Exception):
    """One instruction cannot be encoded; ``index`` is its place in the batch, ``reason`` is clang's."""

    def __init__(self, index: int, *, unknown_mnemonic: bool, reason: str = "") -> None:
        super().__init__(index)
        self.index = index
        self.unknown_mnemonic = unknown_mnemonic
        self.reason = reason


@cache
def has_keystone() -> bool:
    """Tells whether keystone is installed."""
    return find_spec("keystone") is not None


def encode(texts: Sequence[str]) -> list[int]:
    """Returns the words of instructions; EncodingError for the first that has none."""
    if not texts:
        return []
    words = _try(texts)
    if isinstance(words, list):
        return words
    if isinstance(words, Refusal):
        raise EncodingError(words.index, unknown_mnemonic=words.unknown_mnemonic, reason=words.reason)
    low, high = 0, len(texts)  # texts[:low] is good; the first bad one lies in texts[low:high]
    while high - low > 1:
        middle = (low + high) // 2
        if isinstance(_try(texts[low:middle]), list):
            low = middle
        else:
            high = middle
    raise EncodingError(low, unknown_mnemonic=_fails_at_mnemonic(_try(texts[low:high])))


def encodable(text: str) -> bool:
    """Tells whether an instruction can be encoded."""
    return isinstance(_try([text]), list)


def knows_mnemonic(name: str) -> bool:
    """Tells whether the encoder has an instruction of this name, with any operands."""
    # Some aliases, such as UBFX, keystone knows only with operands that could be theirs.
    return not all(_fails_at_mnemonic(_try([f"{name} {operands}".rstrip()])) for operands in _OPERANDS)


def _fails_at_mnemonic(found: list[int] | int | Refusal) -> bool:
    if isinstance(found, Refusal):
        return found.unknown_mnemonic
    if isinstance(found, list):
        return False
    from keystone import KS_ERR_ASM_MNEMONICFAIL

    return bool(found == KS_ERR_ASM_MNEMONICFAIL)


def _try(texts: Sequence[str]) -> list[int] | int | Refusal:
    """Returns the words, or keystone's error number, or clang's reason."""
    if not has_keystone():
        return encode_by_clang(list(texts))
    import keystone  # here, since it loads a library of 50 ms: not where nothing is assembled

    # A new engine for each batch costs some microseconds, and nothing is left over from one that failed.
    engine = keystone.Ks(keystone.KS_ARCH_ARM64, keystone.KS_MODE_LITTLE_ENDIAN)
    try:
        data, _ = engine.asm("\n".join(texts), 0, as_bytes=True)
    except keystone.KsError as error:
        return int(error.errno)
    if data is None or len(data) != 4 * len(texts):
        return 0
    return list(struct.unpack(f"<{len(texts)}I", data))
