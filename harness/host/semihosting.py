# SPDX-License-Identifier: MIT
"""Semihosting (Arm's *Semihosting for AArch32 and AArch64*, 3.0): HLT #0xF000 with the operation in w0.

Addresses are the guest's virtual ones. Time is virtual and starts at a fixed epoch. What cannot be done answers
-1 (or what the operation says instead), and SYS_ERRNO tells why. Calls work at EL1 and at EL0.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from enum import IntEnum
from functools import cached_property
from typing import Protocol

from harness.arch.masks import MASK32, MASK64
from harness.arch.virt import CNTFRQ
from harness.arguments import guest_bytes
from harness.devices.pl031 import EPOCH
from harness.engine import PE, Memory
from harness.host.guest_view import GuestView
from harness.host.semihosting_files import HostFiles, Stream

HLT_IMMEDIATE = 0xF000
APPLICATION_EXIT = 0x20026  # ADP_Stopped_ApplicationExit
LONGEST_NAME = 1 << 16
LONGEST_TRANSFER = 16 << 20  # bytes that one call moves, however often its buffer maps the same RAM
CENTISECONDS = 100
FAILED = MASK64  # -1


class Operation(IntEnum):
    """Operation number (chapter 7); any other answers -1."""

    OPEN = 0x01
    CLOSE = 0x02
    WRITEC = 0x03
    WRITE0 = 0x04
    WRITE = 0x05
    READ = 0x06
    READC = 0x07
    ISERROR = 0x08
    ISTTY = 0x09
    SEEK = 0x0A
    FLEN = 0x0C
    TMPNAM = 0x0D
    REMOVE = 0x0E
    RENAME = 0x0F
    CLOCK = 0x10
    TIME = 0x11
    SYSTEM = 0x12
    ERRNO = 0x13
    GET_CMDLINE = 0x15
    HEAPINFO = 0x16
    EXIT = 0x18
    EXIT_EXTENDED = 0x20
    ELAPSED = 0x30
    TICKFREQ = 0x31


class Services(Protocol):
    """Services of the machine around the guest."""

    memory: Memory

    @property
    def command_line(self) -> str:
        """Name of the guest and its arguments."""
        ...

    @property
    def free_memory(self) -> tuple[int, int]:
        """First address and end of the largest part of RAM that nothing was loaded to."""
        ...

    def now(self) -> int:
        """Returns the system counter, in ticks."""
        ...

    def exit(self, pe: PE, code: int) -> None:
        """Ends the run."""
        ...

    def write(self, pe: PE, data: bytes) -> None:
        """Prints on the console."""
        ...

    def read(self, most: int, *, wait: bool) -> bytes:
        """Takes at most so many of the bytes that were typed; may wait for one."""
        ...


class Semihosting:
    """Server of the HLT of every PE of a machine; files are those below ``directory``, or none."""

    def __init__(self, services: Services, directory: str | os.PathLike[str] | None) -> None:
        self._services = services
        self._files = HostFiles(directory)
        self._errno = 0

    @cached_property  # few guests make any of these calls
    def _blocks(self) -> dict[int, tuple[int, Callable[..., int]]]:
        """Operations that take a block of so many doublewords at x1."""
        op = Operation
        return {
            op.OPEN: (3, self._open),
            op.CLOSE: (1, self._close),
            op.WRITE: (3, self._write),
            op.READ: (3, self._read),
            op.ISERROR: (1, lambda _view, status: int(status >> 63)),
            op.ISTTY: (1, lambda _view, number: int(isinstance(self._files.get(number), Stream))),
            op.SEEK: (2, self._seek),
            op.FLEN: (1, lambda _view, number: self._files.length(number)),
            op.TMPNAM: (3, self._temporary_name),
            op.REMOVE: (2, self._remove),
            op.RENAME: (4, self._rename),
            op.SYSTEM: (2, self._refuse),
            op.HEAPINFO: (1, self._heap_info),
        }

    @cached_property
    def _plain(self) -> dict[int, Callable[[GuestView, int], int]]:
        """Operations that take x1 itself."""
        op, services = Operation, self._services
        return {
            op.CLOCK: lambda *_: services.now() * CENTISECONDS // CNTFRQ,
            op.TIME: lambda *_: EPOCH + services.now() // CNTFRQ,
            op.ERRNO: lambda *_: self._errno,
            op.GET_CMDLINE: self._command_line,
            op.ELAPSED: self._elapsed,
            op.TICKFREQ: lambda *_: CNTFRQ,
        }

    def close(self) -> None:
        """Closes every file that the guest has open."""
        self._files.close_all()

    def on_halt(self, pe: PE, immediate: int) -> bool:
        """Serves a HLT; False if it is no semihosting call, and so undefined."""
        if immediate != HLT_IMMEDIATE:
            return False
        operation, parameter = pe.x[0] & MASK32, pe.x[1]
        view = GuestView(pe, self._services.memory)
        if operation in (Operation.EXIT, Operation.EXIT_EXTENDED):
            self._exit(pe, view, parameter)
        elif operation == Operation.WRITEC:
            self._services.write(pe, view.read(parameter, 1))
        elif operation == Operation.WRITE0:
            self._services.write(pe, view.text(parameter, LONGEST_TRANSFER))
        elif operation == Operation.READC:
            character = self._services.read(1, wait=True)
            pe.x[0] = character[0] if character else FAILED
        else:
            pe.x[0] = self._call(view, operation, parameter) & MASK64
        pe.advance()
        return True

    def _exit(self, pe: PE, view: GuestView, block: int) -> None:
        """Ends the run. In AArch64 both exits take a block of two fields: a reason and its subcode."""
        fields = view.words(block, 2)
        good = fields is not None and fields[0] == APPLICATION_EXIT
        self._services.exit(pe, fields[1] & MASK32 if good and fields is not None else 1)

    def _call(self, view: GuestView, operation: int, parameter: int) -> int:
        try:
            if operation in self._plain:
                return self._plain[operation](view, parameter)
            if operation not in self._blocks:
                raise OSError(errno.ENOSYS, "")
            count, serve = self._blocks[operation]
            block = view.words(parameter, count)
            if block is None:
                raise OSError(errno.EFAULT, "")
            return serve(view, *block)
        except OSError as error:
            self._errno = error.errno or errno.EIO
            return -1

    # Files

    def _name(self, view: GuestView, address: int, size: int) -> bytes:
        name = view.read(address, min(size, LONGEST_NAME))
        if len(name) < size:
            raise OSError(errno.EFAULT, "")
        return name

    def _open(self, view: GuestView, name: int, mode: int, size: int) -> int:
        return self._files.open(self._name(view, name, size), mode)

    def _close(self, _view: GuestView, number: int) -> int:
        self._files.close(number)
        return 0

    def _write(self, view: GuestView, number: int, address: int, size: int) -> int:
        """Serves SYS_WRITE: returns how many bytes were *not* written."""
        handle = self._files.get(number)
        if handle is Stream.IN:
            raise OSError(errno.EBADF, "")
        data = view.read(address, min(size, LONGEST_TRANSFER))
        if handle is Stream.OUT:
            self._services.write(view.pe, data)
            return size - len(data)
        try:
            return size - self._files.write(number, data)
        except OSError as error:
            self._errno = error.errno or errno.EIO
            return size

    def _read(self, view: GuestView, number: int, address: int, size: int) -> int:
        """Serves SYS_READ: returns how many bytes were *not* filled; all of them at the end of the file."""
        handle = self._files.get(number)
        if handle is Stream.OUT:
            raise OSError(errno.EBADF, "")
        pieces = list(view.pieces(address, min(size, LONGEST_TRANSFER), write=True))
        room = sum(length for _, length in pieces)
        if not room:
            return size
        data = self._services.read(room, wait=True) if handle is Stream.IN else self._files.read(number, room)
        view.scatter(pieces, data)
        return size - len(data)

    def _seek(self, _view: GuestView, number: int, position: int) -> int:
        self._files.seek(number, position)
        return 0

    def _temporary_name(self, view: GuestView, buffer: int, number: int, size: int) -> int:
        """Serves SYS_TMPNAM: the same name for the same number."""
        if number > 0xFF:
            raise OSError(errno.EINVAL, "")
        return self._put(view, buffer, b"semihosting-%03d.tmp\0" % number, size)

    def _put(self, view: GuestView, buffer: int, text: bytes, size: int) -> int:
        if len(text) > size:
            raise OSError(errno.ERANGE, "")
        if view.write(buffer, text) < len(text):
            raise OSError(errno.EFAULT, "")
        return 0

    def _remove(self, view: GuestView, name: int, size: int) -> int:
        self._files.remove(self._name(view, name, size))
        return 0

    def _rename(self, view: GuestView, old: int, old_size: int, new: int, new_size: int) -> int:
        self._files.rename(self._name(view, old, old_size), self._name(view, new, new_size))
        return 0

    def _refuse(self, _view: GuestView, *_block: int) -> int:
        raise OSError(errno.EPERM, "")  # SYS_SYSTEM: no guest runs a command of the host

    # The machine

    def _command_line(self, view: GuestView, block: int) -> int:
        """Serves SYS_GET_CMDLINE: buffer and its size in the block; the text's length goes back into it."""
        fields = view.words(block, 2)
        if fields is None:
            raise OSError(errno.EFAULT, "")
        text = guest_bytes("command line", self._services.command_line)
        self._put(view, fields[0], text + b"\0", fields[1])
        return self._put(view, block + 8, len(text).to_bytes(8, "little"), 8)

    def _heap_info(self, view: GuestView, buffer: int) -> int:
        """Serves SYS_HEAPINFO: heap and stack share the largest free part of RAM, as in QEMU."""
        low, high = self._services.free_memory
        fields = b"".join(value.to_bytes(8, "little") for value in (low, high, high, low))
        return self._put(view, buffer, fields, len(fields))

    def _elapsed(self, view: GuestView, buffer: int) -> int:
        return self._put(view, buffer, self._services.now().to_bytes(8, "little"), 8)
