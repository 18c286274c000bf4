# SPDX-License-Identifier: MIT
"""Guest's access to a device: decoded from a data abort, and completed in the registers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple, Protocol

from harness.arch import esr as syndrome
from harness.engine import deviations
from harness.engine.deviations import Deviation
from harness.engine.mmio.loadstore import Bank, LoadStore, Operands, address, writeback

_GENERAL, _VECTOR, _ZERO = Bank.GENERAL, Bank.VECTOR, Bank.ZERO


class Part(NamedTuple):
    """One access as a bus sees it: up to 8 bytes; `value` of a store, None for a load."""

    ipa: int
    size: int
    write: bool
    value: int | None


class DeviceAccess(NamedTuple):
    """Decoded data abort: do the `parts` in order, then finish it with the value of each load.

    If `deviation` is set the access cannot be done: `parts` is empty and finishing it injects an abort with
    fault status `fault`. `insn` then has no more than the direction and, if it is known, the size of a register.
    """

    parts: tuple[Part, ...]
    insn: LoadStore
    writeback: tuple[int, int] | None = None
    deviation: Deviation | None = None
    fault: int = 0

    @property
    def write(self) -> bool:
        """True if the guest stores."""
        return not self.insn.load


class RegisterFile(Operands, Protocol):
    """Registers that an access reads and writes."""

    def vector(self, n: int) -> int:
        """Returns Vn, 128 bits."""

    def set_general(self, n: int, value: int) -> None:
        """Writes Xn; 31 is discarded."""

    def set_base(self, n: int, value: int) -> None:
        """Writes Xn, SP for 31."""

    def set_vector(self, n: int, value: int) -> None:
        """Writes Vn, all 128 bits."""


def decode(esr: int, insn: LoadStore | None, far: int, ipa: int, registers: RegisterFile) -> DeviceAccess:
    """Returns what a stage-2 data abort asks for. `insn` is None if it is no load or store."""
    write = bool(esr & syndrome.WNR)
    if insn is None:
        if not esr & syndrome.ISV:
            return _refuse(write, 0, deviations.MMIO_STRUCTURE, syndrome.FSC_EXTERNAL)
        insn = _from_syndrome(esr)
    elif insn.atomic:
        return _refuse(write, insn.size, deviations.MMIO_EXCLUSIVE, syndrome.FSC_UNSUPPORTED_ATOMIC)
    elif insn.bank is _ZERO:
        ipa &= -insn.offset  # FAR is the register as it stands, not the block
    elif (address(insn, registers) ^ far) & 0xFFF:
        return _refuse(write, insn.size, deviations.MMIO_CROSSING, syndrome.FSC_ALIGNMENT)
    if len(insn.targets) == 1 and insn.bank is _GENERAL and (ipa & 0xFFF) + insn.size <= 0x1000:
        value = None if insn.load else registers.general(insn.targets[0]) & (1 << insn.size * 8) - 1
        return DeviceAccess((Part(ipa, insn.size, not insn.load, value),), insn, writeback(insn, registers))
    total = insn.size * len(insn.targets)
    if (ipa & 0xFFF) + total > 0x1000:
        return _refuse(write, insn.size, deviations.MMIO_CROSSING, syndrome.FSC_ALIGNMENT)
    return DeviceAccess(tuple(_parts(insn, ipa, registers)), insn, writeback(insn, registers))


def _refuse(write: bool, size: int, deviation: Deviation, fault: int) -> DeviceAccess:
    return DeviceAccess((), LoadStore(not write, size, ()), None, deviation, fault)


def _from_syndrome(esr: int) -> LoadStore:
    size = syndrome.access_size(esr)
    width = 64 if esr & syndrome.SF else 32
    targets = (syndrome.transfer_register(esr),)
    return LoadStore(not esr & syndrome.WNR, size, targets, sign=bool(esr & syndrome.SSE), width=width)


def _parts(insn: LoadStore, ipa: int, registers: RegisterFile) -> Iterator[Part]:
    size = min(insn.size, 8)
    for target in insn.targets:
        value = 0
        if not insn.load:
            value = registers.vector(target) if insn.bank is _VECTOR else registers.general(target)
        for shift in range(0, insn.size * 8, 64):
            data = None if insn.load else value >> shift & (1 << size * 8) - 1
            yield Part(ipa, size, not insn.load, data)
            ipa += size


def complete(access: DeviceAccess, values: Sequence[int | None], registers: RegisterFile) -> None:
    """Writes what was loaded (one value per part, ignored for stores), then the base register."""
    insn = access.insn
    if insn.load and len(values) == 1 and insn.bank is _GENERAL:
        registers.set_general(insn.targets[0], _extended(insn, _need(values[0])))
    elif insn.load:
        per_target = max(insn.size // 8, 1)
        for n, target in enumerate(insn.targets):
            words = values[n * per_target : (n + 1) * per_target]
            value = 0
            for k, word in enumerate(words):
                value |= (_need(word) & (1 << min(insn.size, 8) * 8) - 1) << 64 * k
            if insn.bank is _VECTOR:
                registers.set_vector(target, value)
            else:
                registers.set_general(target, _extended(insn, value))
    if access.writeback is not None:
        registers.set_base(*access.writeback)


def _need(value: int | None) -> int:
    if value is None:
        raise ValueError("a load part has no value")
    return value


def _extended(insn: LoadStore, value: int) -> int:
    bits = insn.size * 8
    value &= (1 << bits) - 1
    if insn.sign and value >> (bits - 1) & 1:
        value |= -1 << bits
    return value & (1 << insn.width) - 1
