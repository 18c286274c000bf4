# SPDX-License-Identifier: MIT
"""Semihosting (Arm's *Semihosting for AArch32 and AArch64*): HLT #0xF000 with the operation in w0."""

from __future__ import annotations

from enum import IntEnum
from typing import Protocol

from harness.arch.smccc import MASK32, MASK64
from harness.engine import PE, Memory

HLT_IMMEDIATE = 0xF000
APPLICATION_EXIT = 0x20026  # ADP_Stopped_ApplicationExit
LONGEST_STRING = 1 << 16
FAILED = MASK64  # -1


class Operation(IntEnum):
    """The operations that are served; any other answers -1."""

    WRITEC = 0x03
    WRITE0 = 0x04
    EXIT = 0x18
    EXIT_EXTENDED = 0x20


class Host(Protocol):
    """What a semihosting call can ask for."""

    memory: Memory

    def semihosting_exit(self, pe: PE, code: int) -> None:
        """End the run with this exit code."""
        ...

    def semihosting_write(self, pe: PE, data: bytes) -> None:
        """Print on the console."""
        ...


class Semihosting:
    """Serves the HLT of every PE of a machine."""

    def __init__(self, host: Host) -> None:
        self._host = host

    def on_halt(self, pe: PE, immediate: int) -> bool:
        """Serve a HLT; False if it is no semihosting call, and so undefined."""
        if immediate != HLT_IMMEDIATE:
            return False
        operation, parameter = pe.x[0] & MASK32, pe.x[1]
        if operation in (Operation.EXIT, Operation.EXIT_EXTENDED):
            self._exit(pe, parameter)
        elif operation == Operation.WRITEC:
            self._host.semihosting_write(pe, self._read(parameter, 1))
        elif operation == Operation.WRITE0:
            self._host.semihosting_write(pe, self._string(parameter))
        else:
            pe.x[0] = FAILED
        pe.advance()
        return True

    def _exit(self, pe: PE, block: int) -> None:
        """In AArch64 both exits take a block of two fields: a reason and its subcode."""
        fields = self._read(block, 16)
        reason = int.from_bytes(fields[:8], "little")
        subcode = int.from_bytes(fields[8:], "little")
        self._host.semihosting_exit(pe, subcode & MASK32 if fields and reason == APPLICATION_EXIT else 1)

    def _read(self, address: int, size: int) -> bytes:
        memory = self._host.memory
        return memory.read(address, size) if memory.is_ram(address, size) else b""

    def _string(self, address: int) -> bytes:
        text = bytearray()
        while len(text) < LONGEST_STRING and (byte := self._read(address + len(text), 1)) not in (b"", b"\0"):
            text += byte
        return bytes(text)
