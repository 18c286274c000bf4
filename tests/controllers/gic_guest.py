# SPDX-License-Identifier: MIT
"""Scripts of accesses to a GICv2 for `gic_guest.S`: written into a machine, executed at EL1, read back."""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum
from functools import cache
from pathlib import Path
from struct import Struct
from typing import NamedTuple, TypeVar

from harness import Machine, StopReason, until
from harness.arch.psci import Function
from harness.build import load
from harness.image import Program
from harness.trace.events import Event

GICD, GICC, TESTDEV = 0x0800_0000, 0x0801_0000, 0x0B00_0000
CTLR, ISENABLER, ICENABLER, ISPENDR, ICPENDR = GICD, GICD + 0x100, GICD + 0x180, GICD + 0x200, GICD + 0x280
ISACTIVER, ICACTIVER, IPRIORITYR, ITARGETSR = GICD + 0x300, GICD + 0x380, GICD + 0x400, GICD + 0x800
IGROUPR, ICFGR, SGIR, CPENDSGIR, SPENDSGIR = (
    GICD + 0x80,
    GICD + 0xC00,
    GICD + 0xF00,
    GICD + 0xF10,
    GICD + 0xF20,
)
GICC_CTLR, PMR, BPR, IAR, EOIR = GICC, GICC + 4, GICC + 8, GICC + 0xC, GICC + 0x10
RPR, HPPIR, ABPR, DIR = GICC + 0x14, GICC + 0x18, GICC + 0x1C, GICC + 0x1000
RAISE, LOWER, PULSE = TESTDEV + 4, TESTDEV + 8, TESTDEV + 0xC
TABLE, END = 0x4100_0000, 0xFF
ISR_I, ISR_F = 1 << 7, 1 << 6
TAKEN_BY_FIQ = 0x8000  # in what the handler keeps
SPURIOUS = 1023
TIMER_PPI = 27
E = TypeVar("E", bound=Event)
_ENTRY = Struct("<IIQQ")


class Action(IntEnum):
    """What an entry does; gic_guest.S's numbers."""

    LOAD8, LOAD16, LOAD32, LOAD64, STORE8, STORE16, STORE32, STORE64 = range(8)
    TAKE, WAIT, TIMER, CALL, TAKEN, LEAVE, SUSPEND = range(8, 15)


class Entry(NamedTuple):
    """One entry: vCPU `cpu` does `action`."""

    cpu: int
    action: Action
    address: int = 0
    value: int = 0


class Result(NamedTuple):
    """What it gave, and whether its CPU had an IRQ or an FIQ to take afterwards (ISR_EL1.I and F)."""

    value: int
    line: bool
    fiq: bool


def load32(cpu: int, address: int) -> Entry:
    return Entry(cpu, Action.LOAD32, address)


def store32(cpu: int, address: int, value: int) -> Entry:
    return Entry(cpu, Action.STORE32, address, value)


def store8(cpu: int, address: int, value: int) -> Entry:
    return Entry(cpu, Action.STORE8, address, value)


@cache
def program() -> Program:
    """The interpreter, assembled once."""
    return load(Path(__file__).with_name("gic_guest.S"))


def make_machine(controller: str, cpus: int = 1, **options: int | str) -> Machine:
    """A machine for the interpreter."""
    return Machine(controller=controller, cpus=cpus, memory="32M", quantum=50, **options)  # type: ignore[arg-type]  # options are Machine's


class GicGuest:
    """A machine that runs the interpreter, with the CPU interfaces and the distributor on.

    Each of the methods that access a register is one entry; `cpu` is the vCPU that makes the access.
    """

    def __init__(
        self,
        controller: str,
        cpus: int = 1,
        *,
        list_registers: int = 4,
        secondaries: bool = True,
        start: bool = True,
    ) -> None:
        self.machine = make_machine(controller, cpus, list_registers=list_registers)
        self.controller = controller
        self.cpus = cpus
        self.events: list[Event] = []
        self.machine.load(program())
        self.machine.memory.write_u32(TABLE, END)
        for cpu in range(1, cpus if secondaries else 1):
            self.power_on(cpu)
        if start:
            self.store(CTLR, 3)
            for cpu in range(cpus if secondaries else 1):
                self.start_cpu(cpu)
        self.machine.events.add(self.events.append)

    def power_on(self, cpu: int) -> None:
        """CPU_ON."""
        assert self.do(Entry(0, Action.CALL, Function.CPU_ON_64, cpu)).value == 0

    def start_cpu(self, cpu: int, ctlr: int = 7, pmr: int = 0xF8) -> None:
        """Let the CPU interface signal everything: both groups, AckCtl."""
        self.execute([store32(cpu, PMR, pmr), store32(cpu, GICC_CTLR, ctlr)])

    def execute(self, entries: Sequence[Entry]) -> list[Result]:
        """Execute the entries in order; their results."""
        table = b"".join(_ENTRY.pack(*entry) for entry in entries)
        at = self.machine.memory.u64(self.machine.symbols["turn"])
        if at > TABLE + 0x80_0000:
            raise AssertionError("the table has outgrown its room")
        self.machine.memory.write(at, table + _ENTRY.pack(END, 0, 0, 0))
        stop = self.machine.run(until.symbol("finished", cpu=0), limit=5_000 * len(entries) + 50_000)
        assert stop.reason is StopReason.UNTIL, stop.detail
        data = self.machine.memory.read(at, len(table))
        results = _ENTRY.iter_unpack(data)
        return [Result(value, bool(isr & ISR_I), bool(isr & ISR_F)) for _, _, isr, value in results]

    def do(self, *entries: Entry) -> Result:
        """Execute entries; the last one's result."""
        return self.execute(entries)[-1]

    def load(self, address: int, cpu: int = 0) -> int:
        """A word of a register."""
        return self.do(load32(cpu, address)).value

    def store(self, address: int, value: int, cpu: int = 0) -> Result:
        """Write a word."""
        return self.do(store32(cpu, address, value))

    def store_byte(self, address: int, value: int, cpu: int = 0) -> Result:
        """Write a byte."""
        return self.do(store8(cpu, address, value))

    # One interrupt

    def bit(self, register: int, intid: int, cpu: int = 0) -> bool:
        """Read its bit of a register array."""
        return bool(self.load(register + intid // 32 * 4, cpu) >> intid % 32 & 1)

    def set_bit(self, register: int, intid: int, cpu: int = 0) -> Result:
        """Write 1 to its bit alone."""
        return self.store(register + intid // 32 * 4, 1 << intid % 32, cpu)

    def configure(
        self, intid: int, *, priority: int = 0xA0, target: int = 0, edge: bool = False, cpu: int = 0
    ) -> None:
        """Priority, target, trigger; and enable it."""
        self.store_byte(IPRIORITYR + intid, priority, cpu)
        if intid >= 32:
            self.store_byte(ITARGETSR + intid, 1 << target, cpu)
        if edge:
            word = ICFGR + intid // 16 * 4
            self.store(word, self.load(word, cpu) | 2 << intid % 16 * 2, cpu)
        self.set_bit(ISENABLER, intid, cpu)

    def acknowledge(self, cpu: int = 0) -> int:
        """GICC_IAR."""
        return self.load(IAR, cpu)

    def end(self, iar: int, cpu: int = 0) -> Result:
        """GICC_EOIR."""
        return self.store(EOIR, iar, cpu)

    def line(self, cpu: int = 0) -> bool:
        """ISR_EL1.I, after the vCPU has had the time to see it."""
        return self.do(load32(cpu, PMR)).line

    def take(self, cpu: int = 0) -> list[int]:
        """Unmask IRQs and FIQs for a moment; what the handler kept, oldest first."""
        return taken(self.do(Entry(cpu, Action.TAKE)).value)

    def drain(self, cpu: int = 0) -> list[int]:
        """Acknowledge and end, until there is nothing more."""
        seen = []
        while (iar := self.acknowledge(cpu)) < 1020 or iar > SPURIOUS:
            seen.append(iar)
            self.end(iar, cpu)
        return seen

    def raise_line(self, intid: int, cpu: int = 0) -> None:
        """Drive the line high, and let every vCPU see what follows."""
        self.do(store32(cpu, RAISE, intid), *self.everybody())

    def lower_line(self, intid: int, cpu: int = 0) -> None:
        """Stop driving it."""
        self.do(store32(cpu, LOWER, intid), *self.everybody())

    def pulse(self, intid: int, cpu: int = 0) -> None:
        """An edge."""
        self.do(store32(cpu, PULSE, intid), *self.everybody())

    def sgi(self, cpu: int, sgi: int, *, targets: int = 0, filter_: int = 0) -> None:
        """GICD_SGIR."""
        self.do(store32(cpu, SGIR, filter_ << 24 | targets << 16 | sgi), *self.everybody())

    def everybody(self) -> list[Entry]:
        """Entries that let each vCPU run, and so take what EL2 has for it."""
        vcpus = self.machine.hypervisor.vcpus
        return [load32(v.index, PMR) for v in vcpus if v.runnable and v.index] + [load32(0, PMR)]

    def suspend(self, cpu: int) -> None:
        """CPU_SUSPEND to a powerdown state; the vCPU goes on as soon as an interrupt wakes it."""
        self.do(Entry(cpu, Action.SUSPEND), *[load32(0, PMR)] * 4)

    def switches(self) -> list[Event]:
        """The world switches since the last question."""
        seen = [event for event in self.events if type(event).world_switch]
        self.events.clear()
        return seen


def taken(value: int) -> list[int]:
    """The values of GICC_IAR in a result of TAKE, oldest first."""
    values = [value >> shift & 0xFFFF for shift in (48, 32, 16, 0)]
    return [iar for iar in values if iar]
