# SPDX-License-Identifier: MIT
"""Guests of the benchmark: the same bytes for every subject, which end after a number of turns."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import NamedTuple

from harness.asm import assemble
from harness.image import Program

INTID = 7
"""Interrupt that the guests of RVIC send to themselves: trusted, without a device."""
TURNS_LEFT = 28
"""Number of the register that counts the turns that are left."""
COUNTER_READS = 4
MIXED_INSTRUCTIONS = 8

_HERE = Path(__file__).resolve().parent


class Guest(NamedTuple):
    """Program, and how many of the operations that are measured a turn of its has."""

    program: Program
    operations: int = 1

    @property
    def image(self) -> tuple[int, bytes]:
        """Address and bytes of the program."""
        (segment,) = self.program.segments
        return segment.address, segment.data

    def with_turns(self, turns: int) -> bytes:
        """Returns the bytes of the program that powers off after so many turns."""
        address, image = self.image
        place = self.program.symbols["turns"] - address
        return image[:place] + turns.to_bytes(8, "little") + image[place + 8 :]


@cache
def mixed(others: int = 0) -> Guest:
    """Returns ALU instructions, loads and stores on one CPU and so many others; an operation is an instruction."""
    return _assembled("mixed", MIXED_INSTRUCTIONS, OTHERS=others)


@cache
def smccc_version() -> Guest:
    """Returns SMCCC_VERSION for ever."""
    return _assembled("smccc_version")


@cache
def rvic_ack() -> Guest:
    """Returns Signal(self), Acknowledge, ClearMasked with PSTATE.I set; an operation is a call."""
    return _assembled("rvic_ack", 3)


@cache
def rvic_irq(others: int = 0) -> Guest:
    """Returns the self interrupt by RVIC, beside so many CPUs that sleep."""
    return _assembled("rvic_irq", OTHERS=others)


@cache
def rvic_deliverable(count: int) -> Guest:
    """Returns Acknowledge, ClearMasked, Signal where so many interrupts stay deliverable."""
    return _assembled("rvic_deliverable", DELIVERABLE=count)


@cache
def rvic_timer() -> Guest:
    """Returns the virtual timer, always due, through RVIC."""
    return _assembled("rvic_timer")


@cache
def gicv2_sgi() -> Guest:
    """Returns the self interrupt by a GICv2."""
    return _assembled("gicv2_sgi")


@cache
def gicv2_timer() -> Guest:
    """Returns the virtual timer, always due, through a GICv2."""
    return _assembled("gicv2_timer")


@cache
def svc() -> Guest:
    """Returns SVC from EL0 to EL1 and back."""
    return _assembled("svc")


@cache
def counter() -> Guest:
    """Returns MRS CNTVCT_EL0; an operation is one of them."""
    return _assembled("counter", COUNTER_READS, READS=COUNTER_READS)


@cache
def uart_flag() -> Guest:
    """Returns loads of the UART's flag register."""
    return _assembled("uart_flag")


def _assembled(name: str, operations: int = 1, **defines: int) -> Guest:
    return Guest(assemble(_HERE / f"{name}.S", defines=defines), operations)
