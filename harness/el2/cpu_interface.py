# SPDX-License-Identifier: MIT
"""CPU interface that stage 2 maps through: what a guest acknowledges and ends there, which is no exit."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from harness.arch.gic import GICC_AEOIR, GICC_AIAR, GICC_EOIR, GICC_IAR, IAR_INTID
from harness.arch.intid import SPURIOUS_GROUP1
from harness.arch.masks import MASK32
from harness.arch.virt import GIC_FRAME_SIZE, GICC_BASE
from harness.devices import Port
from harness.el2.acknowledges import Acknowledges
from harness.el2.vcpu import Vcpu

_ACKNOWLEDGES: Final = (GICC_BASE + GICC_IAR, GICC_BASE + GICC_AIAR)
_LAST_ACKNOWLEDGE: Final = GICC_BASE + GICC_AIAR
_ENDS: Final = (GICC_BASE + GICC_EOIR, GICC_BASE + GICC_AEOIR)


class MappedCpuInterface(Port):
    """Way of a vCPU to the CPU interface that it finds as its GICC: the physical one, or GICV."""

    def __init__(self, vcpu: Vcpu, acknowledges: Acknowledges, frame: Port, base: int) -> None:
        self._vcpu = vcpu
        self._acknowledges = acknowledges
        self._frame = frame
        self._offset = base - GICC_BASE

    def load(self, address: int, size: int) -> int:
        """Reads a register; counts what is acknowledged."""
        value = self._frame.load(address + self._offset, size)
        if value >= 0 and address <= _LAST_ACKNOWLEDGE:
            intid = acknowledged(address, size, value)
            if intid is not None:
                self._acknowledges.note(self._vcpu, intid)
        return value

    def store(self, address: int, size: int, value: int) -> bool:
        """Writes a register."""
        return self._frame.store(address + self._offset, size, value)


def is_cpu_interface(ipa: int) -> bool:
    """Returns True for an address in the guest's GICC."""
    return GICC_BASE <= ipa < GICC_BASE + GIC_FRAME_SIZE


def acknowledged(ipa: int, size: int, value: int) -> int | None:
    """Returns the INTID that a load took from GICC_IAR or GICC_AIAR, None for any other load."""
    if size == 4:
        intid = value & IAR_INTID
        return intid if ipa in _ACKNOWLEDGES and intid < SPURIOUS_GROUP1 else None
    return next(_intids(_ACKNOWLEDGES, ipa, size, value), None)


def ended(ipa: int, size: int, value: int) -> int | None:
    """Returns the INTID that a store to GICC_EOIR or GICC_AEOIR names, None for any other store."""
    return next(_intids(_ENDS, ipa, size, value), None)


def _intids(registers: tuple[int, ...], ipa: int, size: int, value: int) -> Iterator[int]:
    """Yields what each word of an access says; eight bytes are two words, and a byte reaches neither register."""
    words = ((ipa, value & MASK32), (ipa + 4, value >> 32)) if size == 8 else ((ipa, value),)
    for address, word in words:
        intid = word & IAR_INTID
        if size >= 4 and address in registers and intid < SPURIOUS_GROUP1:
            yield intid
