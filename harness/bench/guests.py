# SPDX-License-Identifier: MIT
"""Code that both subjects run: the same bytes at the same addresses.

Each guest ends in a page of data of its own at ``data``, so that code and data can differ in their rights.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import NamedTuple

from harness.asm import assemble
from harness.image import Program

INTID = 7  # a trusted interrupt without a device: an IPI
_DATA = """
    .ltorg
    .balign 4096
data: .space 4096
"""

MIXED_PASS = 1 << 16
"""Number of turns of the loop before the HVC that ends a pass."""

_MIXED = f"""
_start:
    adr     x1, data
    ldr     x9, ={MIXED_PASS}
loop:
    add     x2, x2, #1
    eor     x3, x3, x2
    str     x3, [x1]
    ldr     x4, [x1, #8]
    add     x4, x4, x3, lsr #3
    stp     x4, x2, [x1, #8]
    subs    x9, x9, #1
    b.ne    loop
    hvc     #1                      // ends an uncounted run; NOT_SUPPORTED otherwise
    b       _start
"""

_VERSION = """
_start:
loop:
    mov     w0, #0x80000000         // SMCCC_VERSION
    hvc     #0
    b       loop
"""

# x19: function base; x20: own MPIDR argument.
_RVIC_START = f"""
#define ENABLE    2
#define CLEAR     5
#define SIGNAL    7
#define ACK       9
    .macro call number
    add     x0, x19, #\\number
    hvc     #0
    .endm
_start:
    ldr     x19, =0xC5000200
    mov     x20, #0
    adr     x0, vectors
    msr     vbar_el1, x0
    call    ENABLE
    mov     x1, x20
    mov     x2, #{INTID}
    call    CLEAR
"""

_CYCLE = f"""
{_RVIC_START}
loop:
    mov     x1, x20
    mov     x2, #{INTID}
    call    SIGNAL
    call    ACK
    mov     x2, x1
    mov     x1, x20
    call    CLEAR
    b       loop
vectors:
"""

_ROUND_TRIP = f"""
{_RVIC_START}
    msr     daifclr, #2
loop:
    mov     x1, x20
    mov     x2, #{INTID}
    call    SIGNAL
    b       loop
    .balign 2048
vectors:
    .space  0x280                   // IRQ from EL1 with SP_EL1
    call    ACK
    mov     x2, x1
    mov     x1, x20
    call    CLEAR
    eret
"""


class Guest(NamedTuple):
    """Program, and the length of its loop in instructions."""

    program: Program
    loop: int

    @property
    def image(self) -> tuple[int, bytes]:
        """Address and bytes of the program."""
        (segment,) = self.program.segments
        return segment.address, segment.data


Maker = Callable[[], Guest]


@cache
def mixed() -> Guest:
    """Returns ALU, load and store, for ever in passes; one pass counts as the loop."""
    return Guest(assemble(_MIXED + _DATA), 8 * MIXED_PASS + 4)


@cache
def smccc_version() -> Guest:
    """Returns SMCCC_VERSION for ever."""
    return Guest(assemble(_VERSION + _DATA), 3)


@cache
def acknowledge_cycle() -> Guest:
    """Returns Signal(self), Acknowledge, ClearMasked for ever, with PSTATE.I set."""
    return Guest(assemble(_CYCLE + _DATA), 11)


@cache
def round_trip() -> Guest:
    """Returns Signal(self) for ever, with PSTATE.I clear; the vector acknowledges, unmasks and returns."""
    return Guest(assemble(_ROUND_TRIP + _DATA), 12)
