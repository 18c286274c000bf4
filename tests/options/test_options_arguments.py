# SPDX-License-Identifier: MIT
"""Wrong arguments of a machine's methods: one clear line at the call, never an error from inside."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from harness import HarnessError, Machine, StopReason, until
from harness.asm import assemble

BASE = 0x4000_0000


@pytest.fixture
def machine() -> Iterator[Machine]:
    with Machine(cpus=2, memory="2M", virtconsole=True) as machine:
        machine.load(assemble("_start: b .\n"))
        yield machine


@pytest.mark.parametrize(
    ("use", "message"),
    [
        (lambda m: m.run("ready"), "run('ready'): a condition is needed, such as until.symbol(\"ready\")"),
        (lambda m: m.run(until.symbol), "run(<function symbol"),
        (lambda m: m.run(limit="5"), "limit='5': a whole number of instructions is needed, not '5'"),
        (lambda m: m.run(limit=True), "limit=True: a whole number of instructions is needed, not True"),
        (lambda m: m.at(5, 3), "at(5): a function of the machine, or a stimulus as text, is needed, not 3"),
        (lambda m: m.at("5", "spi=1"), "at('5'): a whole number of ticks is needed, not '5'"),
        (lambda m: m.at(5, "gpio=1"), "no stimulus `gpio=1`"),
        (lambda m: m.ledger.per_interrupt("timer"), "intid='timer': a whole number is needed"),
        (lambda m: m.listen(3), "listen(): a function of an event is needed, not 3"),
        (lambda m: m.load(3), "source=3: a path is needed"),
        (lambda m: m.load("x.S", toolchain=3), "toolchain=3: a path is needed"),
        (lambda m: m.load("a\0b"), r"source: 'a\x00b' cannot be a path"),
        (lambda m: m.load("x.S", initrd="a\0b"), r"initrd: 'a\x00b' cannot be a path"),
        (lambda m: m.load_bios("a\0b"), r"path: 'a\x00b' cannot be a path"),
        (lambda m: m.load_bios("x.bin", flash="\ud800"), r"flash: '\ud800' cannot be a path"),
        (lambda m: m.load("x.S", append=3), "append=3: text is needed"),
        (lambda m: m.load("x.S", initrd=3), "initrd=3: a path is needed"),
        (lambda m: m.load("x.S", dtb=3), "dtb=3: a path is needed"),
        (lambda m: m.load_bios(3), "path=3: a path is needed"),
        (lambda m: m.load_bios("x.bin", flash=3), "flash=3: a path is needed"),
        (lambda m: m.cpus[9], "cpus[9]: the machine has CPUs 0 to 1"),
        (lambda m: m.cpus["0"], "cpus['0']: the machine has CPUs 0 to 1"),
        (lambda m: m.board.lines["x"], "no interrupt line 'x': lines are INTID 32 to 287"),
        (lambda m: m.board.lines[9], "no interrupt line 9: lines are INTID 32 to 287"),
        (lambda m: m.console.feed(3), "feed(): bytes are needed, not 3"),
        (lambda m: m.virtconsole.feed([3]), "feed(): bytes are needed, not [3]"),
        (lambda m: m.memory.read("x", 1), "address='x': a whole number is needed"),
        (lambda m: m.memory.read(BASE, "x"), "size='x': a whole number is needed"),
        (lambda m: m.memory.read(float(BASE), 1), "address=1073741824.0: a whole number is needed"),
        (lambda m: m.memory.read(BASE, -1), "-1 bytes at 0x40000000: a size cannot be negative"),
        (lambda m: m.memory.read(0, 1), "1 byte at 0x0: not RAM"),
        (lambda m: m.memory.write(BASE, "text"), "data: bytes are needed, not 'text'"),
        (lambda m: m.memory.write(BASE, 3), "data: bytes are needed, not 3"),
        (lambda m: m.memory.write(None, b""), "address=None: a whole number is needed"),
        (lambda m: m.memory.u32("x"), "address='x': a whole number is needed"),
        (lambda m: m.memory.write_u8(BASE, "x"), "value='x': a whole number is needed"),
        (lambda m: m.memory.write_u64(BASE, 1.5), "value=1.5: a whole number is needed"),
    ],
)
def test_a_wrong_argument_is_told_at_the_call(
    machine: Machine, use: Callable[[Machine], object], message: str
) -> None:
    with pytest.raises(HarnessError) as caught:
        use(machine)
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)
    assert machine.run(limit=5).reason is StopReason.LIMIT


def test_the_cpus_are_a_sequence(machine: Machine) -> None:
    assert [cpu.index for cpu in machine.cpus] == [0, 1]
    assert [cpu.index for cpu in machine.cpus[:1]] == [0]
    assert machine.cpus[-1].index == 1
    assert len(machine.cpus) == 2
    with pytest.raises(IndexError):
        machine.cpus[2]


def test_a_number_of_another_kind_is_one(machine: Machine) -> None:
    class Address(int):
        pass

    machine.memory.write_u16(Address(BASE), Address(0x1_2345))
    assert machine.memory.u16(Address(BASE)) == 0x2345
