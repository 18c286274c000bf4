# SPDX-License-Identifier: MIT
"""Virtual time: an instruction is a tick, idle time is jumped over, stimuli come at their exact tick."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from harness import ConfigError, Machine, StopReason

Make = Callable[..., Machine]

READS_THE_COUNTER = """
main:   isb
loop:   mrs x19, cntvct_el0
        b loop
"""
SLEEPS = """
main:   mov x1, #0
        mov x2, #27
        rvic_call RVIC_CLEAR_MASKED
        rvic_call RVIC_ENABLE
        mrs x20, cntvct_el0
        movz x0, #15, lsl #16
        add x21, x20, x0
        msr cntv_cval_el0, x21
        mov x0, #1
        msr cntv_ctl_el0, x0
        wfi
        mrs x22, cntvct_el0
        b psci_system_off
"""
SERVES_37 = """
main:   mov x1, #0
        mov x2, #37
        rvic_call RVIC_CLEAR_MASKED
        mov x1, #5
        mov x2, #0
        mov x3, #37
        rvid_call RVID_MAP
        rvic_call RVIC_ENABLE
        mov x19, #0
wait:   wfi
        rvic_call RVIC_ACKNOWLEDGE
        mrs x20, cntvct_el0
        add x19, x19, #1
        mov x2, x1
        mov x1, #0
        rvic_call RVIC_CLEAR_MASKED
        b wait
"""


@pytest.mark.parametrize("tick", [0, 1, 2, 3, 1000, 1001, 9_999])
@pytest.mark.parametrize("backend", ["c", "view", "api"])
def test_an_action_comes_at_its_exact_tick(guest: Make, tick: int, backend: str) -> None:
    machine = guest(READS_THE_COUNTER, backend=backend)
    seen: list[tuple[int, int, int, int]] = []
    machine.at(tick, lambda m: seen.append((m.ticks, m.instructions, m.cpus[0].pc, m.cpus[0].x[19])))
    machine.run(limit=10_000)
    # `b main` and the ISB are ticks 1 and 2; then every odd tick ends an MRS, which read that very tick.
    start = {0: machine.symbols["_start"], 1: machine.symbols["main"]}
    place = start.get(tick, machine.symbols["loop"] + 4 * (tick & 1))
    read = tick - 1 + (tick & 1) if tick > 2 else 0
    assert seen == [(tick, tick, place, read)]


@pytest.mark.parametrize("backend", ["c", "view", "api"])
def test_the_counters_count_instructions(guest: Make, backend: str) -> None:
    """CNTVCT_EL0 and CNTPCT_EL0 (D13.8): the same here, and the reading instruction is counted."""
    registers = ("cntvct", "cntvct", "cntpct", "cntvct")
    reads = "".join(f" mrs x{n}, {register}_el0\n nop\n" for n, register in enumerate(registers, 10))
    machine = guest(f"main:\n{reads} b psci_system_off\n", backend=backend)
    machine.run(limit=100)
    assert list(machine.cpus[0].x[10:14]) == [2, 4, 6, 8]
    assert machine.ticks == machine.instructions


def test_actions_of_one_tick_come_in_the_order_in_which_they_were_scheduled(guest: Make) -> None:
    machine = guest(READS_THE_COUNTER)
    seen: list[str] = []
    for name in "cab":
        machine.at(500, lambda _, name=name: seen.append(name))  # type: ignore[misc]  # bound in a loop
    machine.at(400, lambda m: m.at(500, lambda _: seen.append("late")))
    machine.at(400, lambda m: m.at(400, lambda _: seen.append("now")))
    machine.run(limit=1000)
    assert seen == ["now", "c", "a", "b", "late"]


def test_an_action_in_the_past_is_refused(guest: Make) -> None:
    machine = guest(READS_THE_COUNTER)
    machine.run(limit=10)
    machine.at(10, lambda _: None)
    with pytest.raises(ConfigError, match=r"at\(9\): the machine is at tick 10 already"):
        machine.at(9, lambda _: None)


def test_stimuli_of_past_runs_are_kept_for_later_ones(guest: Make) -> None:
    machine = guest(READS_THE_COUNTER)
    seen: list[int] = []
    machine.at(25, lambda m: seen.append(m.ticks))
    machine.run(limit=20)
    assert seen == []
    machine.run(limit=20)
    assert seen == [25]


def test_time_jumps_while_every_cpu_waits(guest: Make) -> None:
    machine = guest(SLEEPS)
    stop = machine.run(limit=1000)
    assert stop.reason is StopReason.POWER_OFF
    cpu = machine.cpus[0]
    assert 0 <= cpu.x[22] - cpu.x[21] <= 2
    assert machine.ticks > 15 << 16 > machine.instructions
    assert machine.ticks - machine.instructions == pytest.approx(15 << 16, abs=10)


def test_time_does_not_jump_while_another_cpu_runs(guest: Make) -> None:
    source = (
        SLEEPS.replace("main:", "main: mov x0, #1\n adr x1, busy\n mov x2, #0\n bl psci_cpu_on\n", 1)
        + "busy: b busy\n"
    )
    machine = guest(source, cpus=2)
    assert machine.run(limit=2_000_000).reason is StopReason.POWER_OFF
    assert machine.ticks == machine.instructions


@pytest.mark.parametrize("tick", [50, 51, 1_000, 1_000_000])
def test_a_device_wakes_a_waiting_cpu_at_its_exact_tick(guest: Make, tick: int) -> None:
    machine = guest(SERVES_37)
    machine.at(tick, "spi=5")
    machine.at(tick + 500, "line=37:pulse")
    stop = machine.run(limit=1000)
    assert stop.reason is StopReason.IDLE
    assert machine.cpus[0].x[19] == 2
    assert 0 <= machine.cpus[0].x[20] - (tick + 500) <= 5


def test_a_line_of_the_host_is_seen_before_the_next_instruction(guest: Make) -> None:
    machine = guest(SERVES_37)
    assert machine.run(limit=1000).reason is StopReason.IDLE
    for count in range(1, 4):
        line = machine.board.lines[37]
        line.high()
        assert line.level
        line.low()
        machine.run(limit=1000)
        assert machine.cpus[0].x[19] == count


def test_the_console_is_fed_at_a_tick(guest: Make) -> None:
    source = """
main:   mov x1, #0x09000000
1:      ldr w0, [x1, #0x18]     // UARTFR
        tbnz w0, #4, 1b         // RXFE
        ldr w19, [x1]
        mrs x20, cntvct_el0
        b psci_system_off
"""
    machine = guest(source)
    machine.at(5000, "uart=A")
    assert machine.run(limit=10_000).reason is StopReason.POWER_OFF
    assert machine.cpus[0].x[19] == ord("A")
    assert 0 <= machine.cpus[0].x[20] - 5000 <= 5


# More ticks than one for an instruction


def test_an_instruction_may_take_many_ticks(guest: Make) -> None:
    machine = guest(READS_THE_COUNTER, ticks_per_instruction=50)
    assert machine.run(limit=3).reason is StopReason.LIMIT
    assert machine.cpus[0].x[19] == machine.ticks == 150


def test_idle_time_is_jumped_over_to_the_tick(guest: Make) -> None:
    """A deadline between two instructions comes with the second."""
    machine = guest(SLEEPS, ticks_per_instruction=7)
    assert machine.run(limit=1000).reason is StopReason.POWER_OFF
    began, deadline, woke = machine.cpus[0].x[20:23]
    assert deadline - began == 15 << 16
    assert woke == deadline + 7


@pytest.mark.parametrize("ticks", [0, -1, 1_000_001])
def test_ticks_of_an_instruction_are_bounded(ticks: int) -> None:
    with pytest.raises(ConfigError, match="ticks_per_instruction"):
        Machine(ticks_per_instruction=ticks)


def test_a_stimulus_comes_with_the_first_instruction_at_or_after_its_tick(guest: Make) -> None:
    seen = []
    machine = guest(READS_THE_COUNTER, ticks_per_instruction=50)
    for tick in (101, 149, 150, 151):
        machine.at(tick, lambda m: seen.append(m.ticks))
    machine.run(limit=10)
    assert seen == [150, 150, 150, 200]
