# SPDX-License-Identifier: MIT
"""Generic Timers of all CPUs: their registers, at the present time, for the guest's own MRS and MSR and for EL2."""

from __future__ import annotations

from harness.arch import sysreg
from harness.arch.masks import MASK64
from harness.board.board import Board
from harness.board.clock import Clock
from harness.devices import TimerRegister
from harness.engine import PE

# Registers the guest owns outright, beside the counters: the PE serves them without an exit (CNTHCTL_EL2 cannot
# trap the virtual timer, and lets CNTPCT through; Unicorn itself keeps CNTKCTL_EL1).
VIRTUAL_TIMER = (
    TimerRegister.CNTV_CTL_EL0,
    TimerRegister.CNTV_CVAL_EL0,
    TimerRegister.CNTV_TVAL_EL0,
    TimerRegister.CNTFRQ_EL0,
)
PHYSICAL_TIMER = (TimerRegister.CNTP_CTL_EL0, TimerRegister.CNTP_CVAL_EL0, TimerRegister.CNTP_TVAL_EL0)


class Timers:
    """Registers of every CPU's timers, at the present time."""

    def __init__(self, board: Board, clock: Clock, pes: list[PE]) -> None:
        self._timers = board.timers
        self._clock = clock
        self._pes = pes
        for pe in pes:
            for register in VIRTUAL_TIMER:
                self._serve(pe, register)
            self._serve_counters(pe)

    def grant_physical_timer(self) -> None:
        """Lets the guests use CNTP_* without a trap."""
        for pe in self._pes:
            for register in PHYSICAL_TIMER:
                self._serve(pe, register)

    def reset(self, cpu: int) -> None:
        """Turns the timers of a CPU off, which comes out of reset."""
        self._timers[cpu].reset()

    def read(self, cpu: int, name: str) -> int:
        """Performs an MRS of a register of the CPU's timers, by its manual name."""
        return self._timers[cpu].read(TimerRegister(name), self._clock.now())

    def write(self, cpu: int, name: str, value: int) -> None:
        """Performs an MSR: the timer's output and what it does next follow at once."""
        self._timers[cpu].write(TimerRegister(name), value, self._clock.now())

    def _serve(self, pe: PE, register: TimerRegister) -> None:
        timer, now = self._timers[pe.index], self._clock.now
        encoding, read = sysreg.NAMES_TO_ENCODINGS[register.value], timer.reader(register)
        if register is TimerRegister.CNTFRQ_EL0:
            pe.on_system_register[encoding] = (lambda _pe: read(now()), None)
            return
        write = timer.writer(register)
        pe.on_system_register[encoding] = (
            lambda _pe: read(now()),
            lambda _pe, value: write(value, now()),
        )

    def _serve_counters(self, pe: PE) -> None:
        """Serves CNTPCT_EL0 and CNTVCT_EL0 in fewer steps: a guest that waits reads them again and again."""
        now, timer = self._clock.now, self._timers[pe.index]
        encodings, serve = sysreg.NAMES_TO_ENCODINGS, pe.on_system_register
        serve[encodings["CNTPCT_EL0"]] = (lambda _pe: now() & MASK64, None)
        serve[encodings["CNTVCT_EL0"]] = (lambda _pe: timer.virtual_count(now()), None)
        pe.serve_counts(timer.offset)
