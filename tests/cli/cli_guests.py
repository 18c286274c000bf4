# SPDX-License-Identifier: MIT
"""Guests for the tests of the command line, and what a run of it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

POWER_OFF = """
        movz    x0, #0x8400, lsl #16
        movk    x0, #0x0008
        hvc     #0
"""

# Prints "hi" and a newline, then turns the machine off.
HI = f"""
_start: movz    x1, #0x0900, lsl #16
        mov     w0, #0x68
        str     w0, [x1]
        mov     w0, #0x69
        str     w0, [x1]
        mov     w0, #0x0a
        str     w0, [x1]
done:   {POWER_OFF}
        .balign 8
answer: .quad   42
"""

FOREVER = "_start: b _start\n"

EXIT_3 = """
_start: adr     x1, block
        mov     w0, #0x18
        hlt     #0xf000
        .balign 8
block:  .quad   0x20026
        .quad   3
"""


class Result(NamedTuple):
    status: int
    out: str
    err: str


Rvic = Callable[..., Result]
