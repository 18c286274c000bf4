# SPDX-License-Identifier: MIT
"""Raw callbacks from Unicorn, sorted into EL2 exits, EL1 exceptions and our own business.

Unicorn swallows whatever a raw callback raises: each is kept by Core.fail() and raised by run().
"""

from __future__ import annotations

import ctypes
import struct
from collections.abc import Callable
from typing import TYPE_CHECKING

from harness.arch import esr as syndrome
from harness.arch import hyp, sysreg
from harness.arch.esr import EC
from harness.arch.sysreg import NAMES_TO_ENCODINGS, SysregEncoding
from harness.engine import _unicorn as uc
from harness.engine._core import Inside

if TYPE_CHECKING:
    from harness.engine.pe import PE

_KEY_BYTES = 20  # crn, crm, op0, op1, op2 of uc_arm64_cp_reg; its value is at 24
_VALUE = 24
_FROM_REGISTER_ID = {register: n for n, register in enumerate(uc.REG_X)}
_VBAR_EL1 = NAMES_TO_ENCODINGS["VBAR_EL1"]
_MAX_REPEATS = 64


def _key(encoding: SysregEncoding) -> bytes:
    return struct.pack("<5I", encoding.crn, encoding.crm, encoding.op0, encoding.op1, encoding.op2)


# What Unicorn knows but must not serve itself, as it would with host time (D13.11).
_TIMERS = {
    _key(encoding): encoding
    for name, encoding in NAMES_TO_ENCODINGS.items()
    if name.startswith("CNT") and name.endswith("_EL0")
}
# IC IALLUIS, IC IALLU, IC IVAU, DC CVAU: what HCR_EL2.TPU traps.
_TO_UNIFICATION = frozenset({(1, 0, 7, 1, 0), (1, 0, 7, 5, 0), (1, 3, 7, 5, 1), (1, 3, 7, 11, 1)})
_VBAR_KEY = _key(_VBAR_EL1)


def _el0_permission(encoding: SysregEncoding) -> int:
    """Bits of CNTKCTL_EL1, one of which lets EL0 use a timer register."""
    if encoding.crm == 0:
        return (
            hyp.CNTKCTL_EL0PCTEN | hyp.CNTKCTL_EL0VCTEN,
            hyp.CNTKCTL_EL0PCTEN,
            hyp.CNTKCTL_EL0VCTEN,
        )[encoding.op2]
    return hyp.CNTKCTL_EL0PTEN if encoding.crm == 2 else hyp.CNTKCTL_EL0VTEN


class Hooks:
    """The interrupt hook and the system register hooks of one PE."""

    def __init__(self, pe: PE) -> None:
        self._pe = pe
        self._interrupt = uc.IntrHook(self._make_interrupt())
        self._read = uc.InsnHook(self._make_sysreg(self._serve_read))
        self._write = uc.InsnHook(self._make_sysreg(self._serve_write))
        uc.hook_add(pe.handle, uc.HOOK_INTR, self._interrupt)
        uc.hook_add(pe.handle, uc.HOOK_INSN, self._read, insn=uc.INS_MRS)
        uc.hook_add(pe.handle, uc.HOOK_INSN, self._write, insn=uc.INS_MSR)
        self._repeats = 0
        self._repeats_at = -1

    # Exceptions.

    def _make_interrupt(self) -> Callable[[int, int, int], None]:
        pe = self._pe
        handlers, read_syndrome = pe.handlers, pe.registers.syndrome
        other, hvc, ec = self._exception, uc.EXCP_HVC, int(EC.HVC64)

        def interrupt(_handle: int, number: int, _user: int) -> None:
            try:
                if number == hvc:  # nearly all of them
                    handlers[ec](pe, read_syndrome())
                else:
                    other()
            except BaseException as error:
                pe.fail(error)

        return interrupt

    def _exception(self) -> None:
        pe = self._pe
        esr = pe.registers.syndrome()
        ec = esr >> 26
        if pe.registers.target_level() != 2:
            self._to_el1(ec, esr)
        elif ec == EC.DATA_ABORT_LOWER:
            if self._fill(esr, fetch=False):
                pe.not_retired()
            else:
                pe.handlers[ec](pe, esr)
        elif ec == EC.INSTRUCTION_ABORT_LOWER:
            if not self._fill(esr, fetch=not esr & syndrome.S1PTW):
                pe.handlers[ec](pe, esr)
        elif ec == EC.SYSREG and sysreg.parse_iss(esr).encoding in _TO_UNIFICATION:
            pe.memory.instruction_cache_maintenance()
            pe.advance()
        else:
            pe.handlers[ec](pe, esr)

    def _fill(self, esr: int, *, fetch: bool) -> bool:
        """Resolve a stage-2 fault on RAM."""
        pe = self._pe
        far = pe.registers.fault_address()
        ipa = pe.registers.fault_page() | far & 0xFFF
        if not pe.memory.is_ram(ipa):
            return False
        walk = bool(esr & syndrome.S1PTW)
        write = bool(esr & syndrome.WNR) and not walk and not fetch
        self._bound_repeats()
        same_page = not (far ^ pe.pc) & -0x1000
        return pe.memory.resolve(ipa, write=write, fetch=fetch, same_page=same_page, va=far)

    def _bound_repeats(self) -> None:
        now = self._pe.retired
        self._repeats = self._repeats + 1 if now == self._repeats_at else 0
        self._repeats_at = now
        if self._repeats > _MAX_REPEATS:
            raise RuntimeError(f"stage 2 cannot satisfy the instruction at {self._pe.pc:#x}")

    def _to_el1(self, ec: int, esr: int) -> None:
        pe = self._pe
        if ec == EC.UNKNOWN:
            self._undefined()
        elif ec == EC.SMC64:  # only with HCR_EL2.TSC cleared: there is no EL3
            pe.pc -= 4
            pe.inject_undefined()
        else:
            pe.enter_el1(esr, far=pe.registers.fault_address() if syndrome.is_abort(esr) else None)

    def _undefined(self) -> None:
        """Instructions that Unicorn does not know, some of which are ours (semihosting, system registers)."""
        pe = self._pe
        word = pe.instruction()
        if word is not None and (pe.undefined_halt(word) or pe.undefined_sysreg(word)):
            return
        pe.inject_undefined()

    # MRS and MSR (register).

    def _make_sysreg(
        self, serve: Callable[[SysregEncoding, int, int], bool]
    ) -> Callable[[int, int, int, int], int]:
        pe, timers = self._pe, _TIMERS

        def instruction(_handle: int, register: int, cp: int, _user: int) -> int:
            key = ctypes.string_at(cp, _KEY_BYTES)
            encoding = timers.get(key)
            if encoding is None:
                if key != _VBAR_KEY or serve != self._serve_write:
                    return 0
                encoding = _VBAR_EL1
            pe.inside = Inside.INSTRUCTION
            try:
                return int(serve(encoding, register, cp))
            except BaseException as error:
                pe.fail(error)
                return 1
            finally:
                pe.inside = Inside.NOTHING

        return instruction

    def _handler(self, encoding: SysregEncoding, n: int) -> Callable[..., object] | None:
        """The handler to call, or None to let Unicorn do what it does (trap at EL0 where CNTKCTL says so)."""
        pe = self._pe
        pair = pe.on_system_register.get(encoding)
        if pair is None or (n and encoding.crm == 0):  # CNTFRQ, CNTPCT, CNTVCT: read-only to EL1
            return None
        if pe.el == 0 and not pe.sysreg["CNTKCTL_EL1"] & _el0_permission(encoding):
            return None
        if pair[n] is None:
            pe.defer(pe.inject_undefined_before)
            return _nothing
        return pair[n]

    def _serve_read(self, encoding: SysregEncoding, register: int, _cp: int) -> bool:
        handler = self._handler(encoding, 0)
        if handler is None:
            return False
        value = handler(self._pe)
        n = _FROM_REGISTER_ID.get(register)
        if n is not None and isinstance(value, int):
            self._pe.x[n] = value
        return True

    def _serve_write(self, encoding: SysregEncoding, _register: int, cp: int) -> bool:
        pe = self._pe
        value = ctypes.c_uint64.from_address(cp + _VALUE).value
        if encoding is _VBAR_EL1:
            if pe.watches.on_virq is not None:
                pe.watches.vectors_moved(value)
            return False
        handler = self._handler(encoding, 1)
        if handler is None:
            return False
        handler(pe, value)
        return True


def _nothing(*_arguments: object) -> None:
    return None
