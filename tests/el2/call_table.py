# SPDX-License-Identifier: MIT
"""Tables of calls for `call_guest.S`: written into a machine, executed by its vCPUs in order, read back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import IntEnum
from functools import cache
from pathlib import Path
from struct import Struct
from typing import NamedTuple, TypeVar

from harness import Machine, StopReason, until
from harness.arch.psci import Function
from harness.arch.rvic import RVIC_BASE, RVID_BASE, RvicCall, RvidCall
from harness.build import load
from harness.image import Program
from harness.trace.events import Event

TABLE = 0x4100_0000
END = 0xFF
ISR_I = 1 << 7
PULSE = 0x0B00_000C  # the test device's PULSE register
RAISE, LOWER = 0x0B00_0004, 0x0B00_0008
E = TypeVar("E", bound=Event)
_ENTRY = Struct("<II4Q24x")
_RESULT = Struct("<8x7Q")


class Action(IntEnum):
    """What an entry does; call_guest.S's numbers."""

    HVC = 0
    SMC = 1
    STORE = 2
    TIMER = 3
    WAIT = 4
    LEAVE = 5


class Call(NamedTuple):
    """One entry: vCPU `cpu` does `action` with x0 to x3."""

    cpu: int
    action: Action
    x0: int
    x1: int = 0
    x2: int = 0
    x3: int = 0

    @property
    def arguments(self) -> tuple[int, int, int]:
        return self.x1, self.x2, self.x3


class Result(NamedTuple):
    """What it gave: the registers, ISR_EL1.I before and after, and whether x4 to x17 and SP were preserved."""

    registers: tuple[int, int, int, int]
    line_before: bool
    line: bool
    preserved: bool

    @property
    def x0(self) -> int:
        return self.registers[0]

    @property
    def x1(self) -> int:
        return self.registers[1]


def rvic(cpu: int, call: RvicCall, x1: int = 0, x2: int = 0, *, action: Action = Action.HVC) -> Call:
    """A call to the RVIC."""
    return Call(cpu, action, RVIC_BASE + call, x1, x2)


def rvid(cpu: int, call: RvidCall, x1: int = 0, x2: int = 0, x3: int = 0) -> Call:
    """A call to the RVID."""
    return Call(cpu, Action.HVC, RVID_BASE + call, x1, x2, x3)


def pulse(cpu: int, spi: int) -> Call:
    """An edge on SPI `spi`, made by the guest itself on the test device."""
    return Call(cpu, Action.STORE, 0, PULSE, 32 + spi)


def line(cpu: int, spi: int, level: bool) -> Call:
    """The guest drives SPI `spi` high, or stops driving it."""
    return Call(cpu, Action.STORE, 0, RAISE if level else LOWER, 32 + spi)


def wait(cpu: int) -> Call:
    """WFI, while the others go on."""
    return Call(cpu, Action.WAIT, 0)


def timer(cpu: int, on: bool) -> Call:
    """The vCPU's virtual timer (INTID 27): its line high or low."""
    return Call(cpu, Action.TIMER, 0, 0, int(on))


@cache
def guest() -> Program:
    """The interpreter, assembled once."""
    return load(Path(__file__).with_name("call_guest.S"))


def start(machine: Machine, *, secondaries: bool = True) -> Machine:
    """Load the interpreter and, unless told otherwise, turn every vCPU on."""
    program = guest()
    machine.load(program)
    machine.memory.write_u32(TABLE, END)
    others = range(1, len(machine.cpus)) if secondaries else ()
    for result in execute(
        machine, [Call(0, Action.HVC, Function.CPU_ON_64, n, program.entry) for n in others]
    ):
        assert result.x0 == 0
    return machine


def execute(machine: Machine, calls: Sequence[Call]) -> list[Result]:
    """Execute the calls in order; their results."""
    if not calls:
        return []
    table = bytearray()
    for cpu, action, *registers in calls:
        table += _ENTRY.pack(cpu, action, *registers)
    at = machine.memory.u64(machine.symbols["turn"])  # the last table's end: a CPU may just be looking at it
    machine.memory.write(at, bytes(table) + _ENTRY.pack(END, 0, 0, 0, 0, 0))
    stop = machine.run(until.symbol("finished", cpu=0), limit=10_000 * len(calls) + 100_000)
    assert stop.reason is StopReason.UNTIL, stop.detail
    data = machine.memory.read(at, len(table))
    return [_result(fields) for fields in _RESULT.iter_unpack(data)]


def _result(fields: Iterable[int]) -> Result:
    x0, x1, x2, x3, before, after, changed = fields
    return Result((x0, x1, x2, x3), bool(before & ISR_I), bool(after & ISR_I), changed == 0)


class Caller:
    """A machine that runs the interpreter, its events, and the calls that tests make most.

    Each method returns the result of its last call.
    """

    def __init__(self, machine: Machine, *, secondaries: bool = True) -> None:
        self.machine = machine
        start(machine, secondaries=secondaries)
        self.events: list[Event] = []
        machine.events.add(self.events.append)

    def do(self, *calls: Call) -> Result:
        """Execute calls in order; the last one's result."""
        return execute(self.machine, calls)[-1]

    def ready(self, cpu: int, *intids: int) -> Result:
        """Enable the vCPU's instance and unmask INTIDs on it."""
        unmask = [rvic(cpu, RvicCall.CLEAR_MASKED, cpu, n) for n in intids]
        return self.do(*unmask, rvic(cpu, RvicCall.ENABLE))

    def pending(self, cpu: int, intid: int, *, by: int = 0) -> bool:
        """IsPending, asked by vCPU `by`."""
        result = self.do(rvic(by, RvicCall.IS_PENDING, cpu, intid))
        assert result.x0 == 0
        return bool(result.x1)

    def line(self, cpu: int) -> bool:
        """ISR_EL1.I as the vCPU itself reads it."""
        return self.do(rvic(cpu, RvicCall.VERSION)).line_before

    def acknowledge(self, cpu: int) -> tuple[int, int]:
        """Acknowledge: x0 and x1."""
        result = self.do(rvic(cpu, RvicCall.ACKNOWLEDGE))
        return result.x0, result.x1

    def seen(self, kind: type[E]) -> list[E]:
        """Events of one type so far."""
        return [event for event in self.events if isinstance(event, kind)]
