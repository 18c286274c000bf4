# SPDX-License-Identifier: MIT
"""Layout of CPU state in this build of Unicorn: looked for on a scratch instance, never assumed.

The register view needs fixed offsets into two C structures; they are checked against what the public
API says, with reads that cannot fault. The exception syndrome and the exclusive monitor have no public
register at all: their places in a saved context are found by provoking them.
"""

from __future__ import annotations

import ctypes
import functools
import mmap
import os
import struct
import threading
from collections.abc import Sequence
from typing import BinaryIO, Final, NamedTuple

from harness.arch import hyp
from harness.arch.sysreg import NAMES_TO_ENCODINGS
from harness.engine.emulator import binding as uc
from harness.engine.emulator import native_probe
from harness.engine.emulator.native_probe import NativeLayout

# Offsets of the wheel of Unicorn 2.1.4: candidates, to be confirmed by the probe.
UC_CPU: Final = 0x1B8
UC_COUNTER: Final = 0x558
UC_COUNT: Final = 0x560
CPU_ENV: Final = 0x128
ENV_X: Final = 0x40
ENV_SP: Final = ENV_X + 31 * 8
ENV_PC: Final = ENV_SP + 8
ENV_PSTATE: Final = ENV_PC + 8
ENV_SPAN: Final = 0x1000  # how much of CPUARMState the view covers

# Within CPUARMState.exception, from its syndrome.
VADDRESS: Final = 8
TARGET_EL: Final = 16

_CODE: Final = 0x1000
_IMMEDIATE: Final = 0xABCD
_NOP: Final = 0xD503201F
_SVC: Final = 0xD4000001
_HVC: Final = 0xD4000002
_LDXR: Final = 0xC85F7C01  # X1 from [X0]
_CLREX: Final = 0xD5033F5F
_OPEN: Final = b"\xff" * 8  # the address of a monitor that is in the Open Access state
_probing: Final = threading.Lock()


class ViewLayout(NamedTuple):
    """Offsets in CPUARMState that were searched for."""

    exception: int
    hpfar_el2: int
    sctlr_el1: int


class Layout(NamedTuple):
    """Offsets that the probe found."""

    exception: int  # offset of CPUARMState.exception.syndrome in a context
    monitor: int  # of CPUARMState.exclusive_addr
    view: ViewLayout | None  # None if the register view cannot be trusted
    native: NativeLayout | None  # None if the C core cannot, either

    @property
    def view_exception(self) -> int | None:
        """Offset of the syndrome in CPUARMState; None without a view."""
        return None if self.view is None else self.view.exception


def environment(handle: int) -> int:
    """Returns the address of CPUARMState of an instance (only after :func:`layout` has confirmed the offsets)."""
    return ctypes.c_uint64.from_address(cpu_object(handle) + CPU_ENV).value


def cpu_object(handle: int) -> int:
    """Returns the address of an instance's ARMCPU (after :func:`layout`, as :func:`environment`)."""
    return ctypes.c_uint64.from_address(handle + UC_CPU).value


def layout() -> Layout:
    """Returns what the probe finds; it looks once per process, whichever thread asks first."""
    with _probing:
        return probe()


@functools.cache
def probe() -> Layout:
    """Looks for the layout on a scratch instance; for :func:`layout`, which lets one thread at a time do so."""
    handle = uc.open_instance("cortex-a72")
    buffer = mmap.mmap(-1, 0x1000, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    address = ctypes.addressof(ctypes.c_char.from_buffer(buffer))
    try:
        _write(handle, "SCR_EL3", hyp.SCR_RW | hyp.SCR_HCE | hyp.SCR_NS)
        _write(handle, "HCR_EL2", hyp.HCR_RW)
        uc.check(uc.mem_map_ptr(handle, _CODE, 0x1000, uc.PROT_ALL, address), "scratch memory")
        code = (_SVC | _IMMEDIATE << 5, _HVC | _IMMEDIATE << 5, *[_NOP] * 4, _LDXR, _CLREX, _NOP)
        struct.pack_into(f"<{len(code)}I", buffer, 0, *code)
        exception, monitor = _find_exception(handle), _find_monitor(handle)
        view = _find_view(handle, exception)
        return Layout(exception, monitor, view, None if view is None else _find_native(handle))
    finally:
        uc.close(handle)


def _write(handle: int, name: str, value: int) -> None:
    register = uc.CpRegister.of(NAMES_TO_ENCODINGS[name])
    register.value = value
    uc.check(uc.reg_write(handle, uc.REG_CP, ctypes.byref(register)), name)


def _read(handle: int, name: str) -> int:
    register = uc.CpRegister.of(NAMES_TO_ENCODINGS[name])
    uc.check(uc.reg_read(handle, uc.REG_CP, ctypes.byref(register)), name)
    return int(register.value)


def _places(contexts: Sequence[bytes], wanted: Sequence[bytes], alignment: int) -> list[int]:
    """Returns the aligned offsets at which each context holds what is wanted of it; the first should be rare."""
    found = []
    at = contexts[0].find(wanted[0])
    while at >= 0:
        if at % alignment == 0 and _hold(contexts, wanted, at):
            found.append(at)
        at = contexts[0].find(wanted[0], at + 1)
    return found


def _hold(contexts: Sequence[bytes], wanted: Sequence[bytes], at: int) -> bool:
    return all(context.startswith(word, at) for context, word in zip(contexts, wanted, strict=True))


def _find_exception(handle: int) -> int:
    """Returns the offset in a saved context of the syndrome that an SVC and then an HVC leave there."""
    saved: list[bytes] = []

    def hook(_engine: int, _number: int, _user: int) -> None:
        saved.append(context_bytes(handle))
        uc.emu_stop(handle)

    callback = uc.IntrHook(hook)
    installed = uc.hook_add(handle, uc.HOOK_INTR, callback)
    for pc in (_CODE, _CODE + 4):
        uc.check(uc.emu_start(handle, pc, uc.FOREVER, 0, 0), "probe")
    uc.hook_del(handle, installed)
    wanted = [struct.pack("<I", syndrome | _IMMEDIATE) for syndrome in (0x5600_0000, 0x5A00_0000)]
    levels = [struct.pack("<I", level) for level in (1, 2)]
    at = _places(saved, wanted, 4)
    found = [offset for offset in at if _hold(saved, levels, offset + TARGET_EL)]
    if len(found) != 1:
        raise uc.UnicornError(f"cannot find the exception syndrome in the CPU state: {found}")
    return found[0]


def _find_monitor(handle: int) -> int:
    """Returns the offset in a saved context of the exclusive monitor's address: of what LDXR reads, until CLREX."""
    address = ctypes.c_uint64(_CODE)
    uc.check(uc.reg_write(handle, uc.REG_X[0], ctypes.byref(address)), "probe")
    saved = [context_bytes(handle)]
    for pc in (_CODE + 24, _CODE + 28):
        uc.check(uc.emu_start(handle, pc, uc.FOREVER, 0, 1), "probe")
        saved.append(context_bytes(handle))
    before, armed, after = saved
    found = _places([armed, before, after], [struct.pack("<Q", _CODE), _OPEN, _OPEN], 8)
    if len(found) != 1:
        raise uc.UnicornError(f"cannot find the exclusive monitor in the CPU state: {found}")
    return found[0]


def monitor_armed(handle: int) -> bool:
    """Says whether the exclusive monitor is in the Exclusive Access state (DDI 0487, B2.9)."""
    at = layout().monitor
    return context_bytes(handle)[at : at + 8] != _OPEN


def context_bytes(handle: int) -> bytes:
    """Returns a saved context as bytes."""
    context = ctypes.c_void_p()
    uc.check(uc.context_alloc(handle, ctypes.byref(context)), "uc_context_alloc")
    try:
        uc.check(uc.context_save(handle, context), "uc_context_save")
        return ctypes.string_at(context.value or 0, uc.context_size(handle))
    finally:
        uc.context_free(context)


def _find_register(handle: int, name: str, values: tuple[int, int]) -> int:
    """Returns the offset in a context of a system register, which alone shows both values; -1 if there is none."""
    contexts = []
    for value in values:
        _write(handle, name, value)
        contexts.append(context_bytes(handle))
    found = _places(contexts, [struct.pack("<Q", value) for value in values], 8)
    return found[0] if len(found) == 1 else -1


def _find_view(handle: int, exception: int) -> ViewLayout | None:
    """Returns the layout of CPUARMState if every offset holds against the public API; else None."""
    hpfar = _find_register(handle, "HPFAR_EL2", (0x12_3456_7890, 0x23_4567_8910))
    sctlr = _find_register(handle, "SCTLR_EL1", (0x30D0_0802, 0x30D0_0800))
    magic = {reg: 0x1122_3344_5566_0000 + n for n, reg in enumerate((*uc.REG_X, uc.REG_SP))}
    for reg, value in magic.items():
        word = ctypes.c_uint64(value)
        uc.check(uc.reg_write(handle, reg, ctypes.byref(word)), "probe")
    pstate = ctypes.c_uint64()
    uc.check(uc.reg_read(handle, uc.REG_PSTATE, ctypes.byref(pstate)), "probe")
    try:
        with open("/proc/self/mem", "rb") as memory:
            env = _word(memory, _word(memory, handle + UC_CPU) + CPU_ENV)
            registers = struct.pack("<32Q", *magic.values())
            good = _bytes(memory, env + ENV_X, len(registers)) == registers
            good = good and _word(memory, env + ENV_PSTATE) & 0xF == pstate.value & 0xF
            good = good and _counter_works(handle, env, memory)
            # A context is a copy of CPUARMState behind a header: where the registers are says how long.
            context = context_bytes(handle)
            header = context.find(registers) - ENV_X
            view = ViewLayout(exception - header, hpfar - header, sctlr - header)
            for offset in view:
                good = good and 0 < offset < ENV_SPAN - 24 and offset % 8 == 0
                good = good and _bytes(memory, env + offset, 8) == context[offset + header :][:8]
            return view if good else None
    except (OSError, OverflowError):
        return None


def _find_native(handle: int) -> NativeLayout | None:
    """Returns what the C core needs, if it holds."""
    scratch = native_probe.Scratch(
        handle,
        cpu_object(handle),
        environment(handle),
        svc=_CODE,
        nops=_CODE + 8,
        write=functools.partial(_write, handle),
        read=functools.partial(_read, handle),
    )
    try:
        with open("/proc/self/mem", "rb") as memory:
            return native_probe.find(scratch, memory)
    except (OSError, OverflowError):
        return None


def _counter_works(handle: int, env: int, memory: BinaryIO) -> bool:
    for count in (2, 3):
        uc.check(uc.emu_start(handle, _CODE + 8, uc.FOREVER, 0, count), "probe")
        seen = (
            _word(memory, handle + UC_COUNTER),
            _word(memory, handle + UC_COUNT),
            _word(memory, env + ENV_PC),
        )
        if seen != (count + 1, count, _CODE + 8 + 4 * count):
            return False
    return True


def _bytes(memory: BinaryIO, address: int, n: int) -> bytes:
    """Reads memory of this process through the kernel: a bad address is an OSError, not a crash."""
    data = os.pread(memory.fileno(), n, address)
    if len(data) != n:
        raise OSError("unreadable")
    return data


def _word(memory: BinaryIO, address: int) -> int:
    return int.from_bytes(_bytes(memory, address, 8), "little")
