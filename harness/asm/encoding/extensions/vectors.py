# SPDX-License-Identifier: MIT
"""SIMD and floating-point instructions: cryptography, products, complex numbers, rounding (DDI 0487, C4.1.96)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from harness.asm.encoding.extensions.forms import Form, form

_Q: Final = 1 << 30


def _cryptography() -> Iterator[Form]:
    """Yields the Cryptographic Extension: AES, SHA1, SHA2, SHA512, SHA3, SM3, SM4 (DDI 0487, C4.1.96)."""
    for code, name in enumerate(("aese", "aesd", "aesmc", "aesimc")):
        yield form(name, 0x4E284800 | code << 12, "V0.16b V5.16b", "aes")
    yield form("pmull", 0x0EE0E000, "V0.1q V5.1d V16.1d", "aes")
    yield form("pmull2", 0x4EE0E000, "V0.1q V5.2d V16.2d", "aes")
    for code, name in enumerate(("sha1c", "sha1p", "sha1m")):
        yield form(name, 0x5E000000 | code << 12, "Q0 S5 V16.4s", "sha2")
    yield form("sha1su0", 0x5E003000, "V0.4s V5.4s V16.4s", "sha2")
    yield form("sha256h", 0x5E004000, "Q0 Q5 V16.4s", "sha2")
    yield form("sha256h2", 0x5E005000, "Q0 Q5 V16.4s", "sha2")
    yield form("sha256su1", 0x5E006000, "V0.4s V5.4s V16.4s", "sha2")
    yield form("sha1h", 0x5E280800, "S0 S5", "sha2")
    yield form("sha1su1", 0x5E281800, "V0.4s V5.4s", "sha2")
    yield form("sha256su0", 0x5E282800, "V0.4s V5.4s", "sha2")
    yield form("sha512h", 0xCE608000, "Q0 Q5 V16.2d", "sha2")
    yield form("sha512h2", 0xCE608400, "Q0 Q5 V16.2d", "sha2")
    yield form("sha512su1", 0xCE608800, "V0.2d V5.2d V16.2d", "sha2")
    yield form("sha512su0", 0xCEC08000, "V0.2d V5.2d", "sha2")
    yield form("eor3", 0xCE000000, "V0.16b V5.16b V16.16b V10.16b", "v8.2 sha3")
    yield form("bcax", 0xCE200000, "V0.16b V5.16b V16.16b V10.16b", "v8.2 sha3")
    yield form("rax1", 0xCE608C00, "V0.2d V5.2d V16.2d", "v8.2 sha3")
    yield form("xar", 0xCE800000, "V0.2d V5.2d V16.2d I10.6", "v8.2 sha3")
    yield form("sm3ss1", 0xCE400000, "V0.4s V5.4s V16.4s V10.4s", "v8.2 sm4")
    for code, name in enumerate(("sm3tt1a", "sm3tt1b", "sm3tt2a", "sm3tt2b")):
        yield form(name, 0xCE408000 | code << 10, "V0.4s V5.4s E16.si", "v8.2 sm4")
    yield form("sm3partw1", 0xCE60C000, "V0.4s V5.4s V16.4s", "v8.2 sm4")
    yield form("sm3partw2", 0xCE60C400, "V0.4s V5.4s V16.4s", "v8.2 sm4")
    yield form("sm4e", 0xCEC08400, "V0.4s V5.4s", "v8.2 sm4")
    yield form("sm4ekey", 0xCE60C800, "V0.4s V5.4s V16.4s", "v8.2 sm4")


def _products() -> Iterator[Form]:
    """Yields SQRDMLAH and SQRDMLSH (FEAT_RDM), dot products (FEAT_DotProd) and FMLAL and its kin (FEAT_FHM)."""
    for code, name in ((0, "sqrdmlah"), (1, "sqrdmlsh")):
        for size, letter, lanes, index in ((1, "h", 4, 3), (2, "s", 2, 2)):
            three, element = 0x2E008400 | code << 11 | size << 22, 0x2F00D000 | code << 13 | size << 22
            for q, count in ((0, lanes), (_Q, 2 * lanes)):
                arrangement = f"{count}{letter}"
                same = f"V0.{arrangement} V5.{arrangement}"
                yield form(name, three | q, f"{same} V16.{arrangement}", "rdma")
                yield form(name, element | q, f"{same} E16.{letter}{index}", "rdma")
            kind = letter.upper()
            yield form(name, three | 0x50000000, f"{kind}0 {kind}5 {kind}16", "rdma")
            yield form(name, element | 0x50000000, f"{kind}0 {kind}5 E16.{letter}{index}", "rdma")
    for sign, name in ((0, "sdot"), (1 << 29, "udot")):
        for q, result, bytes_ in ((0, "2s", "8b"), (_Q, "4s", "16b")):
            yield form(name, 0x0E809400 | sign | q, f"V0.{result} V5.{bytes_} V16.{bytes_}", "v8.2 dotprod")
            yield form(name, 0x0F80E000 | sign | q, f"V0.{result} V5.{bytes_} E16.4b2", "v8.2 dotprod")
    lengthened = (
        ("fmlal", 0x0E20EC00, 0x0F800000),
        ("fmlsl", 0x0EA0EC00, 0x0F804000),
        ("fmlal2", 0x2E20CC00, 0x2F808000),
        ("fmlsl2", 0x2EA0CC00, 0x2F80C000),
    )
    for name, three, element in lengthened:
        for q, result, halves in ((0, "2s", "2h"), (_Q, "4s", "4h")):
            yield form(name, three | q, f"V0.{result} V5.{halves} V16.{halves}", "v8.2 fp16fml")
            yield form(name, element | q, f"V0.{result} V5.{halves} E16.h3", "v8.2 fp16fml")


def _complex_numbers() -> Iterator[Form]:
    """Yields FCADD and FCMLA (FEAT_FCMA)."""
    for arrangement, size, q in (("4h", 1, 0), ("8h", 1, _Q), ("2s", 2, 0), ("4s", 2, _Q), ("2d", 3, _Q)):
        bits = q | size << 22
        three = f"V0.{arrangement} V5.{arrangement} V16.{arrangement}"
        yield form("fcmla", 0x2E00C400 | bits, f"{three} R11.2", "compnum")
        yield form("fcadd", 0x2E00E400 | bits, f"{three} R12.1", "compnum")
    yield form("fcmla", 0x2F401000, "V0.4h V5.4h E16.hl R13.2", "compnum")
    yield form("fcmla", 0x6F401000, "V0.8h V5.8h E16.h2 R13.2", "compnum")
    yield form("fcmla", 0x6F801000, "V0.4s V5.4s E16.s1 R13.2", "compnum")


def _rounding() -> Iterator[Form]:
    """Yields FRINT32 and FRINT64 (FEAT_FRINTTS), and FJCVTZS (FEAT_JSCVT)."""
    for code, name in enumerate(("frint32z", "frint32x", "frint64z", "frint64x")):
        scalar = 0x1E284000 | code << 15
        yield form(name, scalar, "S0 S5", "v8.5")
        yield form(name, scalar | 1 << 22, "D0 D5", "v8.5")
        vector = 0x0E21E800 | (code & 1) << 29 | code >> 1 << 12
        for arrangement, bits in (("2s", 0), ("4s", _Q), ("2d", _Q | 1 << 22)):
            yield form(name, vector | bits, f"V0.{arrangement} V5.{arrangement}", "v8.5")
    yield form("fjcvtzs", 0x1E7E0000, "W0 D5", "v8.3")


def _half_precision() -> Iterator[Form]:
    """Yields what of FEAT_FP16 has no like among the instructions of single precision."""
    for name, word, fields in (
        ("fmov", 0x1EE60000, "W0 H5"),
        ("fmov", 0x9EE60000, "X0 H5"),
        ("fmov", 0x1EE70000, "H0 W5"),
        ("fmov", 0x9EE70000, "H0 X5"),
        ("faddp", 0x5E30D800, "H0 V5.2h"),
        ("fmaxnmp", 0x5E30C800, "H0 V5.2h"),
        ("fmaxp", 0x5E30F800, "H0 V5.2h"),
        ("fminnmp", 0x5EB0C800, "H0 V5.2h"),
        ("fminp", 0x5EB0F800, "H0 V5.2h"),
    ):
        yield form(name, word, fields, "fp16")
    for name, word in (
        ("fmaxnmv", 0x0E30C800),
        ("fmaxv", 0x0E30F800),
        ("fminnmv", 0x0EB0C800),
        ("fminv", 0x0EB0F800),
    ):
        yield form(name, word, "H0 V5.4h", "fp16")
        yield form(name, word | _Q, "H0 V5.8h", "fp16")
    for name, word in (
        ("fmla", 0x0F001000),
        ("fmls", 0x0F005000),
        ("fmul", 0x0F009000),
        ("fmulx", 0x2F009000),
    ):
        yield form(name, word, "V0.4h V5.4h E16.h3", "fp16")
        yield form(name, word | _Q, "V0.8h V5.8h E16.h3", "fp16")
        yield form(name, word | 0x50000000, "H0 H5 E16.h3", "fp16")
    for name, word in (
        ("scvtf", 0x0F00E400),
        ("ucvtf", 0x2F00E400),
        ("fcvtzs", 0x0F00FC00),
        ("fcvtzu", 0x2F00FC00),
    ):
        yield form(name, word, "V0.4h V5.4h F16", "fp16")
        yield form(name, word | _Q, "V0.8h V5.8h F16", "fp16")
        yield form(name, word | 0x50000000, "H0 H5 F16", "fp16")


def vector_forms() -> Iterator[Form]:
    """Yields all forms."""
    yield from _half_precision()
    yield from _cryptography()
    yield from _products()
    yield from _complex_numbers()
    yield from _rounding()
