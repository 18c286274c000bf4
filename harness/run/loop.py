# SPDX-License-Identifier: MIT
"""Loop that runs a machine: time, stimuli and devices, one slice after the other, until something ends it."""

from __future__ import annotations

import signal
from collections.abc import Callable
from dataclasses import replace
from heapq import heappop, heappush
from typing import NamedTuple

from harness.board.board import Board
from harness.board.clock import Clock
from harness.deadlines import NEVER
from harness.el2 import Hypervisor, Power, SystemEnd, Vcpu
from harness.engine import PE
from harness.host.attendance import Attendance
from harness.host.signals import INTERRUPT, TERMINATE, Signals
from harness.run import diagnose
from harness.run.closed_loops import ClosedLoops
from harness.run.conditions import Condition, Conditions
from harness.run.scheduler import Scheduler
from harness.run.stop import Stop, StopReason
from harness.run.storms import PATIENCE, Storms
from harness.trace import Ledger

Action = Callable[[], object]


class Restarts(NamedTuple):
    """Restart of a guest, and how often in one run it may be."""

    restart: Action
    most: int


class Loop:
    """Loop of one machine: it runs its guest.

    ``restarts`` says what PSCI SYSTEM_RESET does; without it, that ends the run. ``exit`` is set when a guest exits
    by semihosting: the PE and its code. ``ledger`` knows which handlers the vCPUs are in.
    """

    def __init__(
        self,
        hypervisor: Hypervisor,
        board: Board,
        clock: Clock,
        scheduler: Scheduler,
        conditions: Conditions,
        where: diagnose.Where,
        restarts: Restarts | None,
        ledger: Ledger,
    ) -> None:
        self._hypervisor = hypervisor
        self._board = board
        self._clock = clock
        self._scheduler = scheduler
        self._conditions = conditions
        self._where = where
        self._restarts = restarts
        self._restarted = 0
        self._ledger = ledger
        self._storms = Storms(hypervisor, board.lines)
        self._loops = ClosedLoops(hypervisor.vcpus, hypervisor.vm.events)
        self.attendance = Attendance()
        self._stimuli: list[tuple[int, int, Action]] = []
        self._sequence = 0
        self._retired = 0
        self._signals = Signals()
        self.exit: tuple[PE, int] | None = None

    @property
    def interrupted(self) -> bool:
        """True once a signal has come: the run is to end."""
        return self._signals.came is not None

    def at(self, tick: int, action: Action) -> None:
        """Schedules something for a tick; what is scheduled for one tick is done in the order of these calls."""
        self._sequence += 1
        heappush(self._stimuli, (tick, self._sequence, action))
        self._scheduler.deadline_moved(tick)

    def run(self, conditions: tuple[Condition, ...], limit: int | None) -> Stop:
        """Runs until something ends it; see :meth:`Machine.run`."""
        self._retired = self._restarted = 0
        self._loops.start()
        self._scheduler.forget()
        others = () if self.attendance.turn is None else TERMINATE
        try:
            with (
                self._scheduler.interruptible() as leave,
                self._signals.deferred(leave, others),
                self._conditions.armed(conditions),
            ):
                return self._loop(limit)
        finally:
            self._loops.stop()
            self._board.elapse(self._clock.now())

    def _loop(self, limit: int | None) -> Stop:
        scheduler = self._scheduler
        self._let_time_pass(self._clock.now())
        while True:
            stop = self._attended() or self._look()
            if stop is not None:
                return stop
            if limit is not None and self._retired >= limit:
                detail = diagnose.limit(self._hypervisor.vcpus, limit, self._where, self._ledger)
                return self._stop(StopReason.LIMIT, None, detail)
            vcpu = scheduler.next()
            if vcpu is None:
                if self._wait():
                    continue
                return self._stop(StopReason.IDLE, None, self._idle())
            bound, due = self._bound(limit), self._loops.due
            if self._retired < due:
                self._retired += scheduler.run(vcpu, min(bound, due - self._retired))
            elif self._looks_closed(vcpu, scheduler.length(bound)):
                return self._stop(StopReason.STUCK, vcpu.index, self._stuck())

    def _look(self) -> Stop | None:
        """Lets happen what is due, and looks if the run has come to its end; returns a Stop then."""
        now = self._clock.now()
        if now >= self._board.deadlines.first or (self._stimuli and now >= self._stimuli[0][0]):
            self._let_time_pass(now)
        self._conditions.look()
        return self._ended()

    def _looks_closed(self, vcpu: Vcpu, length: int) -> bool:
        """Runs a slice, and looks if any CPU can ever leave the loop that it is in."""
        loops = self._loops
        if self._is_awaited():
            loops.give_up(self._retired)
        else:
            length = loops.before(vcpu) or length
        looking = self._retired >= loops.due
        self._retired += self._scheduler.slice(vcpu, length)
        if not looking:
            return False
        if not loops.after(vcpu):
            loops.give_up(self._retired)
        elif loops.closed is not None:
            if loops.masked or self._deadline() is None:
                return True
            loops.give_up(self._retired)
        return False

    def _is_awaited(self) -> bool:
        """Returns True if something is to come from outside: a stimulus, the end that was asked for, a person."""
        conditions = self._conditions
        terminal = self.attendance.terminal
        person = terminal is not None and terminal.open
        awaited = conditions.next_tick() is not None or conditions.instructions_left() is not None
        return bool(self._stimuli) or awaited or person

    def _attended(self) -> Stop | None:
        """Lets those who attend the run have their turn; returns a Stop if one of them ends it."""
        attendance = self.attendance
        if attendance.turn is None:
            self._signals.check()
        else:
            attendance.turn()
        terminal = attendance.terminal
        if terminal is not None:
            terminal.pump()
            if terminal.quit:
                return self._interrupted(INTERRUPT, "Ctrl-A x")
        came = self._signals.came
        if came is None:
            return None
        self._signals.came = None
        return self._interrupted(came, "Ctrl-C" if came == INTERRUPT else signal.Signals(came).name)

    def _interrupted(self, number: int, what: str) -> Stop:
        where = diagnose.places(self._hypervisor.vcpus, self._where, self._ledger)
        return replace(self._stop(StopReason.INTERRUPTED, None, f"{what}: {where}"), signal=number)

    def _let_time_pass(self, now: int) -> None:
        """Lets devices and stimuli act, up to now; at one tick devices come first."""
        with self._hypervisor.vm.inputs:  # the PEs see what has come of everything at one tick
            self._board.advance(now)
            while self._stimuli and self._stimuli[0][0] <= now:
                heappop(self._stimuli)[2]()
                self._scheduler.forget()

    def _deadline(self) -> int | None:
        """Returns the next tick at which something happens by itself."""
        first = self._board.deadlines.first
        deadline = first if first != NEVER else None
        if self._stimuli and (deadline is None or self._stimuli[0][0] < deadline):
            deadline = self._stimuli[0][0]
        for tick in (self._conditions.next_tick(), self._scheduler.deadline()):
            if tick is not None and (deadline is None or tick < deadline):
                deadline = tick
        return deadline

    def _bound(self, limit: int | None) -> int:
        """Returns the instructions until the next thing that must happen at an exact one."""
        bounds = [1 << 40 if self.attendance.turn is None else self.attendance.longest_slice]
        deadline = self._deadline()
        if deadline is not None:
            bounds.append(self._clock.instructions_until(deadline))
        if limit is not None:
            bounds.append(limit - self._retired)
        left = self._conditions.instructions_left()
        if left is not None:
            bounds.append(left)
        return min(bounds)

    def _wait(self) -> bool:
        """Moves time to the next deadline while no vCPU can run, or lets a person type; False with neither."""
        deadline, now = self._deadline(), self._clock.now()
        terminal = self.attendance.terminal
        if terminal is not None and terminal.open:
            deadline = now + terminal.wait(None if deadline is None else deadline - now)
        if deadline is None:
            return False
        self._clock.jump(deadline)
        self._scheduler.time_jumped()
        return True

    # Ending

    def _ended(self) -> Stop | None:
        hypervisor = self._hypervisor
        if self.exit is not None:
            pe, code = self.exit
            self.exit = None
            return self._stop(StopReason.EXIT, pe.index, f"the guest exited with code {code}", code)
        power = hypervisor.power
        if power.ended is not None and power.ended_by is not None:
            cpu = power.ended_by.index
            if power.ended is SystemEnd.POWER_OFF:
                return self._stop(StopReason.POWER_OFF, cpu, "the guest called PSCI SYSTEM_OFF")
            if self._restarts is None:
                return self._stop(StopReason.RESET, cpu, "the guest called PSCI SYSTEM_RESET")
            if self._restarted >= self._restarts.most:
                return self._stop(StopReason.RESET, cpu, diagnose.restarts(self._restarted))
            self._restarted += 1
            self._board.elapse(self._clock.now())
            self._restarts.restart()
        for vcpu in hypervisor.vcpus:
            if vcpu.pe.lockup is not None:
                return self._stop(
                    StopReason.FAULT, vcpu.index, diagnose.fault(vcpu, vcpu.pe.lockup, self._where)
                )
        met = self._conditions.met
        if met is not None:
            condition, cpu = met
            return self._stop(StopReason.UNTIL, cpu, condition.description)
        return self._judge_storm()

    def _judge_storm(self) -> Stop | None:
        """Ends the run in a storm that nobody will end; where somebody could, later."""
        suspect, self._storms.judged = self._storms.judged, None
        if suspect is None or suspect.over or self._is_awaited():
            return None
        others = any(
            v is not suspect.vcpu and v.power is Power.ON and not v.waits for v in self._hypervisor.vcpus
        )
        hope = others or suspect.reaches_device or self._deadline() is not None
        if hope and suspect.count < PATIENCE:
            return None
        return self._stop(StopReason.STORM, suspect.vcpu.index, diagnose.storm(suspect, self._where))

    def _stop(self, reason: StopReason, cpu: int | None, detail: str, code: int | None = None) -> Stop:
        index = 0 if cpu is None else cpu
        detail = "\n".join((detail, *self._board.complaints))
        return Stop(reason, index, self._hypervisor.vcpus[index].pe.pc, self._retired, detail, code)

    def _stuck(self) -> str:
        hypervisor = self._hypervisor
        loops = self._loops.closed or {}
        return diagnose.stuck(hypervisor.vcpus, loops, hypervisor.controller, self._where, self._ledger)

    def _idle(self) -> str:
        waiting = diagnose.idle(self._hypervisor.vcpus, self._hypervisor.controller, self._where)
        return "\n".join(filter(None, (waiting, self._board.uart.held)))
