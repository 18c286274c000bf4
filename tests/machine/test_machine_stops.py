# SPDX-License-Identifier: MIT
"""Every reason for which a run ends, and what it tells people."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from harness import ConfigError, GuestError, Machine, StopReason, until
from harness.image import Program, Segment, Symbols

Make = Callable[..., Machine]

ENABLED = """
        rvic_call RVIC_ENABLE
"""
UNMASK = """
        mov x1, #0
        mov x2, #{}
        rvic_call RVIC_CLEAR_MASKED
"""
TIMER_ON = """
        msr cntv_cval_el0, xzr
        mov x0, #1
        msr cntv_ctl_el0, x0
"""
IDLE = """
idle:   wfi
        b idle
"""


def test_power_off(guest: Make) -> None:
    machine = guest("main: nop\n nop\n b psci_system_off\n")
    stop = machine.run()
    assert (stop.reason, stop.cpu, stop.ok) == (StopReason.POWER_OFF, 0, True)
    assert stop.detail == "the guest called PSCI SYSTEM_OFF"
    assert stop.instructions == machine.instructions == machine.ticks == 7


def test_reset(guest: Make) -> None:
    stop = guest("main: b psci_system_reset\n").run()
    assert (stop.reason, stop.ok, stop.detail) == (
        StopReason.RESET,
        False,
        "the guest called PSCI SYSTEM_RESET",
    )


@pytest.mark.parametrize("code", [0, 3, 255])
def test_exit(guest: Make, code: int) -> None:
    machine = guest(
        f'main: adr x0, stack\n mov sp, x0\n mov x0, #{code}\n b exit\n#include "exit.inc"\n.space 64\nstack:\n'
    )
    stop = machine.run()
    assert (stop.reason, stop.code, stop.ok) == (StopReason.EXIT, code, code == 0)
    assert stop.detail == f"the guest exited with code {code}"


def test_until(guest: Make) -> None:
    machine = guest("main: nop\nready: b .\n")
    stop = machine.run(until.symbol("ready"))
    assert (stop.reason, stop.cpu, stop.pc) == (StopReason.UNTIL, 0, machine.symbols["ready"])
    assert (stop.instructions, stop.detail) == (2, "a CPU reached `ready`")


def test_limit(guest: Make) -> None:
    machine = guest("main: nop\nloop: b loop\n")
    stop = machine.run(limit=1000)
    assert (stop.reason, stop.instructions, stop.ok) == (StopReason.LIMIT, 1000, False)
    assert stop.detail == "1,000 instructions without an end: CPU0 is at `loop` (guest.S:5)"


@pytest.mark.parametrize(
    ("setup", "why"),
    [
        (ENABLED + TIMER_ON, "INTID 27 pending but masked in RVIC"),
        (UNMASK.format(3), "no interrupt is pending, and its RVIC instance is disabled"),
        (ENABLED + UNMASK.format(27), "no interrupt is pending"),
    ],
)
def test_idle_is_diagnosed(guest: Make, setup: str, why: str) -> None:
    machine = guest(f"main:\n{setup}{IDLE}")
    stop = machine.run(limit=1000)
    place = machine.cpus[0].pc - 4
    assert place == machine.symbols["idle"]
    assert (stop.reason, stop.cpu) == (StopReason.IDLE, 0)
    line = stop.detail.partition("guest.S:")[2].partition(")")[0]
    assert line.isdecimal()
    assert stop.detail == f"CPU0 waits at `idle` (guest.S:{line}); nothing armed can wake it: {why}"


def test_idle_names_what_a_disabled_instance_holds_back(guest: Make) -> None:
    signal = UNMASK.format(3).replace("CLEAR_MASKED", "SIGNAL")
    machine = guest(f"main:\n{ENABLED}{UNMASK.format(3)}{signal}\n rvic_call RVIC_DISABLE\n nop\n{IDLE}")
    stop = machine.run(limit=1000)
    assert stop.reason is StopReason.IDLE
    assert "INTID 3 " in stop.detail
    assert "disabled" in stop.detail


def test_idle_tells_of_every_cpu_that_is_on(guest: Make) -> None:
    machine = guest(
        f"""
main:   mov x0, #1
        adr x1, second
        mov x2, #0
        bl psci_cpu_on
        {IDLE}
second: nop
        wfi
        b second
        """,
        cpus=3,
    )
    stop = machine.run(limit=10_000)
    assert stop.reason is StopReason.IDLE
    lines = stop.detail.splitlines()
    assert [line.partition(" (")[0] for line in lines] == [
        "CPU0 waits at `idle`",
        "CPU1 waits at `second+0x4`",
    ]


def test_an_idle_machine_goes_on_when_something_happens(guest: Make) -> None:
    route = " mov x1, #5\n mov x2, #0\n mov x3, #37\n rvid_call RVID_MAP\n"
    machine = guest(f"main:\n{ENABLED}{UNMASK.format(37)}{route} wfi\n b psci_system_off\n")
    assert machine.run(limit=1000).reason is StopReason.IDLE
    machine.board.lines[37].pulse()
    assert machine.run(limit=1000).reason is StopReason.POWER_OFF


@pytest.mark.parametrize(
    ("source", "exception"),
    [
        ("main: udf #0\n", "CPU0 at"),
        ("main: mov x0, #0x0c000000\n ldr x1, [x0]\n", "data abort"),
        (
            "main: mov x0, #0x0c000000\n br x0\n",
            "CPU0 jumped to 0xc000000, and nothing can be fetched there: ext",
        ),
        (
            "main: mov x0, #0x40200000\n ldr w1, =0xd503201f\n str w1, [x0, #-4]\n sub x0, x0, #4\n br x0\n",
            "CPU0 ran to 0x40200000, and nothing can be fetched there: external abort",
        ),
        ("main: svc #0\n", "the exception vector at 0x200"),
    ],
)
def test_fault(guest: Make, source: str, exception: str) -> None:
    stop = guest(source, memory="2M").run(limit=1000)
    assert (stop.reason, stop.cpu, stop.ok) == (StopReason.FAULT, 0, False)
    assert exception in stop.detail
    assert "VBAR_EL1 is 0: was it set?" in stop.detail


MMU_ON = """
main:   ldr x1, =table
        ldr x0, ={descriptor:#x}
        str x0, [x1, #8]
        ldr x0, ={tcr:#x}
        msr tcr_el1, x0
        msr ttbr0_el1, x1
        isb
        mrs x0, sctlr_el1
        orr x0, x0, #1
        msr sctlr_el1, x0
on:     isb
        b psci_system_off
        .balign 4096
table:  .space 4096
"""
TCR_39 = 0x2_0000_3519


@pytest.mark.parametrize(
    ("descriptor", "tcr", "fault"),
    [
        (0x4000_0305, TCR_39, "access flag fault, level 1"),
        (0x4000_0745, TCR_39, "permission fault, level 1"),  # what EL0 may write, EL1 may not execute
        (0x20_0000_4000_0705, TCR_39, "permission fault, level 1"),
        (0, TCR_39, "translation fault, level 1"),
        (0x4000_0705, 0, "translation fault, level 0"),  # of the reset value of TCR_EL1
    ],
)
def test_the_fetch_after_the_mmu_is_on(guest: Make, descriptor: int, tcr: int, fault: str) -> None:
    """Kind and level of the fault, where it is; nothing has jumped."""
    stop = guest(MMU_ON.format(descriptor=descriptor, tcr=tcr)).run(limit=1000)
    assert stop.reason is StopReason.FAULT
    assert stop.detail.startswith("CPU0 cannot fetch from `on` (")
    assert f") with the MMU on: {fault}. It could not be handled" in stop.detail
    assert "jumped" not in stop.detail


def test_a_run_needs_a_guest_and_a_limit_above_zero(guest: Make) -> None:
    with Machine(memory="1M") as machine, pytest.raises(ConfigError, match="no guest to run"):
        machine.run()
    with pytest.raises(ConfigError, match="at least 1"):
        guest("main: b .\n").run(limit=0)


@pytest.mark.parametrize(
    ("use", "message"),
    [
        (lambda m: m.run(limit=10.5), "limit=10.5: a whole number of instructions is needed, not 10.5"),
        (lambda m: m.at(1000.5, "spi=1"), r"at\(1000.5\): a whole number of ticks is needed"),
        (lambda m: m.at(-1, "spi=1"), r"at\(-1\): at least 0 ticks are needed"),
        (lambda m: m.run(until.tick(-1)), r"until.tick\(-1\): at least 0 ticks"),
        (lambda m: m.run(until.tick("9")), r"until.tick\('9'\): a whole number of ticks is needed, not '9'"),
        (lambda m: m.run(until.instructions(2.5)), r"until.instructions\(2.5\): a whole number"),
        (lambda m: m.run(until.pc(-4)), "until.pc: address=-4: at least 0"),
        (
            lambda m: m.run(until.irq_taken(cpu=9)),
            r"until.irq_taken\(cpu=9\): the machine has CPUs 0 to 1",
        ),
        (lambda m: m.run(until.symbol("main", cpu=2)), r"until.symbol\(cpu=2\): the machine has CPUs 0 to 1"),
        (lambda m: m.run(until.pc(0, cpu=-1)), r"until.pc\(cpu=-1\): the machine has CPUs 0 to 1"),
        (lambda m: m.memory.read(0x4000_0000, -3), "-3 bytes at 0x40000000: a size cannot be negative"),
    ],
)
def test_an_argument_that_makes_no_sense_is_refused(
    guest: Make, use: Callable[[Machine], object], message: str
) -> None:
    machine = guest("main: b .\n", cpus=2)
    with pytest.raises(ConfigError, match=message):
        use(machine)
    assert machine.run(limit=5).reason is StopReason.LIMIT


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"cpus": 0}, "cpus"),
        ({"cpus": 9}, "cpus"),
        ({"controller": "apic"}, "controller"),
        ({"profile": "xen"}, "profile"),
        ({"ack_order": "lifo"}, "order"),
        ({"trusted": 31}, "trusted"),
        ({"untrusted": 33}, "untrusted"),
        ({"trusted": 1024, "untrusted": 2048}, "2048"),
        ({"memory": "1X"}, "memory"),
        ({"memory": 1000}, "memory"),
        ({"quantum": 0}, "quantum"),
        ({"backend": "magic"}, "backend"),
        ({"cpu": "pentium"}, "pentium"),
    ],
)
def test_a_machine_out_of_range_is_refused(options: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        Machine(**options)  # type: ignore[arg-type]  # wrong on purpose


def test_a_guest_larger_than_ram_is_refused() -> None:
    with Machine(memory="1M") as machine:
        big = Program(
            0x4008_0000, (Segment(0x4008_0000, b"", 2 << 20, False),), Symbols({}), "flat", path=Path("x.bin")
        )
        with pytest.raises(GuestError, match="do not fit into RAM, which is 1,048,576 bytes"):
            machine.load(big)
