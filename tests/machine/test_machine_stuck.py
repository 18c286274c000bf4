# SPDX-License-Identifier: MIT
"""Guests that can never go on: a CPU that cannot leave its loop, one that restarts itself for ever."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from thorough import ALL

from harness import Machine, Stop, StopReason, until
from harness.asm import assemble
from harness.run.closed_loops import FIRST_LOOK, LONGEST

Make = Callable[..., Machine]
LIMIT = 4 * FIRST_LOOK
TIMER = """
        mov x0, #{}
        msr cntv_cval_el0, x0
        mov x0, #1
        msr cntv_ctl_el0, x0
"""
SECOND = """
        mov x0, #1
        adr x1, second
        bl psci_cpu_on
"""


@pytest.mark.parametrize(
    ("loop", "what"),
    [
        ("loop: b .", "`loop` (guest.S:5), which branches to itself"),
        ("loop: nop\n yield\n b loop", "the loop of 3 instructions at"),
        ("adr x1, flag\nloop: ldr w2, [x1]\n cbz w2, loop\nflag: .word 0", "the loop of 2 instructions at"),
        ("adr x1, flag\nloop: ldar w2, [x1]\n dmb ish\n tbz w2, #0, loop\nflag: .word 0", "the loop of 3"),
        ("mov x0, #3\nloop: cbz x0, 1f\n sub x0, x0, #1\n b loop\n1: b 1b", "which branches to itself"),
        ("mov x0, #5\nloop: eor x0, x0, #1\n b loop", "the loop of 4 instructions"),
    ],
)
def test_a_cpu_that_can_never_leave_its_loop_ends_the_run(guest: Make, loop: str, what: str) -> None:
    machine = guest(f"main: nop\n{loop}\n", cpus=2)
    stop = machine.run(limit=LIMIT)
    assert (stop.reason, stop.cpu, stop.ok) == (StopReason.STUCK, 0, False)
    assert stop.detail.startswith("CPU0 can never leave ")
    assert what in stop.detail
    assert stop.detail.endswith(": it masks interrupts (PSTATE.I and F are set)")
    assert FIRST_LOOK < stop.instructions <= FIRST_LOOK + 2 * LONGEST


@pytest.mark.parametrize(
    "loop",
    [
        "add x0, x0, #1\n b loop",
        "str x0, [sp]\n b loop",
        "mrs x0, cntvct_el0\n b loop",
        "mrs x0, cntv_ctl_el0\n b loop",
        "ldr w0, [x20]\n b loop",
        "ldxr x0, [sp]\n b loop",
        "ldr x0, [sp]\n add x0, x0, #1\n str x0, [sp]\n mov x0, #0\n b loop",
        "fadd d0, d0, d1\n b loop",
        "msr tpidr_el0, x0\n b loop",
        ".inst 0xf82003e1\n b loop",
    ],
    ids=[
        "counts",
        "stores",
        "time",
        "timer",
        "device",
        "exclusive",
        "counts-in-memory",
        "float",
        "msr",
        "atomic",
    ],
)
def test_a_loop_that_may_change_something_goes_on(guest: Make, loop: str) -> None:
    counted = f"ldr x3, ={FIRST_LOOK // 2 - 100}\n1: subs x3, x3, #1\n b.ne 1b\n"
    setup = "mov x0, #0x300000\n msr cpacr_el1, x0\n ldr x20, =0x09000018\n adr x1, stack\n mov sp, x1\n"
    machine = guest(f"main: {setup}{counted}loop: {loop}\n .balign 16\nstack: .quad 0, 0\n", cpu="max")
    assert machine.run(limit=FIRST_LOOK + 5000).reason is StopReason.LIMIT


def test_an_interrupt_to_come_may_end_it(guest: Make) -> None:
    """With PSTATE.I clear the timer is armed; when it has fired, and nobody listens to it, nothing is."""
    machine = guest(f"main: {TIMER.format(3 * FIRST_LOOK)}\n msr daifclr, #2\nloop: b .\n")
    stop = machine.run(limit=8 * FIRST_LOOK)
    assert stop.reason is StopReason.STUCK
    assert stop.instructions > 3 * FIRST_LOOK
    assert "nothing armed can interrupt it" in stop.detail


def test_one_that_is_masked_for_good_does_not(guest: Make) -> None:
    stop = guest(f"main: {TIMER.format(3 * FIRST_LOOK)}\nloop: b .\n").run(limit=LIMIT)
    assert stop.reason is StopReason.STUCK
    assert stop.instructions < FIRST_LOOK + LONGEST


def test_one_that_is_signalled_and_masked_is_told(guest: Make) -> None:
    enabled = "rvic_call RVIC_ENABLE\n mov x1, #0\n mov x2, #27\n rvic_call RVIC_CLEAR_MASKED"
    stop = guest(f"main: {enabled}\n{TIMER.format(0)}\nloop: wfi\n nop\n b loop\n").run(limit=LIMIT)
    assert stop.reason is StopReason.STUCK
    assert stop.detail.endswith("an interrupt is signalled to it, but PSTATE.I masks it")


@pytest.mark.parametrize("stimulus", ["spi=1", "uart=x"])
def test_a_stimulus_to_come_may_end_it(guest: Make, stimulus: str) -> None:
    machine = guest("main: nop\nloop: b .\n")
    machine.at(2 * FIRST_LOOK + 5, stimulus)
    stop = machine.run(limit=LIMIT)
    assert stop.reason is StopReason.STUCK
    assert stop.instructions > 2 * FIRST_LOOK


def test_what_was_asked_for_comes_first(guest: Make) -> None:
    machine = guest("main: nop\nloop: b .\n")
    assert machine.run(limit=FIRST_LOOK).reason is StopReason.LIMIT
    assert machine.run(until.instructions(LIMIT)).reason is StopReason.UNTIL
    assert machine.run(until.tick(machine.ticks + LIMIT)).reason is StopReason.UNTIL
    assert machine.run(until.symbol("loop")).reason is StopReason.UNTIL
    assert machine.run(until.console("never")).reason is StopReason.STUCK


def test_with_several_cpus_none_may_be_able_to_go_on(guest: Make) -> None:
    released = f"main: {SECOND}\nloop: adr x1, flag\n1: ldr w2, [x1]\n cbz w2, 1b\n b psci_system_off\n"
    wait = "second: mov x3, #{}\n1: subs x3, x3, #1\n b.ne 1b\n"
    release = " adr x1, flag\n mov w2, #1\n str w2, [x1]\n b .\nflag: .word 0\n"
    stop = guest(released + wait.format(2 * FIRST_LOOK) + release, cpus=2).run(limit=16 * FIRST_LOOK)
    assert stop.reason is StopReason.POWER_OFF
    stop = guest(released + "second: b .\nflag: .word 0\n", cpus=2).run(limit=LIMIT)
    assert stop.reason is StopReason.STUCK
    assert [line[:22] for line in stop.detail.splitlines()] == [
        "CPU0 can never leave t",
        "CPU1 can never leave `",
    ]
    stop = guest(released + "second: wfi\n b second\nflag: .word 0\n", cpus=2).run(limit=LIMIT)
    assert stop.reason is StopReason.STUCK
    assert stop.detail.splitlines()[1].startswith("CPU1 waits at `second`")


def test_a_handler_that_never_ends_is_named(machine_in_handler: Callable[[str], Stop]) -> None:
    stop = machine_in_handler("rvic")
    assert stop.reason is StopReason.STUCK
    assert "it is inside the handler of INTID 27 since tick " in stop.detail


@pytest.fixture
def machine_in_handler(guest: Make) -> Callable[[str], Stop]:
    """Runs a guest that takes its timer's interrupt, acknowledges it, and stays."""
    enabled = "rvic_call RVIC_ENABLE\n mov x1, #0\n mov x2, #27\n rvic_call RVIC_CLEAR_MASKED"
    vectors = " .balign 2048\nvectors: .space 0x280\n rvic_call RVIC_ACKNOWLEDGE\n b .\n"

    def run(controller: str) -> Stop:
        source = f"main: adr x0, vectors\n msr vbar_el1, x0\n{enabled}\n{TIMER.format(0)}\n msr daifclr, #2\n b .\n"
        return guest(source + vectors, controller=controller).run(limit=LIMIT)

    return run


def test_the_looks_change_nothing_of_what_the_cpus_do() -> None:
    """Two CPUs that interleave by a quantum retire the same instructions in the same order, looked at or not."""
    source = """
_start: ldr x9, =counter
        mov x0, #1
        adr x1, second
        ldr x8, =0xc4000003
        mov x2, x1
        mov x1, x0
        mov x0, x8
        hvc #0
first:  ldr x1, [x9]
        add x2, x2, x1, lsl #1
        b first
second: ldr x9, =counter
1:      add x3, x3, #1
        str x3, [x9]
        b 1b
        .balign 8
counter: .quad 0
"""
    ends = []
    for parts in (1, 7):
        with Machine(cpus=2, memory="2M", quantum=777) as machine:
            machine.load(assemble(source))
            for _ in range(parts):
                machine.run(limit=7 * 300_000 // parts)
            ends.append([(cpu.pc, tuple(cpu.x[:])) for cpu in machine.cpus])
    assert ends[0] == ends[1]


PLAIN = (
    "nop",
    "add x{0}, x{1}, x{2}",
    "eor x{0}, x{0}, x{1}",
    "mov x{0}, #{3}",
    "ldr x{0}, [x10]",
    "str x{0}, [x10]",
)


@pytest.mark.parametrize("seed", range(200 if ALL else 4))
def test_a_random_loop_is_stuck_only_if_its_state_comes_again(seed: int) -> None:
    """What ends as stuck is shown to be so by the states themselves, over more turns than any look had."""
    chosen = random.Random(seed)
    body = [
        chosen.choice(PLAIN).format(*(chosen.randrange(4) for _ in range(4)))
        for _ in range(chosen.randrange(8))
    ]
    source = "\n".join(["_start: ldr x10, =cell", "loop:", *body, "b loop", ".balign 8", "cell: .quad 0"])
    with Machine(memory="2M") as machine:
        machine.load(assemble(source + "\n"))
        stop = machine.run(limit=FIRST_LOOK + 1000)
        seen = set()
        for _ in range(200):
            machine.run(until.instructions(len(body) + 1))
            cell = machine.memory.u64(machine.symbols["cell"])
            seen.add((machine.cpus[0].pc, *machine.cpus[0].x[0:5], cell))
    stores = any(line.startswith("str") for line in body)
    if stop.reason is StopReason.STUCK:
        assert not stores
        assert len(seen) <= LONGEST
    else:
        assert stores or len(seen) > 1


@pytest.mark.parametrize("controller", ["rvic", "vgic", "trap", "gicv2"])
def test_a_guest_that_restarts_itself_at_once_is_stopped(guest: Make, controller: str) -> None:
    machine = guest("main: b psci_system_reset\n", controller=controller, on_reset="restart", restarts=5)
    stop = machine.run()
    assert (stop.reason, stop.ok) == (StopReason.RESET, False)
    assert stop.detail.startswith("the guest called PSCI SYSTEM_RESET again, after 5 restarts in this run")


def test_the_restarts_of_each_run_are_counted(guest: Make) -> None:
    machine = guest("main: b psci_system_reset\n", on_reset="restart", memory="2M")
    for _ in range(2):
        stop = machine.run()
        assert (stop.reason, "after 100 restarts" in stop.detail) == (StopReason.RESET, True)
        machine.reset()
    assert (
        guest("main: b psci_system_reset\n", on_reset="restart", restarts=0).run().reason is StopReason.RESET
    )


def test_looks_put_no_hook_on_exceptions(guest: Make) -> None:
    """Each hook drops all translated code: a look now and then would cost a guest a tenth of its speed."""
    machine = guest("main: add x0, x0, #1\n b main\n")
    changes: list[bool] = []
    machine.events.on_exceptions = changes.append
    assert machine.run(limit=LIMIT).reason is StopReason.LIMIT
    machine.listen(lambda _event: None)
    assert changes == [True], "only a person's listener asks for them"
