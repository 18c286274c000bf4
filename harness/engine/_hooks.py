# SPDX-License-Identifier: MIT
"""Raw callbacks from Unicorn, sorted into EL2 exits, EL1 exceptions and our own business.

Unicorn swallows whatever a raw callback raises: each is kept by Core.fail() and raised by run().
"""

from __future__ import annotations

import ctypes
import struct
from collections.abc import Callable
from ctypes import c_uint64
from functools import partial
from typing import TYPE_CHECKING

from harness.arch import esr as syndrome
from harness.arch import hyp, sysreg
from harness.arch.esr import EC
from harness.arch.sysreg import NAMES_TO_ENCODINGS, SysregEncoding
from harness.engine import _unicorn as uc
from harness.engine import deviations
from harness.engine._core import Inside
from harness.engine._walk import fault_status as walk_fault

if TYPE_CHECKING:
    from harness.engine.pe import PE

_KEY_BYTES = 20  # crn, crm, op0, op1, op2 of uc_arm64_cp_reg; its value is at 24
_VALUE = 24
_FROM_REGISTER_ID = {register: n for n, register in enumerate(uc.REG_X)}
_MAX_REPEATS = 64
_DAIF_MASK, _DAIFSET, _DAIFCLR = 0xFFFF_F0FF, 0xD503_40DF, 0xD503_40FF


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
# What names EL2 and EL3, which are not the guest's: these fields read as zero (D17.2.64, D17.2.98, D17.2.72).
_ID_FIELDS = {
    _key(NAMES_TO_ENCODINGS["ID_AA64PFR0_EL1"]): (0xFFFF, 0x0011),  # EL3, EL2 none; EL1, EL0 in AArch64 only
    _key(NAMES_TO_ENCODINGS["ID_PFR1_EL1"]): (0xF0F0, 0),  # Virtualization, Security
    _key(NAMES_TO_ENCODINGS["ID_DFR0_EL1"]): (0x00F0, 0),  # CopSDbg
}
_ID_NAMES = {_key(encoding): name for name, encoding in NAMES_TO_ENCODINGS.items()}
_READ, _WRITE = 0, 1
_Serve = Callable[[int, int], int]  # (register, uc_arm64_cp_reg) -> 1 if served, 0 for Unicorn to do it


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
        self._read = uc.InsnHook(self._make_sysreg(self._reads()))
        self._write = uc.InsnHook(self._make_sysreg(self._writes()))
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
            elif not self._stage1_failed(esr, instruction=False):
                pe.handlers[ec](pe, esr)
        elif ec == EC.INSTRUCTION_ABORT_LOWER:
            fetch = not esr & syndrome.S1PTW
            if not self._fill(esr, fetch=fetch) and not self._stage1_failed(esr, instruction=True):
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

    def _stage1_failed(self, esr: int, *, instruction: bool) -> bool:
        """Abort what stage 1 could not translate, though only stage 2 noticed: there is no RAM for its walk."""
        pe = self._pe
        far = pe.registers.fault_address()
        if not pe.registers.stage1() or not (
            esr & syndrome.S1PTW or pe.registers.fault_page() >> hyp.IPA_BITS
        ):
            return False
        status = walk_fault(far, pe.sysreg, pe.memory)
        if status is None:
            return False
        if status & 0x3C == syndrome.FSC_EXTERNAL_ON_WALK:
            pe.count_deviation(deviations.WALK_OUTSIDE_RAM)
        flags = esr & (syndrome.CM | syndrome.WNR)
        pe.inject_abort(far, status | flags, instruction=instruction)
        return True

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
        elif pe.registers.target_level() == 3 or (ec == EC.SYSREG and pe.registers.level == 1):
            pe.inject_undefined()  # there is no EL3 to trap to; and EL1 traps only what EL0 does (D1.3.6)
        elif ec == EC.SMC64:  # only with HCR_EL2.TSC cleared
            pe.pc -= 4
            pe.inject_undefined()
        else:
            pe.enter_el1(esr, far=pe.registers.fault_address() if syndrome.is_abort(esr) else None)

    def _undefined(self) -> None:
        """Instructions that Unicorn does not know, some of which are ours (semihosting, system registers)."""
        pe = self._pe
        word = pe.instruction()
        if word is None:
            pe.inject_undefined()
        elif word & _DAIF_MASK in (_DAIFSET, _DAIFCLR) and pe.el == 0:  # SCTLR_EL1.UMA is 0 (D17.2.118)
            pe.enter_el1(syndrome.make(EC.SYSREG, sysreg.trapped_instruction(word)))
        elif not (pe.undefined_halt(word) or pe.undefined_sysreg(word)):
            pe.inject_undefined()

    # MRS and MSR (register).

    def _make_sysreg(self, table: dict[bytes, _Serve]) -> Callable[[int, int, int, int], int]:
        pe = self._pe

        def instruction(_handle: int, register: int, cp: int, _user: int) -> int:
            serve = table.get(ctypes.string_at(cp, _KEY_BYTES))
            if serve is None:
                return 0
            pe.inside = Inside.INSTRUCTION
            try:
                return serve(register, cp)
            except BaseException as error:
                pe.fail(error)
                return 1
            finally:
                pe.inside = Inside.NOTHING

        return instruction

    def _reads(self) -> dict[bytes, _Serve]:
        timers = {key: partial(self._read_timer, encoding) for key, encoding in _TIMERS.items()}
        identity = {key: partial(self._read_id, key) for key in _ID_FIELDS}
        return {**timers, **identity}

    def _writes(self) -> dict[bytes, _Serve]:
        timers = {key: partial(self._write_timer, encoding) for key, encoding in _TIMERS.items()}
        noted = {"VBAR_EL1": self._vbar, "SPSR_EL1": self._spsr, "CPACR_EL1": self._cpacr}
        return {**timers, **{_key(NAMES_TO_ENCODINGS[name]): note for name, note in noted.items()}}

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

    def _read_timer(self, encoding: SysregEncoding, register: int, _cp: int) -> int:
        handler = self._handler(encoding, _READ)
        if handler is None:
            return 0
        self._answer(register, handler(self._pe))
        return 1

    def _write_timer(self, encoding: SysregEncoding, _register: int, cp: int) -> int:
        handler = self._handler(encoding, _WRITE)
        if handler is None:
            return 0
        handler(self._pe, _written(cp))
        return 1

    def _read_id(self, key: bytes, register: int, _cp: int) -> int:
        pe = self._pe
        if pe.registers.level == 0:
            return 0
        hidden, instead = _ID_FIELDS[key]
        self._answer(register, pe.sysreg[_ID_NAMES[key]] & ~hidden | instead)
        return 1

    def _answer(self, register: int, value: object) -> None:
        n = _FROM_REGISTER_ID.get(register)
        if n is not None and isinstance(value, int):
            self._pe.x[n] = value

    # Registers that Unicorn writes, and somebody here must know of.

    def _vbar(self, _register: int, cp: int) -> int:
        watches = self._pe.watches
        if watches.on_virq is not None:
            watches.vectors_moved(_written(cp))
        return 0

    def _spsr(self, _register: int, cp: int) -> int:
        self._pe.foresight.spsr_written(_written(cp))
        return 0

    def _cpacr(self, _register: int, _cp: int) -> int:
        self._pe.defer(self._pe.foresight.access_control_written)
        return 0


def _written(cp: int) -> int:
    return c_uint64.from_address(cp + _VALUE).value


def _nothing(*_arguments: object) -> None:
    return None
