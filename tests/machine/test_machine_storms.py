# SPDX-License-Identifier: MIT
"""Interrupt storms: a level that no handler clears ends the run; whatever makes progress does not."""

from __future__ import annotations

import random

import pytest
from thorough import ALL

from harness import Machine, Stop, StopReason
from harness.asm import assemble
from harness.el2 import acknowledges
from harness.run import storms

CONTROLLERS = pytest.mark.parametrize("controller", ["rvic", "vgic", "trap", "gicv2"])
GIC = pytest.mark.parametrize("controller", ["vgic", "trap", "gicv2"])
FEW = 300  # acknowledges that are a storm here: the rule is the same, and the run shorter
MANY = 100
TIMER, SPI = 27, 40
END = "str w3, [x2, #0x10]"
OFF = "ldr x0, =0x84000008\n hvc #0"
REARM = "mrs x0, cntvct_el0\n add x0, x0, #200\n msr cntv_cval_el0, x0"


def gic(
    handler: str, loop: str = "wfi\n b loop", *, intid: int = TIMER, arm: str = "msr cntv_ctl_el0, x0"
) -> str:
    """A guest that takes an interrupt of a GIC: w3 has it, x20 counts."""
    return f"""
_start: adr x0, vectors
        msr vbar_el1, x0
        ldr x1, =0x08000000
        ldr x2, =0x08010000
        mov w0, #1
        str w0, [x1]
        str w0, [x2]
        strb w0, [x1, #{0x800 + SPI}]
        mov w0, #0xff
        str w0, [x2, #4]
        ldr w0, ={1 << intid % 32:#x}
        str w0, [x1, #{0x100 + intid // 32 * 4}]
        mov x0, #1
        {arm}
        msr daifclr, #2
loop:   {loop}
irq:    ldr w3, [x2, #0xc]
        add x20, x20, #1
        {handler}
        eret
        .balign 2048
vectors:
        .rept 16
        b irq
        .balign 128
        .endr
"""


def rvic(handler: str) -> str:
    """The same through RVIC; the timer's INTID is trusted."""
    return f"""
#include "rvic.inc"
_start: adr x0, vectors
        msr vbar_el1, x0
        rvic_call RVIC_ENABLE
        mov x1, #0
        mov x2, #27
        rvic_call RVIC_CLEAR_MASKED
        mov x0, #1
        msr cntv_ctl_el0, x0
        msr daifclr, #2
loop:   wfi
        b loop
irq:    rvic_call RVIC_ACKNOWLEDGE
        add x20, x20, #1
        {handler}
        mov x1, #27
        rvic_call RVIC_RESAMPLE
        mov x1, #0
        mov x2, #27
        rvic_call RVIC_CLEAR_MASKED
        eret
        .balign 2048
vectors:
        .rept 16
        b irq
        .balign 128
        .endr
"""


def guest(controller: str, handler: str) -> str:
    return rvic(handler) if controller == "rvic" else gic(f"{handler}\n{END}")


def run(source: str, controller: str, *, at: tuple[tuple[int, str], ...] = (), limit: int = 50_000) -> Stop:
    with Machine(controller=controller, memory="2M") as machine:
        machine.load(assemble(source, name="guest.S"))
        for tick, stimulus in at:
            machine.at(tick, stimulus)
        return machine.run(limit=limit)


@pytest.fixture(autouse=True)
def _few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storms, "STORM", FEW)
    monkeypatch.setattr(acknowledges, "MANY", MANY)


@CONTROLLERS
def test_a_level_that_no_handler_clears_ends_the_run(controller: str) -> None:
    stop = run(guest(controller, "nop"), controller)
    assert (stop.reason, stop.cpu, stop.ok) == (StopReason.STORM, 0, False)
    assert stop.detail.startswith("CPU0 takes INTID 27 for ever: 300 times in a row, the last 200 of them")
    assert "`loop+0x4` (guest.S:" in stop.detail or "`loop` (guest.S:" in stop.detail
    assert "held high by timer, has not fallen" in stop.detail


@GIC
def test_fiqs_storm_as_irqs_do(controller: str) -> None:
    """Group 0 is signalled as FIQ by GICC_CTLR.FIQEn (IHI 0048B, 4.4.1); every vector leads to the same handler."""
    source = (
        gic(END)
        .replace("str w0, [x2]\n", "mov w4, #9\n str w4, [x2]\n", 1)
        .replace("daifclr, #2", "daifclr, #1")
    )
    stop = run(source, controller)
    assert (stop.reason, stop.cpu) == (StopReason.STORM, 0)
    assert stop.detail.startswith("CPU0 takes INTID 27 for ever: 300 times in a row")
    assert run(source.replace(END, f"{REARM}\n {END}"), controller, limit=8_000).reason is StopReason.LIMIT


@CONTROLLERS
def test_a_handler_that_sets_the_timer_anew_takes_as_many_as_it_likes(controller: str) -> None:
    stop = run(guest(controller, REARM), controller, limit=8_000)
    assert stop.reason is StopReason.LIMIT


@GIC
def test_one_that_is_cleared_after_many_is_none(controller: str) -> None:
    handler = f"cmp x20, #{FEW - 1}\n b.lo 1f\n {OFF}\n1: {END}"
    assert run(gic(handler), controller).reason is StopReason.POWER_OFF


@GIC
def test_a_guest_that_makes_progress_between_two_is_in_none(controller: str) -> None:
    """The handler disables the interrupt, and what it interrupted enables it again, as a thread does."""
    mask = "ldr w4, =0x08000000"
    handler = f"{mask}\n str w4, [x1, #0x180]\n {END}"
    loop = f"{mask}\n 1: str w4, [x1, #0x100]\n add x21, x21, #1\n b 1b"
    stop = run(gic(handler, loop), controller, limit=15_000)
    assert stop.reason is StopReason.LIMIT


@GIC
def test_one_that_a_stimulus_may_end_is_none_before_that(controller: str) -> None:
    source = gic(END, intid=SPI, arm="nop")
    held = ((100, "spi=8:high"),)
    stop = run(source, controller, at=held)
    assert stop.reason is StopReason.STORM
    assert f"INTID {SPI} for ever" in stop.detail
    assert "held high by host" in stop.detail
    stop = run(source, controller, at=(*held, (6_000, "spi=8:low")))
    assert stop.reason is StopReason.IDLE


@GIC
def test_a_handler_that_reaches_a_device_has_more_time(
    controller: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may serve a device that has much to say; Linux reads a status so, and gives up after 100,000."""
    handler = f"ldr x5, =0x09000018\n ldr w6, [x5]\n {END}"
    assert run(gic(handler), controller, limit=5_000).reason is StopReason.LIMIT
    monkeypatch.setattr(storms, "PATIENCE", 2 * FEW)
    monkeypatch.setattr("harness.run.loop.PATIENCE", 2 * FEW)
    stop = run(gic(handler), controller)
    assert (stop.reason, "600 times" in stop.detail) == (StopReason.STORM, True)


@GIC
def test_the_watch_changes_nothing_and_does_not_depend_on_how_a_run_is_cut(controller: str) -> None:
    ends = []
    for part in (50_000, 437):
        with Machine(controller=controller, memory="2M") as machine:
            machine.load(assemble(gic(END)))
            stop = machine.run(limit=part)
            while stop.reason is StopReason.LIMIT:
                stop = machine.run(limit=part)
            ends.append((stop.reason, stop.detail, machine.instructions, tuple(machine.cpus[0].x[:])))
    assert ends[0] == ends[1]
    assert ends[0][0] is StopReason.STORM


@pytest.mark.parametrize("seed", range(100 if ALL else 3))
@GIC
def test_no_guest_that_clears_its_level_in_time_is_ended(controller: str, seed: int) -> None:
    """Handlers of any length that clear it at any taking before that many; the timer fires again afterwards."""
    chosen = random.Random(seed)
    nth = chosen.randrange(MANY + 50, FEW)
    work = [chosen.choice(["nop", "mul x7, x7, x8", "mrs x9, tpidr_el1"]) for _ in range(chosen.randrange(6))]
    cleared = f"mov x20, #0\n add x21, x21, #1\n {REARM}"
    end = f"cmp x21, #2\n b.lo 2f\n {OFF}\n2: {END}"
    handler = "\n".join([*work, f"cmp x20, #{nth}", "b.ne 1f", cleared, "1:", end])
    assert run(gic(handler), controller, limit=100_000).reason is StopReason.POWER_OFF


def test_a_suspicion_puts_no_hook_on_exceptions(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each hook drops all translated code, and a suspicion comes up every 1,000 ticks of an honest guest."""
    monkeypatch.setattr(acknowledges, "MANY", MANY)
    changes: list[bool] = []
    with Machine(controller="gicv2") as machine:
        machine.load(assemble(gic(f"{REARM}\n {END}")))
        machine.events.on_exceptions = changes.append
        machine.run(limit=50 * MANY)
        assert machine.cpus[0].x[20] > MANY
    assert changes == []
