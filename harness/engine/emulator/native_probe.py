# SPDX-License-Identifier: MIT
"""Parts of Unicorn that the C core uses beside its functions: looked for on a scratch instance, and tried there.

``do_interrupt`` of the CPU's class enters an exception as the architecture has it. ``cflags_next_tb`` lets one
block have exactly so many instructions. NZCV lie in four words of their own, which do_interrupt clears.
"""

from __future__ import annotations

import ctypes
import itertools
import os
import struct
from collections.abc import Callable
from contextlib import suppress
from typing import Any, BinaryIO, Final, NamedTuple

from harness.arch import pstate, vectors
from harness.engine.emulator import binding as uc

_NEXT_BLOCK: Final = 0x18  # of CPUState, in Unicorn 2.1.4: a candidate
_NONE: Final = 0xFFFF_FFFF
_SPAN: Final = 1 << 17  # bytes of the CPU object that are searched
_DO_INTERRUPT: Final = 2  # index in CPUClass
_FLAGS_SPAN: Final = 0x400
_VBAR: Final = 0x5800


class NativeLayout(NamedTuple):
    """Address of do_interrupt, and offsets of the flags in CPUARMState and of cflags_next_tb in CPUState."""

    do_interrupt: int
    flags: int
    next_block: int


class Scratch(NamedTuple):
    """Scratch instance at EL1h: its parts, an SVC at `svc`, four NOPs or more at `nops`."""

    handle: int
    cpu: int
    env: int
    svc: int
    nops: int
    write: Callable[[str, int], None]
    read: Callable[[str], int]


def find(scratch: Scratch, memory: BinaryIO) -> NativeLayout | None:
    """Returns where the parts are, if each of them does what it should; `memory` is this process's own."""
    flags = _find_flags(scratch, memory)
    if flags is None or not _cuts_blocks(scratch, memory):
        return None
    function = _do_interrupt(scratch, memory)
    if function is None or not _enters_el1(scratch, function):
        return None
    return NativeLayout(function, flags, _NEXT_BLOCK)


def _register(handle: int, register: int, value: int | None = None) -> int:
    """Reads a register, or writes it."""
    word = ctypes.c_uint64(value or 0)
    function = uc.reg_read if value is None else uc.reg_write
    uc.check(function(handle, register, ctypes.byref(word)), "probe")
    return word.value


def _find_flags(scratch: Scratch, memory: BinaryIO) -> int | None:
    """Returns the offset of CF, VF, NF and ZF, as each value of PSTATE leaves them."""
    found: set[int] | None = None
    old = _register(scratch.handle, uc.REG_PSTATE)
    for conditions in range(16):
        value = old & ~pstate.CONDITIONS | conditions << 28
        _register(scratch.handle, uc.REG_PSTATE, value)
        words = (conditions >> 1 & 1, (conditions & 1) << 31, value, 0 if conditions & 4 else 1 << 30)
        state, wanted = _bytes(memory, scratch.env, _FLAGS_SPAN), struct.pack("<4I", *words)
        here = {at for at in range(0, _FLAGS_SPAN - 16, 4) if state[at : at + 16] == wanted}
        found = here if found is None else found & here
    _register(scratch.handle, uc.REG_PSTATE, old)
    return found.pop() if found and len(found) == 1 else None


def _cuts_blocks(scratch: Scratch, memory: BinaryIO) -> bool:
    """Says whether a number in cflags_next_tb makes the next block that long, and is gone then."""
    sizes: list[int] = []

    def hook(handle: int, _pc: int, size: int, _user: int) -> None:
        sizes.append(size)
        uc.emu_stop(handle)

    callback = uc.CodeHook(hook)
    installed = uc.hook_add(scratch.handle, uc.HOOK_BLOCK, callback)
    at = scratch.cpu + _NEXT_BLOCK
    try:
        for count in (3, 1, 2):
            if int.from_bytes(_bytes(memory, at, 4), "little") != _NONE:
                return False
            ctypes.c_uint32.from_address(at).value = count
            uc.check(uc.emu_start(scratch.handle, scratch.nops, uc.FOREVER, 0, 0), "probe")
        return sizes == [12, 4, 8]
    finally:
        uc.hook_del(scratch.handle, installed)


def _do_interrupt(scratch: Scratch, memory: BinaryIO) -> int | None:
    """Returns what should be do_interrupt: in CPUState the class follows the handle, and this is a function in it.

    The first such place counts: behind the object there may be anything.
    """
    state = struct.unpack(f"<{_SPAN // 8}Q", _bytes(memory, scratch.cpu, _SPAN, some=True))
    code = _code(uc.emu_start)
    for word, following in itertools.pairwise(state):
        if word == scratch.handle:
            with suppress(OSError, OverflowError):
                function = int.from_bytes(_bytes(memory, following + 8 * _DO_INTERRUPT, 8), "little")
                if function in code:
                    return function
    return None


def _code(function: Any) -> range:
    """Returns the addresses of the code that a function of Unicorn is in."""
    address = ctypes.cast(function, ctypes.c_void_p).value or 0
    with open("/proc/self/maps") as maps:
        for line in maps:
            span, rights = line.split()[:2]
            begin, end = (int(each, 16) for each in span.split("-"))
            if begin <= address < end and "x" in rights:
                return range(begin, end)
    return range(0)


def _enters_el1(scratch: Scratch, function: int) -> bool:
    """Tries it on an SVC: PC and the registers of EL1 become those of AArch64.TakeException."""
    taken: list[tuple[int, int, int]] = []
    enter = ctypes.CFUNCTYPE(None, ctypes.c_void_p)(function)

    def hook(handle: int, _number: int, _user: int) -> None:
        enter(scratch.cpu)
        pc, now = _register(handle, uc.REG_PC), _register(handle, uc.REG_PSTATE)
        taken.append((pc, now & ~pstate.CONDITIONS, scratch.read("ELR_EL1")))
        uc.emu_stop(handle)

    scratch.write("VBAR_EL1", _VBAR)
    before = _register(scratch.handle, uc.REG_PSTATE)
    callback = uc.IntrHook(hook)
    installed = uc.hook_add(scratch.handle, uc.HOOK_INTR, callback)
    uc.check(uc.emu_start(scratch.handle, scratch.svc, uc.FOREVER, 0, 0), "probe")
    uc.hook_del(scratch.handle, installed)
    vector = _VBAR + vectors.source(before) + vectors.Kind.SYNCHRONOUS
    wanted = [(vector, pstate.RESET, scratch.svc + 4)]
    return taken == wanted and scratch.read("SPSR_EL1") == before and scratch.read("ESR_EL1") >> 26 == 0x15


def _bytes(memory: BinaryIO, address: int, n: int, *, some: bool = False) -> bytes:
    """Reads memory of this process through the kernel; with `some`, zeros stand for what cannot be read."""
    data = os.pread(memory.fileno(), n, address)
    if len(data) != n and not some:
        raise OSError("unreadable")
    return data.ljust(n, b"\0")
