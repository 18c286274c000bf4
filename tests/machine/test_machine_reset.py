# SPDX-License-Identifier: MIT
"""PSCI SYSTEM_RESET restarts the guest (DEN0022, 5.11), and `Machine.reset` does by hand."""

from __future__ import annotations

import pytest

from harness import Machine, StopReason
from harness.asm import assemble
from harness.el2.acknowledges import MANY
from harness.errors import ConfigError

COUNTER = 0x4010_0000  # RAM that no image covers
RESETS = f"""
_start: ldr x9, ={COUNTER:#x}
        ldr x10, [x9]
        add x10, x10, #1
        str x10, [x9]
        adr x11, data
        ldr x12, [x11]          // as the image has it, every time
        str xzr, [x11]
        cmp x12, #42
        b.ne bad
        mrs x13, cntv_ctl_el0   // off
        cbnz x13, bad
        ldr x14, =0x09000038    // UARTIMSC
        ldr w15, [x14]
        cbnz w15, bad
        mov w15, #0x10
        str w15, [x14]
        mov x13, #1
        msr cntv_cval_el0, x13
        msr cntv_ctl_el0, x13   // its line is high when the reset comes
        mrs x16, sctlr_el1
        cmp x10, #3
        ldr x0, =0x84000008
        b.eq 1f
        add x0, x0, #1
1:      hvc #0
bad:    ldr x0, =0x84000002
        hvc #0
        .balign 8
data:   .quad 42
"""
CONTROLLERS = pytest.mark.parametrize("controller", ["rvic", "vgic", "trap", "gicv2"])
PROFILES = pytest.mark.parametrize("profile", ["spec", "kvm"])


@CONTROLLERS
@PROFILES
def test_the_guest_starts_anew_until_it_powers_off(controller: str, profile: str) -> None:
    """Images and devices are as at the start; RAM beside them and the time go on."""
    with Machine(memory="4M", controller=controller, profile=profile, on_reset="restart") as machine:
        machine.load(assemble(RESETS))
        stop = machine.run(limit=10_000)
        assert stop.reason is StopReason.POWER_OFF, stop.detail
        assert machine.memory.u64(COUNTER) == 3
        assert machine.instructions == machine.ticks > 60


def test_by_default_the_run_stops_and_a_reset_by_hand_goes_on() -> None:
    with Machine(memory="4M") as machine:
        machine.load(assemble(RESETS))
        for count in (1, 2):
            assert machine.run(limit=10_000).reason is StopReason.RESET
            assert machine.memory.u64(COUNTER) == count
            machine.reset()
        assert machine.run(limit=10_000).reason is StopReason.POWER_OFF


def test_a_machine_that_faulted_runs_again_after_a_reset() -> None:
    with Machine(memory="4M", cpus=2) as machine:
        machine.load(assemble("_start: udf #0\n"))
        assert machine.run(limit=100).reason is StopReason.FAULT
        machine.reset()
        assert (machine.cpus[0].on, machine.cpus[1].on) == (True, False)
        assert machine.run(limit=100).reason is StopReason.FAULT


def test_a_line_held_from_outside_is_high_after_a_reset() -> None:
    with Machine(memory="4M", controller="gicv2") as machine:
        machine.load(assemble("_start: b .\n"))
        machine.board.lines[40].high()
        machine.run(limit=10)
        machine.reset()
        assert machine.board.gic.line_level(40)
        machine.board.lines[40].low()
        machine.run(limit=10)
        assert not machine.board.gic.line_level(40)


def waits(end: str) -> str:
    """A guest for which SPI 8 is enabled, and that never takes it."""
    return f"""
#include "gicv2.inc"
_start: ldr x9, =GICD_BASE
        mov w10, #1
        str w10, [x9, #GICD_CTLR]
        strb w10, [x9, #(GICD_ITARGETSR + 40)]
        mov w10, #1 << 8
        str w10, [x9, #(GICD_ISENABLER + 4)]
        .rept 40
        nop
        .endr
        {end}
"""


@pytest.mark.parametrize(
    ("end", "reason"),
    [
        ("b .", StopReason.LIMIT),
        ("ldr x0, =0x84000008\n hvc #0", StopReason.POWER_OFF),
        ("ldr x0, =0x84000009\n hvc #0", StopReason.RESET),
    ],
)
def test_an_interrupt_that_a_reset_takes_away_is_withdrawn(end: str, reason: StopReason) -> None:
    """Its exits are no part of what the next one costs, and count once: whatever the reset comes after."""
    with Machine(memory="4M", controller="trap") as machine:
        machine.load(assemble(waits(end)))
        for round_ in (1, 2):
            machine.at(machine.ticks + 40, lambda m: m.board.lines[40].pulse())
            assert machine.run(limit=60).reason is reason
            assert machine.ledger.in_flight == (0 if reason is StopReason.RESET else 1)
            machine.reset()
            mine = [one for one in machine.ledger.occurrences if one.intid == 40]
            assert [one.withdrawn for one in mine] == [True] * round_
            assert len({one.world_switches for one in mine}) == 1


def test_a_reset_ends_a_row_of_acknowledges() -> None:
    """A guest that starts anew has acknowledged nothing: no storm goes on over a reset."""
    with Machine(memory="4M", controller="gicv2") as machine:
        machine.load(assemble("_start: b .\n"))
        many: list[int] = []
        acknowledges, vcpu = machine.hypervisor.vm.acknowledges, machine.hypervisor.vcpus[0]
        acknowledges.on_many = lambda _vcpu, _intid, count: many.append(count)
        for _ in range(2):
            for _ in range(MANY - 1):
                acknowledges.note(vcpu, 33)
            machine.reset()
        assert not many


def test_a_guest_that_resets_for_ever_reaches_the_limit() -> None:
    with Machine(memory="4M", on_reset="restart", restarts=1000) as machine:
        machine.load(assemble("_start: ldr x0, =0x84000009\n hvc #0\n"))
        assert machine.run(limit=1000).reason is StopReason.LIMIT


def test_another_word_is_refused() -> None:
    with pytest.raises(ConfigError, match="on_reset 'halt': choose one of stop, restart"):
        Machine(on_reset="halt")
