# SPDX-License-Identifier: MIT
"""Conditions that end a run: ``m.run(until.symbol("ready"), until.irq_taken(cpu=0))``.

Each function makes a :class:`Condition`; a run ends as soon as the first of them is met, with the instruction
that would have come next not yet executed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from harness.arguments import check_cpu, whole
from harness.errors import ConfigError

if TYPE_CHECKING:
    from harness.engine import PE
    from harness.machine.machine import Machine

Disarm = Callable[[], None]
Met = Callable[[int], None]
"""Called with the vCPU that met the condition."""


class Condition(Protocol):
    """Something a run waits for."""

    @property
    def description(self) -> str:
        """What has happened when it is met, for ``Stop.detail``."""
        ...

    def arm(self, machine: Machine, met: Met) -> Disarm:
        """Watch for it; return how to stop watching."""
        ...


class _Condition:
    """A condition made of its description and its way to arm."""

    def __init__(self, description: str, arm: Callable[[Machine, Met], Disarm]) -> None:
        self.description = description
        self._arm = arm

    def arm(self, machine: Machine, met: Met) -> Disarm:
        return self._arm(machine, met)

    def __repr__(self) -> str:
        return f"<until {self.description}>"


def symbol(name: str, *, cpu: int | None = None) -> Condition:
    """A vCPU (any, or the one given) is about to execute the instruction at a symbol of the guest.

    Raises ConfigError, when the run starts, if the guest has no such symbol.
    """

    def arm(machine: Machine, met: Met) -> Disarm:
        where = machine.symbols.get(name)
        if where is None:
            raise ConfigError(f"until.symbol({name!r}): the guest has no such symbol{_near(machine, name)}")
        check_cpu("until.symbol", len(machine.cpus), cpu)
        return _break_at(machine, where, cpu, met)

    return _Condition(f"{_who(cpu)} reached `{name}`", arm)


def pc(address: int, *, cpu: int | None = None) -> Condition:
    """A vCPU (any, or the one given) is about to execute the instruction at a virtual address."""
    whole(f"until.pc({address})", address, 0, "byte")

    def arm(machine: Machine, met: Met) -> Disarm:
        check_cpu("until.pc", len(machine.cpus), cpu)
        return _break_at(machine, address, cpu, met)

    return _Condition(f"{_who(cpu)} reached {address:#x}", arm)


def irq_taken(*, cpu: int | None = None) -> Condition:
    """A vCPU (any, or the one given) has taken a virtual IRQ: its PC is the IRQ vector."""

    def arm(machine: Machine, met: Met) -> Disarm:
        check_cpu("until.irq_taken", len(machine.cpus), cpu)

        def taken(pe: PE) -> None:
            if cpu is None or pe.index == cpu:
                met(pe.index)

        return machine.watches.virq(taken)

    return _Condition(f"{_who(cpu)} took a virtual IRQ", arm)


def instructions(count: int) -> Condition:
    """All vCPUs together have retired this many more instructions."""
    count = whole(f"until.instructions({count})", count, 1, "instruction")

    def arm(machine: Machine, met: Met) -> Disarm:
        return machine.watches.instructions(machine.instructions + count, met)

    return _Condition(f"{count} instructions were retired", arm)


def tick(when: int) -> Condition:
    """The system counter has reached this tick (counted from the machine's start)."""
    when = whole(f"until.tick({when})", when, 0, "tick")

    def arm(machine: Machine, met: Met) -> Disarm:
        return machine.watches.tick(when, met)

    return _Condition(f"tick {when} was reached", arm)


def console(text: str) -> Condition:
    """The console's output, from the machine's start, contains this text."""

    def arm(machine: Machine, met: Met) -> Disarm:
        return machine.watches.console(text, met)

    return _Condition(f"the console showed {text!r}", arm)


def _who(cpu: int | None) -> str:
    return "a CPU" if cpu is None else f"CPU{cpu}"


def _near(machine: Machine, name: str) -> str:
    from difflib import get_close_matches

    near = get_close_matches(name, list(machine.symbols), 1)
    return f"; did you mean `{near[0]}`?" if near else ""


def _break_at(machine: Machine, address: int, cpu: int | None, met: Met) -> Disarm:
    pes = [c.pe for c in machine.cpus if cpu is None or c.index == cpu]
    handles = [(pe, pe.add_breakpoint(address, lambda pe: met(pe.index))) for pe in pes]

    def disarm() -> None:
        for pe, handle in handles:
            pe.remove_breakpoint(handle)

    return disarm
