# SPDX-License-Identifier: MIT
"""Loop that runs a machine: time, stimuli and devices, one slice after the other, until something ends it."""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappop, heappush

from harness.board.board import Board
from harness.board.clock import Clock
from harness.el2 import Hypervisor, SystemEnd
from harness.engine import PE
from harness.host.signals import CtrlC
from harness.host.terminal import Terminal
from harness.run import diagnose
from harness.run.conditions import Condition, Conditions
from harness.run.scheduler import Scheduler
from harness.run.stop import Stop, StopReason

Action = Callable[[], object]


class Loop:
    """Loop of one machine: it runs its guest.

    ``restart`` is what PSCI SYSTEM_RESET does; without it, that ends the run. ``exit`` is set when a guest exits
    by semihosting: the PE and its code. ``terminal`` is a person's, who types and reads while a run goes on.
    """

    def __init__(
        self,
        hypervisor: Hypervisor,
        board: Board,
        clock: Clock,
        scheduler: Scheduler,
        conditions: Conditions,
        where: diagnose.Where,
        restart: Action | None,
    ) -> None:
        self._hypervisor = hypervisor
        self._board = board
        self._clock = clock
        self._scheduler = scheduler
        self._conditions = conditions
        self._where = where
        self._restart = restart
        self.terminal: Terminal | None = None
        self._stimuli: list[tuple[int, int, Action]] = []
        self._sequence = 0
        self._retired = 0
        self._ctrl_c = CtrlC()
        self.exit: tuple[PE, int] | None = None

    @property
    def interrupted(self) -> bool:
        """True once SIGINT has come: the run is to end."""
        return self._ctrl_c.pressed

    def at(self, tick: int, action: Action) -> None:
        """Schedules something for a tick; what is scheduled for one tick is done in the order of these calls."""
        self._sequence += 1
        heappush(self._stimuli, (tick, self._sequence, action))

    def run(self, conditions: tuple[Condition, ...], limit: int | None) -> Stop:
        """Runs until something ends it; see :meth:`Machine.run`."""
        self._retired = 0
        with self._ctrl_c.deferred(), self._conditions.armed(conditions):
            return self._loop(limit)

    def _loop(self, limit: int | None) -> Stop:
        hypervisor, scheduler = self._hypervisor, self._scheduler
        while True:
            self._ctrl_c.check()
            if self.terminal is not None:
                self.terminal.pump()
            with hypervisor.vm.inputs:  # the PEs see what has come of everything at one tick
                self._let_time_pass()
            self._conditions.look()
            stop = self._ended()
            if stop is not None:
                return stop
            if limit is not None and self._retired >= limit:
                return self._stop(
                    StopReason.LIMIT, None, diagnose.limit(hypervisor.vcpus, limit, self._where)
                )
            vcpu = scheduler.next()
            if vcpu is None:
                if self._wait():
                    continue
                return self._stop(StopReason.IDLE, None, self._idle())
            bound = self._bound(limit)
            self._retired += scheduler.run(vcpu, scheduler.length(bound))

    def _let_time_pass(self) -> None:
        """Lets devices and stimuli act, up to now; at one tick devices come first."""
        now = self._clock.now()
        self._board.advance(now)
        while self._stimuli and self._stimuli[0][0] <= now:
            heappop(self._stimuli)[2]()

    def _deadline(self) -> int | None:
        """Returns the next tick at which something happens by itself."""
        ticks = [self._stimuli[0][0]] if self._stimuli else []
        device = self._board.deadline(self._clock.now())
        ticks += [device] if device is not None else []
        ticks += [
            tick for tick in (self._conditions.next_tick(), self._scheduler.deadline()) if tick is not None
        ]
        return min(ticks, default=None)

    def _bound(self, limit: int | None) -> int:
        """Returns the instructions until the next thing that must happen at an exact one."""
        bounds = [1 << 40]
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
        if self.terminal is not None and self.terminal.open:
            deadline = now + self.terminal.wait(None if deadline is None else deadline - now)
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
            if self._restart is None:
                return self._stop(StopReason.RESET, cpu, "the guest called PSCI SYSTEM_RESET")
            self._restart()
        for vcpu in hypervisor.vcpus:
            if vcpu.pe.lockup is not None:
                return self._stop(
                    StopReason.FAULT, vcpu.index, diagnose.fault(vcpu, vcpu.pe.lockup, self._where)
                )
        met = self._conditions.met
        if met is not None:
            condition, cpu = met
            return self._stop(StopReason.UNTIL, cpu, condition.description)
        return None

    def _stop(self, reason: StopReason, cpu: int | None, detail: str, code: int | None = None) -> Stop:
        index = 0 if cpu is None else cpu
        detail = "\n".join((detail, *self._board.complaints))
        return Stop(reason, index, self._hypervisor.vcpus[index].pe.pc, self._retired, detail, code)

    def _idle(self) -> str:
        waiting = diagnose.idle(self._hypervisor.vcpus, self._hypervisor.controller, self._where)
        return "\n".join(filter(None, (waiting, self._board.uart.held)))
