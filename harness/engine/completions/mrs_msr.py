# SPDX-License-Identifier: MIT
"""MRS and MSR (register), which Unicorn must not serve alone: it knows host time, and no registers of ours.

A callback gets (register, uc_arm64_cp_reg) and returns 1 if it has served the instruction, 0 for Unicorn to.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property, partial
from typing import Final, Generic

from harness.arch import hyp, pstate
from harness.arch.masks import MASK64
from harness.arch.sysreg import NAMES_TO_ENCODINGS, SysregEncoding, kept
from harness.engine.breakpoints import Breakpoints
from harness.engine.completions.cycle_counter import CycleCounter
from harness.engine.completions.event_counters import event_type
from harness.engine.completions.implementation_defined import CBAR_EL1, PERIPHBASE
from harness.engine.completions.performance_monitors import EVENT_TYPES, PerformanceMonitors
from harness.engine.completions.served import (
    NUMBERS,
    Hooked,
    Serve,
    answer,
    by_key,
    hooked_registers,
    key,
    key_at,
    written,
)
from harness.engine.completions.stage1_controls import SUBSTITUTED, Stage1Controls
from harness.engine.completions.timer_registers import TIMERS, el0_permission
from harness.engine.completions.translation_checks import TranslationChecks
from harness.engine.completions.undefined import CpuT, ServedRegisters
from harness.engine.completions.watchpoints import Watchpoints
from harness.engine.emulator import binding as uc
from harness.engine.slices import BlockPosition

# Fields that tell of what a guest does not have: hidden, and what reads there instead.
_ID_FIELDS = {
    "ID_AA64PFR0_EL1": (0xF_00FF_FFFF, 0x0011),  # SVE, FP16, EL3, EL2 none; EL1, EL0 in AArch64 only
    "ID_AA64MMFR1_EL1": (0x0F00, 0),  # VH: of EL2
    "ID_AA64ISAR0_EL1": (0xF << 60 | 0xF << 48, 0),  # RNDR: of the host; FHM: see half_precision.py
    "ID_PFR1_EL1": (0xF0F0, 0),  # Virtualization, Security
    "ID_DFR0_EL1": (0x00F0, 0),  # CopSDbg
    "PMCEID0_EL0": (1 << 0x11, 0),  # CPU_CYCLES: see cycle_counter.py
    "OSDLR_EL1": (MASK64, 0),  # Unicorn leaves Xt as it was
}
_READ, _WRITE = 0, 1

_HOOKED: Final[dict[bool, Hooked]] = {}  # the same for all PEs, but that only some have RNDR


class MrsMsrHooks(Generic[CpuT]):
    """Hooks on MRS and MSR (register) of one PE; `served` has the timer registers."""

    def __init__(
        self,
        pe: CpuT,
        served: ServedRegisters[CpuT],
        *,
        cycles: CycleCounter,
        checks: TranslationChecks,
        breakpoints: Breakpoints,
        stage1: Stage1Controls,
        watchpoints: Watchpoints,
    ) -> None:
        self._pe, self._served, self._stage1 = pe, served, stage1
        self._cycles, self._checks, self._breakpoints = cycles, checks, breakpoints
        self._watchpoints = watchpoints
        self._monitors = PerformanceMonitors(pe, cycles)
        self._has_random = pe.sysreg["ID_AA64ISAR0_EL1"] >> 60 != 0
        hooked = _HOOKED.get(self._has_random)
        if hooked is None:
            hooked = _HOOKED[self._has_random] = hooked_registers(self._reads, self._writes)
        checks.served_reads = hooked.mrs
        read, write = self._make_sysreg(lambda: self._reads), self._make_sysreg(lambda: self._writes)
        status = pe.registers.hook_registers(read, hooked.reads, write, hooked.writes)
        uc.check(status, "uc_hook_add")

    # What the host asks for, between two instructions.

    def mrs(self, name: str) -> int:
        """Returns what MRS at EL1 gives; no timer register, which the machine serves."""
        if name == "PMCCNTR_EL0":
            return self._cycles.value
        if name == "MDCCSR_EL0":  # which Unicorn does not have: see UndefinedInstructions
            return 0
        if name == "NZCV":  # Unicorn keeps the flags apart from the register
            return self._pe.pstate & pstate.CONDITIONS
        held = self._stage1.held(name)
        if held is not None:
            return held
        hidden, instead = _ID_FIELDS.get(name, (0, 0))
        return self._pe.sysreg[name] & ~hidden | instead

    def msr(self, name: str, value: int) -> None:
        """Does what MSR at EL1 does; no timer register."""
        pe = self._pe
        if name == "NZCV":
            pe.pstate = pe.pstate & ~pstate.CONDITIONS | value & pstate.CONDITIONS
        elif name == "PMCCNTR_EL0":
            self._cycles.write(value)
        elif name.startswith(EVENT_TYPES):
            pe.sysreg[name] = event_type(value)
        else:
            if name == "PMCR_EL0":
                self._cycles.control(value)
            pe.sysreg[name] = value
            if name.startswith("PMC"):
                self._cycles.follow()
            elif name == "SPSR_EL1":
                self._checks.spsr_written(value)

    # What the guest executes.

    def _make_sysreg(self, table: Callable[[], dict[bytes, Serve]]) -> Callable[[int, int, int, int], int]:
        pe = self._pe
        served: dict[bytes, Serve] | None = None  # made when the guest first executes one

        def instruction(_handle: int, register: int, cp: int, _user: int) -> int:
            nonlocal served
            if served is None:
                served = table()
            serve = served.get(key_at(cp).raw)
            if serve is None:
                return 0
            pe.position = BlockPosition.INSTRUCTION
            try:
                return serve(register, cp)
            except BaseException as error:
                pe.fail(error)
                return 1
            finally:
                pe.position = BlockPosition.BETWEEN

        return instruction

    @cached_property  # many a guest uses none of them
    def _reads(self) -> dict[bytes, Serve]:
        timers = {each: self._reads_timer(encoding) for each, encoding in TIMERS.items()}
        identity = {key(NAMES_TO_ENCODINGS[name]): partial(self._read_id, name) for name in _ID_FIELDS}
        others: dict[str, Serve] = {name: partial(self._read_held, name) for name in SUBSTITUTED}
        if self._has_random:
            others |= {"RNDR": self._no_register, "RNDRRS": self._no_register}
        return {
            **timers,
            **identity,
            **by_key(others),
            **self._monitors.reads(),
            key(CBAR_EL1): self._read_cbar,
        }

    @cached_property
    def _writes(self) -> dict[bytes, Serve]:
        timers = {each: self._writes_timer(encoding) for each, encoding in TIMERS.items()}
        noted: dict[str, Serve] = {
            "VBAR_EL1": self._vbar,
            "SPSR_EL1": self._spsr,
            "CPACR_EL1": self._cpacr,
            "SCTLR_EL1": self._sctlr,
            **self._watchpoints.writes(),
            "MDSCR_EL1": self._mdscr,
            **{name: partial(self._translation, name) for name in SUBSTITUTED},
        }
        of_el1 = {name: self._at_el1(serve) for name, serve in noted.items()}
        return {**timers, **by_key(of_el1), **self._monitors.writes()}

    def _at_el1(self, serve: Serve) -> Serve:
        """Leaves to Unicorn what is undefined at EL0: there nothing is written."""
        registers = self._pe.registers
        return lambda register, cp: serve(register, cp) if registers.level else 0

    def _handler(self, encoding: SysregEncoding, n: int) -> Callable[..., object] | None:
        """Returns the handler to call, or None to leave it to Unicorn (which traps at EL0 if CNTKCTL says so)."""
        pe = self._pe
        pair = self._served.get(encoding)
        if pair is None or (n and encoding.crm == 0):  # CNTFRQ, CNTPCT, CNTVCT: read-only to EL1
            return None
        if pe.el == 0 and not pe.sysreg["CNTKCTL_EL1"] & el0_permission(encoding):
            return None
        if pair[n] is None:
            pe.defer(pe.inject_undefined_before)
            return _nothing
        return pair[n]

    def _reads_timer(self, encoding: SysregEncoding) -> Serve:
        """Serves as :meth:`_handler`, in the fewest steps: a guest that waits reads a counter all the time."""
        pe, served, registers, x = self._pe, self._served, self._pe.registers, self._pe.x

        def read_timer(register: int, _cp: int) -> int:
            read = served[encoding][0] if encoding in served and registers.level else None
            if read is None:
                return self._read_timer(encoding, register)
            n = NUMBERS.get(register)
            if n is not None:
                x[n] = read(pe)
            return 1

        return read_timer

    def _read_timer(self, encoding: SysregEncoding, register: int) -> int:
        handler = self._handler(encoding, _READ)
        if handler is None:
            return 0
        answer(self._pe, register, handler(self._pe))
        return 1

    def _writes_timer(self, encoding: SysregEncoding) -> Serve:
        """Serves as :meth:`_handler`, in the fewest steps, which an interrupt of a timer takes twice."""
        pe, served, registers = self._pe, self._served, self._pe.registers

        def write_timer(register: int, cp: int) -> int:
            write = served[encoding][1] if encoding in served and registers.level else None
            if write is None:
                return self._write_timer(encoding, register, cp)
            write(pe, written(cp))
            return 1

        return write_timer

    def _write_timer(self, encoding: SysregEncoding, _register: int, cp: int) -> int:
        handler = self._handler(encoding, _WRITE)
        if handler is None:
            return 0
        handler(self._pe, written(cp))
        return 1

    def _read_id(self, name: str, register: int, _cp: int) -> int:
        pe = self._pe
        if pe.registers.level == 0:
            return 0
        answer(self._pe, register, self.mrs(name))
        return 1

    def _read_cbar(self, register: int, _cp: int) -> int:
        if self._pe.registers.level == 0:
            return 0
        answer(self._pe, register, PERIPHBASE)
        return 1

    def _no_register(self, _register: int, _cp: int) -> int:
        """Refuses what would answer by the host's chance; no identification register says that it is there."""
        self._pe.defer(self._pe.inject_undefined_before)
        return 1

    # Registers that Unicorn writes, and somebody here must know of.

    def _vbar(self, _register: int, cp: int) -> int:
        value = written(cp)
        if kept("VBAR_EL1", value) == value and self._breakpoints.on_virq is None:
            return 0
        self._pe.sysreg["VBAR_EL1"] = value
        return 1

    def _spsr(self, _register: int, cp: int) -> int:
        self._checks.spsr_written(written(cp))
        return 0

    def _cpacr(self, _register: int, _cp: int) -> int:
        self._pe.defer(self._checks.access_control_written)
        return 0

    def _mdscr(self, _register: int, _cp: int) -> int:
        self._pe.defer(self._checks.debug_control_written)
        self._pe.defer(self._watchpoints.follow)
        return 0

    def _sctlr(self, register: int, cp: int) -> int:
        self._pe.big_endian = written(cp) & hyp.SCTLR_BIG_ENDIAN
        return self._translation("SCTLR_EL1", register, cp)

    def _translation(self, name: str, _register: int, cp: int) -> int:
        if self._stage1.concerns(name, written(cp)):
            self._pe.defer(self._stage1.follow)
        self._watchpoints.translation_written()
        return 0

    def _read_held(self, name: str, register: int, _cp: int) -> int:
        held = self._stage1.held(name)
        if held is None or self._pe.registers.level == 0:
            return 0
        answer(self._pe, register, held)
        return 1


def _nothing(*_arguments: object) -> None:
    return None
