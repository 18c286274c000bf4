# SPDX-License-Identifier: MIT
"""Half-precision arithmetic (FEAT_FP16, FEAT_FHM), taken from the one CPU model that has it.

Unicorn's translator ends the process at the unallocated encodings of Advanced SIMD in half precision (C4.1.96), in
whatever memory a guest executes. Without the feature the translator does not look at them: all are UNDEFINED.
"""

from __future__ import annotations

import ctypes
import functools
import mmap
import os
import struct
import threading
from typing import Final

from harness.arch import hyp
from harness.engine.emulator import binding as uc
from harness.engine.emulator import probe
from harness.engine.emulator.system_registers import SystemRegisterFile

_MODEL: Final = "max"
_FHM: Final = 0xF << 48  # of ID_AA64ISAR0_EL1
_FP_ADVSIMD: Final = 0xFF << 16  # of ID_AA64PFR0_EL1
_NAMES: Final = ("ID_AA64ISAR0_EL1", "ID_AA64ISAR1_EL1", "ID_AA64PFR0_EL1", "ID_AA64PFR1_EL1")
_SPAN: Final = 1 << 16  # bytes of the CPU object that may hold its identification registers
_CODE: Final = 0x1000
_FABS_8H: Final = 0x4EF8_F800
_searching: Final = threading.Lock()


def hide(handle: int, model: str) -> None:
    """Takes half precision from a new instance, where the CPU model has it and its features can be found."""
    if model == _MODEL:
        with _searching:
            offset = _offset()
        if offset is not None:
            _hide(handle, offset)


def _hide(handle: int, offset: int) -> None:
    registers = (ctypes.c_uint64 * len(_NAMES)).from_address(probe.cpu_object(handle) + offset)
    registers[0] &= ~_FHM
    registers[2] &= ~_FP_ADVSIMD


@functools.cache
def _offset() -> int | None:
    """Returns where the CPU object has the registers that the translator goes by, tried on a scratch instance."""
    if probe.layout().view is None:
        return None
    handle = uc.open_instance(_MODEL)
    try:
        file = SystemRegisterFile(handle, None)
        file.write("SCR_EL3", hyp.SCR_RW | hyp.SCR_HCE | hyp.SCR_NS)
        file.write("HCR_EL2", hyp.HCR_RW)
        wanted = struct.pack(f"<{len(_NAMES)}Q", *(file.read(name) for name in _NAMES))
        with open("/proc/self/mem", "rb") as memory:
            found = os.pread(memory.fileno(), _SPAN, probe.cpu_object(handle))
        offset = found.find(wanted)
        if offset < 0 or wanted in found[offset + 8 :]:
            return None
        _hide(handle, offset)
        return offset if _is_undefined(handle, file, _FABS_8H) else None
    except OSError:
        return None
    finally:
        uc.close(handle)


def _is_undefined(handle: int, file: SystemRegisterFile, word: int) -> bool:
    """Runs one instruction; says whether it is UNDEFINED."""
    buffer = mmap.mmap(-1, 0x1000, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    struct.pack_into("<I", buffer, 0, word)
    address = ctypes.addressof(ctypes.c_char.from_buffer(buffer))
    uc.check(uc.mem_map_ptr(handle, _CODE, 0x1000, uc.PROT_ALL, address), "scratch memory")
    file.write("CPACR_EL1", 3 << 20)
    taken: list[int] = []

    def hook(_engine: int, number: int, _user: int) -> None:
        taken.append(number)
        uc.emu_stop(handle)

    callback = uc.IntrHook(hook)
    uc.hook_add(handle, uc.HOOK_INTR, callback)
    uc.check(uc.emu_start(handle, _CODE, uc.FOREVER, 0, 1), "probe")
    return taken == [uc.EXCP_UDEF]
