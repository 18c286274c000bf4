# SPDX-License-Identifier: MIT
"""Conditions that end a run: each stops it with the next instruction not yet executed."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from harness import ConfigError, Machine, StopReason, until

Make = Callable[..., Machine]

COUNT = """
main:   mov x19, #0
loop:   add x19, x19, #1
after:  b loop
"""
TWO_CPUS = """
main:   mov x0, #1
        adr x1, second
        mov x2, #0
        bl psci_cpu_on
        mov x19, #0
loop:   add x19, x19, #1
        b loop
second: mov x19, #0
        b loop
"""
TAKES_IRQS = """
main:   adr x0, vectors
        msr vbar_el1, x0
        mov x1, #0
        mov x2, #3
        rvic_call RVIC_CLEAR_MASKED
        rvic_call RVIC_ENABLE
        msr daifclr, #2
again:  mov x1, #0
        mov x2, #3
        rvic_call RVIC_SIGNAL
taken:  add x19, x19, #1
        b again
        .balign 0x800
vectors: .space 0x280
        rvic_call RVIC_ACKNOWLEDGE
        mov x2, x1
        mov x1, #0
        rvic_call RVIC_CLEAR_MASKED
        eret
"""
PRINTS = """
main:   bl hello
        bl hello
        b psci_system_off
hello:  mov x1, #0x09000000
        mov w0, #'h'
        strb w0, [x1]
        mov w0, #'i'
        strb w0, [x1]
done:   ret
"""


def test_symbol_each_time_it_is_reached(guest: Make) -> None:
    machine = guest(COUNT)
    for n in range(1, 6):
        stop = machine.run(until.symbol("after"), limit=100)
        assert (stop.reason, stop.pc) == (StopReason.UNTIL, machine.symbols["after"])
        assert machine.cpus[0].x[19] == n


def test_symbol_of_one_cpu(guest: Make) -> None:
    machine = guest(TWO_CPUS, cpus=2)
    stop = machine.run(until.symbol("loop", cpu=1), limit=10_000)
    assert (stop.reason, stop.cpu, stop.detail) == (StopReason.UNTIL, 1, "CPU1 reached `loop`")
    assert machine.cpus[1].pc == machine.symbols["loop"]
    assert machine.cpus[0].x[19] > 1  # CPU0 came by unnoticed


def test_symbol_that_there_is_not(guest: Make) -> None:
    with pytest.raises(ConfigError, match=r"the guest has no such symbol; did you mean `after`\?"):
        guest(COUNT).run(until.symbol("aftr"))


def test_pc(guest: Make) -> None:
    machine = guest(COUNT)
    where = machine.symbols["after"]
    stop = machine.run(until.pc(where), limit=100)
    assert (stop.reason, stop.pc, stop.detail) == (StopReason.UNTIL, where, f"a CPU reached {where:#x}")


def test_irq_taken(guest: Make) -> None:
    """The PC is the vector, and nothing there was executed (D1.10.2)."""
    machine = guest(TAKES_IRQS)
    for n in range(3):
        stop = machine.run(until.irq_taken(cpu=0), limit=1000)
        assert (stop.reason, stop.cpu, stop.detail) == (StopReason.UNTIL, 0, "CPU0 took a virtual IRQ")
        assert stop.pc == machine.symbols["vectors"] + 0x280
        assert machine.cpus[0].sysreg["ELR_EL1"] == machine.symbols["taken"]
        assert machine.cpus[0].x[19] == n


@pytest.mark.parametrize("low", [1, 0x10, 0x400, 0x7FF])
def test_irq_taken_with_a_vector_base_that_is_not_aligned(guest: Make, low: int) -> None:
    """VBAR_EL1[10:0] are RES0 (D17.2.152): the CPU, the host and who watches the vectors have one address."""
    source = TAKES_IRQS.replace("msr vbar_el1, x0", f"mov x1, #{low}\norr x0, x0, x1\nmsr vbar_el1, x0")
    assert source != TAKES_IRQS
    machine = guest(source)
    stop = machine.run(until.irq_taken(), limit=1000)
    assert stop.reason is StopReason.UNTIL
    assert stop.pc == machine.symbols["vectors"] + 0x280
    assert machine.cpus[0].sysreg["VBAR_EL1"] == machine.symbols["vectors"]
    machine.cpus[0].sysreg["VBAR_EL1"] |= low
    assert machine.cpus[0].sysreg["VBAR_EL1"] == machine.symbols["vectors"]
    assert machine.run(until.irq_taken(), limit=1000).pc == machine.symbols["vectors"] + 0x280


def test_irq_taken_by_another_cpu_does_not_count(guest: Make) -> None:
    stop = guest(TAKES_IRQS, cpus=2).run(until.irq_taken(cpu=1), limit=1000)
    assert stop.reason is StopReason.LIMIT


@pytest.mark.parametrize("count", [1, 2, 1000])
def test_instructions(guest: Make, count: int) -> None:
    machine = guest(TWO_CPUS, cpus=2)
    machine.run(limit=500)
    stop = machine.run(until.instructions(count))
    assert (stop.reason, stop.instructions, machine.instructions) == (StopReason.UNTIL, count, 500 + count)


def test_instructions_needs_one_at_least() -> None:
    with pytest.raises(ConfigError, match="at least 1"):
        until.instructions(0)


def test_tick(guest: Make) -> None:
    machine = guest(COUNT)
    stop = machine.run(until.tick(1234))
    assert (stop.reason, machine.ticks, stop.detail) == (StopReason.UNTIL, 1234, "tick 1234 was reached")


def test_tick_of_an_idle_machine(guest: Make) -> None:
    """Time passes up to it, though nothing else happens."""
    machine = guest("main: wfi\n b main\n")
    stop = machine.run(until.tick(1_000_000))
    assert (stop.reason, machine.ticks, stop.instructions) == (StopReason.UNTIL, 1_000_000, 2)


def test_console(guest: Make) -> None:
    """The run ends at the store that completed the text."""
    machine = guest(PRINTS)
    stop = machine.run(until.console("hih"))
    assert (stop.reason, stop.detail) == (StopReason.UNTIL, "the console showed 'hih'")
    assert machine.console.text == "hih"
    assert stop.pc == machine.symbols["done"] - 8  # past the second `h`, before the next instruction


def test_the_first_of_several_conditions_ends_the_run(guest: Make) -> None:
    machine = guest(COUNT)
    stop = machine.run(until.tick(10_000), until.symbol("after"), until.instructions(50))
    assert stop.detail == "a CPU reached `after`"
    stop = machine.run(until.tick(10_000), until.instructions(50))
    assert stop.detail == "50 instructions were retired"
    assert machine.run(limit=9).reason is StopReason.LIMIT  # none of them is watched for any more
