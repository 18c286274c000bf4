# SPDX-License-Identifier: MIT
"""A guest's whole run: the machine its manifest asks for, its stimuli, and whether what must come out did."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final

from harness.errors import ConfigError
from harness.machine.machine import Machine
from harness.run.stimulus import parse_stimulus
from harness.run.stop import Stop, StopReason
from harness.rvic import Order
from harness.scenario.manifest import ExpectSpec, InterruptSpec, Manifest, StimulusSpec
from harness.scenario.ordered import make_machine
from harness.trace.ledger import Ledger

CONSOLE_TAIL: Final = 400
"""Characters of the console that an unmet expectation quotes."""


@dataclass(frozen=True, slots=True)
class Expectation:
    """One thing that had to come out: ``what`` it is, ``wanted`` and ``got`` as text for people."""

    what: str
    wanted: str
    got: str
    met: bool

    def __str__(self) -> str:
        if self.met:
            return f"{self.what} is {self.wanted}"
        return f"{self.what}: expected {self.wanted}, got {self.got}"


@dataclass(frozen=True, slots=True)
class CpuState:
    """A vCPU where the run stopped: whether PSCI has it on, and its general-purpose registers."""

    on: bool
    pc: int
    x: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """What a run left behind; a value, usable after its machine is closed."""

    name: str
    stop: Stop
    instructions: int
    ticks: int
    console: str
    cpus: tuple[CpuState, ...]
    symbols: dict[str, int]
    ledger: Ledger
    expectations: tuple[Expectation, ...]
    seed: int
    random_order: bool  # the one thing that the seed decides
    virtconsole: str | None = None

    @property
    def met(self) -> bool:
        """Whether everything came out as it had to."""
        return all(expectation.met for expectation in self.expectations)

    @property
    def unmet(self) -> tuple[Expectation, ...]:
        """What did not come out as it had to."""
        return tuple(expectation for expectation in self.expectations if not expectation.met)


def prepare(manifest: Manifest, *, backend: str | None = None, on_reset: str = "stop") -> Machine:
    """The machine that a guest wants, with the guest loaded and its stimuli scheduled; close it after use.

    ``backend`` is the register backend, "view" or "api"; ``on_reset`` what PSCI SYSTEM_RESET does where the
    manifest does not say, nor expects the run to end with it. Raises HarnessError for what the manifest or the
    guest has wrong.
    """
    machine = make_machine(manifest, backend=backend, on_reset=on_reset)
    try:
        _load(machine, manifest)
        for index, stimulus in enumerate(manifest.stimuli):
            try:
                _schedule(machine, stimulus)
            except ConfigError as error:
                raise manifest.error_at(("stimulus", index, "do"), str(error)) from None
        for stimulus in manifest.further_stimuli:
            _schedule(machine, stimulus)
    except BaseException:
        machine.close()
        raise
    return machine


def examine(machine: Machine, stop: Stop, manifest: Manifest) -> Report:
    """The report of a run that has just stopped."""
    return Report(
        name=manifest.name,
        stop=stop,
        instructions=machine.instructions,
        ticks=machine.ticks,
        console=machine.console.text,
        cpus=tuple(CpuState(cpu.on, cpu.pc, tuple(cpu.x[:])) for cpu in machine.cpus),
        symbols=dict(machine.symbols),
        ledger=machine.ledger,
        expectations=tuple(_expectations(machine, stop, manifest)),
        seed=machine.config.seed,
        random_order=machine.config.order is Order.RANDOM,
        virtconsole=machine.virtconsole.text if machine.virtconsole is not None else None,
    )


def run(manifest: Manifest, *, backend: str | None = None) -> Report:
    """Run a guest as its manifest says, and report."""
    with prepare(manifest, backend=backend, on_reset="restart") as machine:
        return examine(machine, machine.run(limit=manifest.limit), manifest)


def _load(machine: Machine, manifest: Manifest) -> None:
    start = manifest.start
    if start.bios:
        if start.initrd is not None:
            raise ConfigError("an initial RAM disk goes with a kernel; firmware (--bios) loads its own")
        machine.load_bios(manifest.source, flash=start.flash, append=start.append, dtb=start.dtb)
    elif start.flash is not None:
        raise ConfigError("a file for flash (--flash) goes with firmware (--bios)")
    else:
        machine.load(
            manifest.source,
            initrd=start.initrd,
            append=start.append,
            dtb=start.dtb,
            toolchain=manifest.toolchain,
        )


def _schedule(machine: Machine, stimulus: StimulusSpec) -> None:
    action = parse_stimulus(stimulus.do)
    action.check(machine)
    machine.at(stimulus.at, action)


def _expectations(machine: Machine, stop: Stop, manifest: Manifest) -> Iterator[Expectation]:
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
    """World switches each that are expected under a controller; None if nothing is."""
    expected = interrupt.world_switches
    if isinstance(expected, dict):
        return expected.get(controller)
    return expected if controller == own else None


def _ending(stop: Stop, expect: ExpectSpec) -> Expectation:
    """How the run ended; without a word about it, by power-off or by exit with code 0."""
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
    """What was printed, and the first line in which it is not what was wanted."""
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
        near = get_close_matches(name, list(machine.symbols), 1)
        hint = f" (there is `{near[0]}`)" if near else ""
        return Expectation(what, str(value), f"no such symbol{hint}", False)
    if not machine.memory.is_ram(address, 8):
        return Expectation(what, str(value), f"no memory at {address:#x}", False)
    word = machine.memory.u64(address)
    return Expectation(what, str(value), str(word), word == value & 0xFFFF_FFFF_FFFF_FFFF)
