# SPDX-License-Identifier: MIT
"""Conditions that end a run: ``m.run(until.symbol("ready"), until.irq_taken(cpu=0))``.

Each function makes a :class:`~harness.run.conditions.Condition`; a run ends as soon as the first of them is met,
with the instruction that would have come next not yet executed. ConfigError, here or when the run starts, says
what is wrong with an argument.
"""

from __future__ import annotations

from collections.abc import Callable

from harness.arguments import check_cpu, integer, text_argument, whole
from harness.engine import PE
from harness.errors import ConfigError
from harness.run.conditions import Condition, Conditions, Disarm, Met
from harness.wording import did_you_mean, plural

__all__ = ["console", "instructions", "irq_taken", "pc", "symbol", "tick"]


class _Until:
    """Condition made of its description and its way to arm."""

    def __init__(self, description: str, arm: Callable[[Conditions, Met], Disarm]) -> None:
        self.description = description
        self._arm = arm

    def arm(self, conditions: Conditions, met: Met) -> Disarm:
        return self._arm(conditions, met)

    def __repr__(self) -> str:
        return f"<until {self.description}>"


def symbol(name: str, *, cpu: int | None = None) -> Condition:
    """Waits until a vCPU (any, or the one given) is about to execute the instruction at a symbol of the guest.

    Raises ConfigError, when the run starts, if the guest has no such symbol.
    """
    text_argument("until.symbol", name)

    def arm(conditions: Conditions, met: Met) -> Disarm:
        _check_cpu("until.symbol", conditions, cpu)
        symbols = conditions.symbols()
        where = symbols.get(name)
        if where is None:
            near = did_you_mean(name, symbols)
            raise ConfigError(f"until.symbol({name!r}): the guest has no such symbol{near}")
        return _break_at(conditions, where, cpu, met)

    return _Until(f"{_who(cpu)} reached `{name}`", arm)


def pc(address: int, *, cpu: int | None = None) -> Condition:
    """Waits until a vCPU (any, or the one given) is about to execute the instruction at a virtual address."""
    address = integer("until.pc: address", address, 0)

    def arm(conditions: Conditions, met: Met) -> Disarm:
        _check_cpu("until.pc", conditions, cpu)
        return _break_at(conditions, address, cpu, met)

    return _Until(f"{_who(cpu)} reached {address:#x}", arm)


def irq_taken(*, cpu: int | None = None) -> Condition:
    """Waits until a vCPU (any, or the one given) has taken a virtual IRQ: its PC is the IRQ vector."""

    def arm(conditions: Conditions, met: Met) -> Disarm:
        _check_cpu("until.irq_taken", conditions, cpu)

        def taken(pe: PE) -> None:
            if cpu is None or pe.index == cpu:
                met(pe.index)

        return conditions.on_virq(taken)

    return _Until(f"{_who(cpu)} took a virtual IRQ", arm)


def instructions(count: int) -> Condition:
    """Waits until all vCPUs together have retired this many more instructions."""
    count = whole(f"until.instructions({count!r})", count, 1, "instruction")
    description = f"{plural(count, 'instruction')} {'was' if count == 1 else 'were'} retired"
    return _Until(description, lambda conditions, met: conditions.on_instructions(count, met))


def tick(when: int) -> Condition:
    """Waits until the system counter has reached this tick (counted from the machine's start)."""
    when = whole(f"until.tick({when!r})", when, 0, "tick")
    return _Until(f"tick {when} was reached", lambda conditions, met: conditions.on_tick(when, met))


def console(text: str) -> Condition:
    """Waits until the console's output, from the machine's start, contains this text."""
    text_argument("until.console", text)
    return _Until(f"the console showed {text!r}", lambda conditions, met: conditions.on_console(text, met))


def _who(cpu: int | None) -> str:
    return "a CPU" if cpu is None else f"CPU{cpu}"


def _check_cpu(what: str, conditions: Conditions, cpu: int | None) -> None:
    check_cpu(what, len(conditions.pes), cpu)


def _break_at(conditions: Conditions, address: int, cpu: int | None, met: Met) -> Disarm:
    pes = [pe for pe in conditions.pes if cpu is None or pe.index == cpu]
    handles = [(pe, pe.add_breakpoint(address, lambda pe: met(pe.index))) for pe in pes]

    def disarm() -> None:
        for pe, handle in handles:
            pe.remove_breakpoint(handle)

    return disarm
