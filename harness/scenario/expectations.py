# SPDX-License-Identifier: MIT
"""Expectations of a manifest, held against a machine that has stopped."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from msgspec import Struct

from harness.arch.masks import MASK64
from harness.machine.machine import Machine
from harness.run.stop import Stop, StopReason
from harness.scenario.manifest import Manifest
from harness.scenario.tables import ExpectSpec, InterruptSpec
from harness.wording import did_you_mean

CONSOLE_TAIL: Final = 400
"""Characters of the console that an unmet expectation quotes."""


class Expectation(Struct, frozen=True):
    """One thing that had to come out: ``what`` it is, ``wanted`` and ``got`` as text for people."""

    what: str
    wanted: str
    got: str
    met: bool

    def __str__(self) -> str:
        if self.met:
            return f"{self.what} is {self.wanted}"
        return f"{self.what}: expected {self.wanted}, got {self.got}"


def expectations(machine: Machine, stop: Stop, manifest: Manifest) -> Iterator[Expectation]:
    """Yields what had to come out of a run, met or not."""
    expect = manifest.expect
    yield _ending(stop, expect)
    yield from _console(machine.console.text, expect)
    for name, value in expect.symbols.items():
        yield _symbol(machine, name, value)
    for intid, interrupt in sorted(expect.interrupts.items()):
        cost = machine.ledger.per_interrupt(intid)
        if interrupt.count is not None:
            what = f"interrupts with INTID {intid}"
            yield Expectation(what, str(interrupt.count), str(cost.count), cost.count == interrupt.count)
        wanted = _switches(interrupt, manifest.own_controller, machine.controller.value)
        if wanted is not None:
            got = cost.world_switches
            yield Expectation(
                f"world switches per interrupt of INTID {intid}", f"{wanted:g}", f"{got:g}", wanted == got
            )


def _switches(interrupt: InterruptSpec, own: str, controller: str) -> float | None:
    """Returns the world switches each that are expected under a controller; None if nothing is."""
    expected = interrupt.world_switches
    if isinstance(expected, dict):
        return expected.get(controller)
    return expected if controller == own else None


def _ending(stop: Stop, expect: ExpectSpec) -> Expectation:
    """Returns the end of the run, which is, where nothing is said, to be a power-off or an exit with code 0."""
    got = _end(stop.reason.value, stop.code)
    if expect.stop is None and expect.code is None:
        return Expectation("end", got if stop.ok else "power_off or exit with code 0", got, stop.ok)
    reason = expect.stop.value if expect.stop is not None else StopReason.EXIT.value
    met = stop.reason.value == reason and expect.code in (None, stop.code)
    return Expectation("end", _end(reason, expect.code), got, met)


def _end(reason: str, code: int | None) -> str:
    return reason if code is None else f"{reason} with code {code}"


def _console(text: str, expect: ExpectSpec) -> Iterator[Expectation]:
    if expect.console is not None:
        met = text == expect.console
        yield Expectation("console", _quote(expect.console), _difference(expect.console, text), met)
    for part in expect.console_contains:
        got = f"a console without it, ending {_quote(text)}"
        yield Expectation("console", f"text {_quote(part)}", got, part in text)


def _difference(wanted: str, got: str) -> str:
    """Returns what was printed, by the first line in which it is not what was wanted."""
    lines = zip(wanted.splitlines(), got.splitlines(), strict=False)
    for number, (want, have) in enumerate(lines, 1):
        if want != have:
            return f"line {number} {_quote(have)} instead of {_quote(want)}"
    return _quote(got)


def _quote(text: str) -> str:
    return repr(text if len(text) <= CONSOLE_TAIL else "..." + text[-CONSOLE_TAIL:])


def _symbol(machine: Machine, name: str, value: int) -> Expectation:
    what = f"`{name}`"
    address = machine.symbols.get(name)
    if address is None:
        hint = did_you_mean(name, machine.symbols)
        return Expectation(what, str(value), f"no such symbol{hint}", False)
    if not machine.memory.is_ram(address, 8):
        return Expectation(what, str(value), f"no memory at {address:#x}", False)
    word = machine.memory.u64(address)
    return Expectation(what, str(value), str(word), word == value & MASK64)
