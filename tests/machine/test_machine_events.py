# SPDX-License-Identifier: MIT
"""Events between CPUs: WFE and SEV, the event stream, locks with exclusives (DDI 0487, D1.6.1 and D11.2.5)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from harness import Machine, StopReason

Make = Callable[..., Machine]
OFF = "b psci_system_off\n"
CPU_ON = "ldr x0, =0xc4000003\nmov x1, #1\nadr x2, second\nmov x3, #0\nhvc #0\n"
TWO_CPUS = f"""
main:   {CPU_ON}
        mov     x5, #5000
1:      sub     x5, x5, #1
        cbnz    x5, 1b
        adr     x1, flag
        mov     x0, #1
        str     x0, [x1]
        dsb     sy
        sev
2:      ldr     x0, [x1, #8]
        cbnz    x0, 3f
        wfe
        b       2b
3:      {OFF}
second: adr     x1, flag
1:      add     x7, x7, #1
        ldr     x0, [x1]
        cbnz    x0, 2f
        wfe
        b       1b
2:      str     x7, [x1, #8]
        dsb     sy
        sev
4:      wfe
        b       4b
        .ltorg
        .balign 8
flag:   .quad   0, 0
"""
STREAM = f"""
main:   mov     x0, #@CNTKCTL@
        msr     cntkctl_el1, x0
        mov     x2, #11
        sevl
1:      wfe
        mrs     x3, cntvct_el0
        cmp     x2, #9
        csel    x19, x3, x19, eq
        sub     x2, x2, #1
        cbnz    x2, 1b
        {OFF}
"""
LOCK = f"""
main:   {CPU_ON}
        mov     x8, #1
        b       work
second: mov     x8, #2
work:   adr     x1, lock
        adr     x2, count
        mov     x9, #200
1:      sevl
2:      wfe
3:      ldaxr   w3, [x1]
        cbnz    w3, 2b
        stxr    w3, w8, [x1]
        cbnz    w3, 3b
        ldr     x4, [x2]
        add     x4, x4, #1
        mov     x5, #30
4:      sub     x5, x5, #1
        cbnz    x5, 4b
        str     x4, [x2]
        stlr    wzr, [x1]
        sub     x9, x9, #1
        cbnz    x9, 1b
        cmp     x8, #2
        b.eq    6f
5:      ldr     x4, [x2]
        cmp     x4, #400
        b.ne    5b
        {OFF}
6:      wfe
        b       6b
        .ltorg
        .balign 8
lock:   .quad   0
count:  .quad   0
"""
HANDLED = """
main:   adr     x0, vectors
        msr     vbar_el1, x0
        mov     x1, #0
        mov     x2, #27
        rvic_call RVIC_CLEAR_MASKED
        rvic_call RVIC_ENABLE
        mov     x0, #@EARLY@
        msr     cntv_tval_el0, x0
        mov     x0, #1
        msr     cntv_ctl_el0, x0
        sevl
        wfe
        msr     daifclr, #2
        mov     x5, #10
1:      sub     x5, x5, #1
        cbnz    x5, 1b
2:      cbnz    x20, 3f
        nop
        nop
        wfe
        b       2b
3:      b       psci_system_off
        .balign 2048
vectors: .space 0x280
        msr     cntv_ctl_el0, xzr
        rvic_call RVIC_ACKNOWLEDGE
        mov     x20, #1
        eret
"""


def test_a_cpu_in_wfe_does_not_run_until_sev(guest: Make) -> None:
    machine = guest(TWO_CPUS, cpus=2)
    assert machine.run(limit=100_000).reason is StopReason.POWER_OFF
    looked = machine.memory.u64(machine.symbols["flag"] + 8)
    assert looked <= 3  # once with the events of its first fetches, once after SEV
    assert machine.cpus[1].waiting


@pytest.mark.parametrize("backend", ["c", "view", "api"])
@pytest.mark.parametrize("quantum", [7, 50, 1000])
def test_a_lock_with_exclusives_and_wfe(guest: Make, quantum: int, backend: str) -> None:
    """The waiter polls: it looks again whenever the other has run."""
    machine = guest(LOCK, cpus=2, quantum=quantum, backend=backend)
    stop = machine.run(limit=1_000_000)
    assert stop.reason is StopReason.POWER_OFF, stop.detail
    assert machine.memory.u64(machine.symbols["count"]) == 400


@pytest.mark.parametrize(("evnti", "falling"), [(3, False), (3, True), (9, False), (15, True)])
def test_the_event_stream_wakes_at_each_edge_of_its_bit(guest: Make, evnti: int, falling: bool) -> None:
    """CNTKCTL_EL1.EVNTEN, EVNTDIR and EVNTI; nothing else happens, so time jumps to each."""
    machine = guest(STREAM.replace("@CNTKCTL@", str(4 | falling << 3 | evnti << 4)))
    assert machine.run(limit=1000).reason is StopReason.POWER_OFF
    period = 2 << evnti
    third = machine.cpus[0].x[19]  # when the third WFE had ended, the first of which has an event of before
    assert third % period == (1 if falling else period // 2 + 1)  # the MRS behind it
    assert machine.ticks - third in range(8 * period, 8 * period + 10)


def test_a_machine_that_waits_for_an_event_nobody_can_send_is_idle(guest: Make) -> None:
    machine = guest("main: wfe\nb main\n")
    stop = machine.run(limit=1000)
    assert stop.reason is StopReason.IDLE
    assert stop.detail.startswith("CPU0 waits in WFE at `main`")
    assert "no CPU runs to send an event" in stop.detail


def test_one_who_polls_alone_is_idle_until_something_can_have_changed(guest: Make) -> None:
    """With its monitor armed; a stimulus writes what it waits for."""
    source = (
        "main: adr x1, word\n1: ldxr x0, [x1]\ncbnz x0, 2f\nwfe\nb 1b\n2: "
        + OFF
        + ".balign 8\nword: .quad 0\n"
    )
    assert guest(source).run(limit=1000).reason is StopReason.IDLE
    machine = guest(source)
    machine.at(50_000, lambda m: m.memory.write_u64(m.symbols["word"], 1))
    assert machine.run(limit=1000).reason is StopReason.POWER_OFF
    assert machine.ticks >= 50_000


def test_what_a_handler_says_is_not_slept_over(guest: Make) -> None:
    """`while (!done) wfe`: an interrupt between the look and the WFE sets the event register by its return."""
    for early in range(20):
        machine = guest(HANDLED.replace("@EARLY@", str(30 + early)))
        stop = machine.run(limit=10_000)
        assert stop.reason is StopReason.POWER_OFF, stop.detail
