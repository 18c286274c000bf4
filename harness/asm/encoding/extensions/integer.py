# SPDX-License-Identifier: MIT
"""Integer instructions: LSE atomics, ordered accesses, pointer authentication, flags (DDI 0487, C4.1, C6.2)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from harness.asm.encoding.extensions.forms import Form, form

_ORDERS: Final = {"": 0, "a": 1 << 23, "l": 1 << 22, "al": 3 << 22}
_SIZES: Final = (("b", "W", 0), ("h", "W", 1), ("", "W", 2), ("", "X", 3))
_OPERATIONS: Final = ("add", "clr", "eor", "set", "smax", "smin", "umax", "umin")


def _atomics() -> Iterator[Form]:
    """Yields the atomic memory operations, swaps and compare-and-swaps of FEAT_LSE."""
    for order, bits in _ORDERS.items():
        for suffix, register, size in _SIZES:
            high, end = bits | size << 30, f"{order}{suffix}"
            for code, name in enumerate(_OPERATIONS):
                word = 0x38200000 | high | code << 12
                yield form(f"ld{name}{end}", word, f"{register}16 {register}0 B5", "lse")
                if "a" not in order:  # ST<op> is LD<op> to ZR, and needs no acquire
                    yield form(f"st{name}{end}", word | 31, f"{register}16 B5", "lse")
            yield form(f"swp{end}", 0x38208000 | high, f"{register}16 {register}0 B5", "lse")
            acquire, release = bits >> 23 & 1, bits >> 22 & 1
            ordered = acquire << 22 | release << 15
            word = 0x08A07C00 | size << 30 | ordered
            yield form(f"cas{end}", word, f"{register}16 {register}0 B5", "lse")
            if not suffix:
                pairs = f"{register}E16 {register}N16 {register}E0 {register}N0 B5"
                yield form(f"casp{order}", 0x08207C00 | (size - 2) << 30 | ordered, pairs, "lse")


def _ordered_accesses() -> Iterator[Form]:
    """Yields LDLAR and STLLR (FEAT_LOR), LDAPR (FEAT_LRCPC), LDAPUR and STLUR (FEAT_LRCPC2)."""
    for suffix, register, size in _SIZES:
        high = size << 30
        yield form(f"ldlar{suffix}", 0x08DF7C00 | high, f"{register}0 B5", "lor")
        yield form(f"stllr{suffix}", 0x089F7C00 | high, f"{register}0 B5", "lor")
        yield form(f"ldapr{suffix}", 0x38BFC000 | high, f"{register}0 B5", "rcpc")
        yield form(f"stlur{suffix}", 0x19000000 | high, f"{register}0 B5.9", "v8.4")
        yield form(f"ldapur{suffix}", 0x19400000 | high, f"{register}0 B5.9", "v8.4")
        if suffix:
            yield form(f"ldapurs{suffix}", 0x19800000 | high, "X0 B5.9", "v8.4")
            yield form(f"ldapurs{suffix}", 0x19C00000 | high, "W0 B5.9", "v8.4")
    yield form("ldapursw", 0x99800000, "X0 B5.9", "v8.4")


def _pointers() -> Iterator[Form]:
    """Yields what signs, checks, strips and follows signed pointers (FEAT_PAuth)."""
    for key, letters in enumerate(("ia", "ib", "da", "db")):
        for code, verb in ((0, "pac"), (4, "aut")):
            word = 0xDAC10000 | code + key << 10
            yield form(verb + letters, word, "X0 XS5", "pauth")
            yield form(f"{verb}{letters[0]}z{letters[1]}", word | 8 << 10 | 31 << 5, "X0", "pauth")
    for key, letter in enumerate("ab"):
        bit = key << 10
        yield form(f"bra{letter}", 0xD71F0800 | bit, "X5 XS0", "pauth")
        yield form(f"blra{letter}", 0xD73F0800 | bit, "X5 XS0", "pauth")
        yield form(f"bra{letter}z", 0xD61F081F | bit, "X5", "pauth")
        yield form(f"blra{letter}z", 0xD63F081F | bit, "X5", "pauth")
        yield form(f"reta{letter}", 0xD65F0BFF | bit, "", "pauth")
        yield form(f"ereta{letter}", 0xD69F0BFF | bit, "", "pauth")
        yield form(f"ldra{letter}", 0xF8200400 | key << 23, "X0 B5.p", "pauth")
    yield form("pacga", 0x9AC03000, "X0 X5 XS16", "pauth")
    yield form("xpaci", 0xDAC143E0, "X0", "pauth")
    yield form("xpacd", 0xDAC147E0, "X0", "pauth")


# Hints do nothing where the feature is missing, so that every version allows them (DDI 0487, C6.2 "HINT").
_HINTS: Final = {
    "dgh": 6,
    "xpaclri": 7,
    "pacia1716": 8,
    "pacib1716": 10,
    "autia1716": 12,
    "autib1716": 14,
    "esb": 16,
    "csdb": 20,
    "paciaz": 24,
    "paciasp": 25,
    "pacibz": 26,
    "pacibsp": 27,
    "autiaz": 28,
    "autiasp": 29,
    "autibz": 30,
    "autibsp": 31,
}


def integer_forms() -> Iterator[Form]:
    """Yields all forms."""
    yield from _atomics()
    yield from _ordered_accesses()
    yield from _pointers()
    for name, number in _HINTS.items():
        yield form(name, 0xD503201F | number << 5, "", "")
    yield form("ssbb", 0xD503309F, "", "")
    yield form("pssbb", 0xD503349F, "", "")
    yield form("sb", 0xD50330FF, "", "sb")
    yield form("cfinv", 0xD500401F, "", "flagm")
    yield form("rmif", 0xBA000400, "X5 I15.6 I0.4", "flagm")
    yield form("setf8", 0x3A00080D, "W5", "flagm")
    yield form("setf16", 0x3A00480D, "W5", "flagm")
    yield form("xaflag", 0xD500403F, "", "v8.5")
    yield form("axflag", 0xD500405F, "", "v8.5")
