# SPDX-License-Identifier: MIT
"""The machine as EL2 and the guests' timer registers see it: the bus, the wires, the timers and the time."""

from __future__ import annotations

from functools import partial
from typing import Protocol

from harness.arch import sysreg
from harness.arch.smccc import MASK64
from harness.board.board import Board
from harness.board.clock import Clock
from harness.devices import TimerRegister
from harness.el2 import Hypervisor
from harness.el2.physical.gic_driver import GicDriver
from harness.engine import PE

# Registers the guest owns outright, beside the counters: the PE serves them without an exit (CNTHCTL_EL2 cannot
# trap the virtual timer, and lets CNTPCT through; Unicorn itself keeps CNTKCTL_EL1).
GUEST_TIMER = (
    TimerRegister.CNTV_CTL_EL0,
    TimerRegister.CNTV_CVAL_EL0,
    TimerRegister.CNTV_TVAL_EL0,
    TimerRegister.CNTFRQ_EL0,
)
PHYSICAL_TIMER = (TimerRegister.CNTP_CTL_EL0, TimerRegister.CNTP_CVAL_EL0, TimerRegister.CNTP_TVAL_EL0)


class Turns(Protocol):
    """Whoever gives the vCPUs their turns."""

    def peers_started(self, pe: PE) -> None:
        """Hears that a second vCPU came on while this one runs."""
        ...


class Platform:
    """Implements EL2's view of the machine over the board.

    Every write may move a line, a deadline or a power state, so each one lets the GIC see the lines and cuts the
    running slice at the new deadline.
    """

    def __init__(self, board: Board, clock: Clock, pes: list[PE]) -> None:
        self._board = board
        self._clock = clock
        self._pes = pes
        self._scheduler: Turns | None = None
        self._hypervisor: Hypervisor | None = None
        self.now = clock.now
        for pe in pes:
            for register in GUEST_TIMER:
                self._serve(pe, register)
            self._serve_counters(pe)

    def connect(self, scheduler: Turns, hypervisor: Hypervisor) -> None:
        """Name who must hear of a second CPU, and of an interrupt raised by a timer register."""
        self._scheduler = scheduler
        self._hypervisor = hypervisor

    def irq_lines(self) -> int:
        """Bit n: nIRQ of CPU n."""
        return self._board.gic.irq

    def device_name(self, address: int) -> str:
        """The device that answers at an address."""
        region = self._board.bus.find(address)
        return region.name if region is not None else "nothing"

    def read(self, cpu: int, address: int, size: int) -> int:
        """Read a device register at the present time. A read may change lines too (UARTDR, GICC_IAR)."""
        board = self._board
        if GicDriver.owns(address):
            value = board.bus.read(cpu, address, size)
            self._gic_moved()
            return value
        board.tell_time(self._clock.now())
        value = board.bus.read(cpu, address, size)
        self._settle()
        return value

    def write(self, cpu: int, address: int, size: int, value: int) -> None:
        """Write a device register at the present time."""
        board = self._board
        if GicDriver.owns(address):
            board.bus.write(cpu, address, size, value)
            self._gic_moved()
            return
        board.tell_time(self._clock.now())
        board.bus.write(cpu, address, size, value)
        self.lines_moved()

    def lines_moved(self) -> None:
        """Lines may have changed: the GIC and the CPUs see them, and the running slice ends where it must now."""
        self._settle()
        self._cut_slice()

    def own_physical_timer(self) -> None:
        """Serve CNTP_* without a trap."""
        for pe in self._pes:
            for register in PHYSICAL_TIMER:
                self._serve(pe, register)

    def cpu_reset(self, cpu: int) -> None:
        """A CPU comes out of reset: its timers are off."""
        timer = self._board.timers[cpu]
        timer.reset()
        self._board.drive_timer(cpu)
        self._settle()
        running = self._clock.running
        if running is not None and self._scheduler is not None:
            self._scheduler.peers_started(running)

    def timer_read(self, cpu: int, name: str) -> int:
        """MRS of a timer register."""
        return self._board.timers[cpu].read(TimerRegister(name), self._clock.now())

    def timer_write(self, cpu: int, name: str, value: int) -> None:
        """MSR of a timer register: its line and deadline follow at once."""
        self._board.timers[cpu].write(TimerRegister(name), value, self._clock.now())
        self._board.drive_timer(cpu)
        self.lines_moved()

    def _settle(self) -> None:
        self._board.settle()
        if self._hypervisor is not None:
            self._hypervisor.follow_wires()

    def _gic_moved(self) -> None:
        """The GIC's outputs may have changed: no device's line has, and no deadline."""
        self._board.settle_gic()
        if self._hypervisor is not None:
            self._hypervisor.follow_wires()
        self._cut_for_irq()

    def _cut_for_irq(self) -> bool:
        """Let the running slice end now if its CPU has a physical interrupt."""
        running = self._clock.running
        if running is None or self._hypervisor is None or not self._hypervisor.wants_irq(running.index):
            return False
        running.shorten(0)
        return True

    def _cut_slice(self) -> None:
        """Let the running slice end where a device acts next, or now if the CPU has a physical interrupt."""
        running = self._clock.running
        if running is None or self._cut_for_irq():
            return
        deadline = self._board.deadline(self._clock.now())
        if deadline is not None:
            running.shorten(max(0, self._clock.instructions_until(deadline)))

    def _serve(self, pe: PE, register: TimerRegister) -> None:
        read = partial(self._guest_read, register)
        write = None if register is TimerRegister.CNTFRQ_EL0 else partial(self._guest_write, register)
        pe.on_system_register[sysreg.NAMES_TO_ENCODINGS[register.value]] = (read, write)

    def _serve_counters(self, pe: PE) -> None:
        """CNTPCT_EL0 and CNTVCT_EL0 in fewer steps: a guest that waits reads them again and again."""
        now, timer = self._clock.now, self._board.timers[pe.index]
        encodings, serve = sysreg.NAMES_TO_ENCODINGS, pe.on_system_register
        serve[encodings["CNTPCT_EL0"]] = (lambda _pe: now() & MASK64, None)
        serve[encodings["CNTVCT_EL0"]] = (lambda _pe: timer.virtual_count(now()), None)

    def _guest_read(self, register: TimerRegister, pe: PE) -> int:
        return self._board.timers[pe.index].read(register, self._clock.now())

    def _guest_write(self, register: TimerRegister, pe: PE, value: int) -> None:
        self.timer_write(pe.index, register.value, value)
