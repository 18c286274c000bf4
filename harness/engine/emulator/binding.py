# SPDX-License-Identifier: MIT
"""Unicorn's C functions with prototypes of our own: a third of the wrapper's cost per call."""

from __future__ import annotations

import ctypes
import mmap
from ctypes import CFUNCTYPE, c_char_p, c_int, c_size_t, c_uint32, c_uint64, c_void_p
from typing import Any, Final

import unicorn
from unicorn import arm64_const, unicorn_const
from unicorn.unicorn_py3.unicorn import uclib as _loaded

from harness.arch.sysreg import SysregEncoding
from harness.errors import HostError

_lib: Final = ctypes.CDLL(_loaded._name)

# Exception numbers of QEMU's Arm target, as UC_HOOK_INTR reports them.
EXCP_UDEF: Final = 1
EXCP_HVC: Final = 11

HOOK_INTR: Final = unicorn_const.UC_HOOK_INTR
HOOK_INSN: Final = unicorn_const.UC_HOOK_INSN
HOOK_CODE: Final = unicorn_const.UC_HOOK_CODE
HOOK_BLOCK: Final = unicorn_const.UC_HOOK_BLOCK
HOOK_EDGE_GENERATED: Final = unicorn_const.UC_HOOK_EDGE_GENERATED
INS_MRS: Final = arm64_const.UC_ARM64_INS_MRS
INS_MSR: Final = arm64_const.UC_ARM64_INS_MSR
PROT_ALL: Final = unicorn_const.UC_PROT_ALL
PROT_EXEC: Final = unicorn_const.UC_PROT_EXEC
PROT_READ: Final = unicorn_const.UC_PROT_READ
PROT_WRITE: Final = unicorn_const.UC_PROT_WRITE
REG_PC: Final = arm64_const.UC_ARM64_REG_PC
REG_SP: Final = arm64_const.UC_ARM64_REG_SP
REG_PSTATE: Final = arm64_const.UC_ARM64_REG_PSTATE
REG_CP: Final = arm64_const.UC_ARM64_REG_CP_REG
REG_X: Final = tuple(getattr(arm64_const, f"UC_ARM64_REG_X{n}") for n in range(31))
REG_V: Final = tuple(getattr(arm64_const, f"UC_ARM64_REG_V{n}") for n in range(32))
CPU_MODELS: Final = {
    "cortex-a53": arm64_const.UC_CPU_ARM64_A53,
    "cortex-a57": arm64_const.UC_CPU_ARM64_A57,
    "cortex-a72": arm64_const.UC_CPU_ARM64_A72,
    "max": arm64_const.UC_CPU_ARM64_MAX,
}

# The translator's buffer, 1 GiB that is touched as code comes, and what an instance needs beside it.
_TRANSLATOR_ROOM: Final = (1 << 30) + (64 << 20)

FOREVER: Final = 1 << 63  # an `until` that no guest reaches; 0 would stop a guest at address 0

_WRITE: Final = unicorn_const.UC_CTL_IO_WRITE << 30
_CTL_FLUSH_TLB: Final = unicorn_const.UC_CTL_TLB_FLUSH | _WRITE
_CTL_FLUSH_TB: Final = unicorn_const.UC_CTL_TB_FLUSH | _WRITE
_CTL_REMOVE_TB: Final = unicorn_const.UC_CTL_TB_REMOVE_CACHE | _WRITE | 2 << 26
_CTL_USE_EXITS: Final = unicorn_const.UC_CTL_UC_USE_EXITS | _WRITE | 1 << 26
_CTL_CPU_MODEL: Final = unicorn_const.UC_CTL_CPU_MODEL | _WRITE | 1 << 26


class CpRegister(ctypes.Structure):
    """uc_arm64_cp_reg: a system register's encoding and its value."""

    _fields_ = (
        ("crn", c_uint32),
        ("crm", c_uint32),
        ("op0", c_uint32),
        ("op1", c_uint32),
        ("op2", c_uint32),
        ("value", c_uint64),
    )

    @classmethod
    def of(cls, encoding: SysregEncoding) -> CpRegister:
        """Returns the structure for a register, value 0."""
        op0, op1, crn, crm, op2 = encoding
        return cls(crn, crm, op0, op1, op2, 0)


IntrHook: Final = CFUNCTYPE(None, c_void_p, c_uint32, c_void_p)
InsnHook: Final = CFUNCTYPE(c_uint32, c_void_p, c_uint32, c_void_p, c_void_p)
CodeHook: Final = CFUNCTYPE(None, c_void_p, c_uint64, c_uint32, c_void_p)
# uc_tb of the block and of the one before it: {uint64 pc; uint16 instructions, bytes}.
EdgeHook: Final = CFUNCTYPE(None, c_void_p, c_void_p, c_void_p, c_void_p)


def _prototype(name: str, *arguments: Any, result: Any = c_int) -> Any:
    function = getattr(_lib, name)
    function.argtypes = arguments
    function.restype = result
    return function


_open: Final = _prototype("uc_open", c_int, c_int, c_void_p)
close: Final = _prototype("uc_close", c_void_p)
emu_start: Final = _prototype("uc_emu_start", c_void_p, c_uint64, c_uint64, c_uint64, c_size_t)
emu_stop: Final = _prototype("uc_emu_stop", c_void_p)
reg_read: Final = _prototype("uc_reg_read", c_void_p, c_int, c_void_p)
reg_write: Final = _prototype("uc_reg_write", c_void_p, c_int, c_void_p)
hook_del: Final = _prototype("uc_hook_del", c_void_p, c_size_t)
context_size: Final = _prototype("uc_context_size", c_void_p, result=c_size_t)
context_alloc: Final = _prototype("uc_context_alloc", c_void_p, c_void_p)
context_save: Final = _prototype("uc_context_save", c_void_p, c_void_p)
context_restore: Final = _prototype("uc_context_restore", c_void_p, c_void_p)
context_free: Final = _prototype("uc_context_free", c_void_p)
mem_map_ptr: Final = _prototype("uc_mem_map_ptr", c_void_p, c_uint64, c_size_t, c_uint32, c_void_p)
vmem_translate: Final = _prototype("uc_vmem_translate", c_void_p, c_uint64, c_int, c_void_p)
_strerror: Final = _prototype("uc_strerror", c_int, result=c_char_p)
# Variadic in C: no argtypes for the rest, so each caller passes ctypes values of the right width.
hook_add_function: Final = _lib.uc_hook_add
_ctl: Final = _lib.uc_ctl


class UnicornError(RuntimeError):
    """Refusal of Unicorn that should not have been: a bug of this project or of Unicorn."""


def check(status: int, what: str) -> None:
    """Raises :class:`UnicornError` unless the status is UC_ERR_OK."""
    if status:
        raise UnicornError(f"{what}: {_strerror(status).decode()} (Unicorn {unicorn.__version__})")


def open_instance(model: str) -> int:
    """Makes an AArch64 instance of a CPU model; returns the handle to give to every other function."""
    _check_room()
    handle = c_void_p()
    check(_open(unicorn_const.UC_ARCH_ARM64, unicorn_const.UC_MODE_ARM, ctypes.byref(handle)), "uc_open")
    assert handle.value is not None
    status = _ctl(handle, c_uint32(_CTL_CPU_MODEL), c_int(CPU_MODELS[model]))
    if status:
        close(handle)
    check(status, f"CPU model {model}")
    return handle.value


def _check_room() -> None:
    """Raises HostError where Unicorn, which ends the process then, could not have its translator's buffer."""
    protection = mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC
    flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS
    try:
        mmap.mmap(-1, _TRANSLATOR_ROOM, flags=flags, prot=protection).close()
    except OSError as error:
        raise HostError(
            f"this computer cannot give the emulator of a CPU {_TRANSLATOR_ROOM >> 20:,} MiB of address space"
            f" ({(error.strerror or str(error)).lower()}): allow more (ulimit -v), or ask for fewer (cpus)"
        ) from None


def forget_until(handle: int) -> None:
    """Lets no address end a run; else each run ends by looking for code at `until`, which faults (0.3 us)."""
    check(_ctl(c_void_p(handle), c_uint32(_CTL_USE_EXITS), c_int(1)), "no `until`")


def flush_tlb(handle: int) -> None:
    """Forgets every cached translation of addresses (about 3 us)."""
    check(_ctl(c_void_p(handle), c_uint32(_CTL_FLUSH_TLB)), "TLB flush")


def flush_code(handle: int) -> None:
    """Forgets every translated block (about 23 us). Not from inside one: only from an interrupt hook."""
    check(_ctl(c_void_p(handle), c_uint32(_CTL_FLUSH_TB)), "translation flush")


def remove_code(handle: int, begin: int, end: int) -> None:
    """Forgets the blocks translated from these addresses of one page, virtual ones, where it may execute."""
    status = _ctl(c_void_p(handle), c_uint32(_CTL_REMOVE_TB), c_uint64(begin), c_uint64(end))
    check(status, "translation removal")


def hook_add(
    handle: int,
    kind: int,
    callback: Any,
    begin: int = 1,
    end: int = 0,
    insn: int = 0,
    user: int | None = None,
) -> int:
    """Installs a raw callback for pc in begin..end (all of them by default); the caller keeps it alive.

    ``user`` is the address that it is called with, last.
    """
    hook = c_size_t()
    status = hook_add_function(
        c_void_p(handle),
        ctypes.byref(hook),
        c_int(kind),
        callback,
        c_void_p(user),
        c_uint64(begin),
        c_uint64(end),
        c_int(insn),
    )
    check(status, "uc_hook_add")
    return hook.value
