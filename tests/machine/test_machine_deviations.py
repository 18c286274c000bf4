# SPDX-License-Identifier: MIT
"""A deviation that a guest runs into is told: counted by its name, and an event at its place."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from harness import Machine, StopReason
from harness.trace.events import DataAbort, DeviationMet, Event, InstructionAbort, Mmio

Make = Callable[..., Machine]
VECTORS = """
        .balign 2048
vectors: .skip 0x200
        mrs     x28, elr_el1
        add     x28, x28, #4
        msr     elr_el1, x28
        mov     x28, #0x3c5
        msr     spsr_el1, x28
        mrs     x27, esr_el1
        eret
"""
OFF = "ldr x0, =PSCI_SYSTEM_OFF\nhvc #0\n"


def source(*lines: str) -> str:
    text = "\n".join(lines)
    return f"main: adr x0, vectors\nmsr vbar_el1, x0\nmov x1, #0x09000000\n{text}\n{OFF}.ltorg\n{VECTORS}"


def run(m: Machine) -> list[Event]:
    events: list[Event] = []
    m.events.add(events.append)
    assert m.run(limit=1000).reason is StopReason.POWER_OFF
    return events


REFUSED = [
    ("ldxr w2, [x1]", "mmio-exclusive", 4, False, 0x35),
    ("ldaxrb w2, [x1]", "mmio-exclusive", 1, False, 0x35),
    ("ld1 {v0.16b}, [x1]", "mmio-structure", 0, False, 0x10),
    ("st1 {v0.16b}, [x1]", "mmio-structure", 0, True, 0x10),
    ("ldr x2, [x1, #4092]", "mmio-crossing", 8, False, 0x21),
    ("stp x2, x3, [x1, #-8]", "mmio-crossing", 8, True, 0x21),
]


@pytest.mark.parametrize(
    ("instruction", "name", "size", "write", "fault"), REFUSED, ids=[case[0] for case in REFUSED]
)
def test_a_refused_access_is_an_exit_and_is_told(
    guest: Make, instruction: str, name: str, size: int, write: bool, fault: int
) -> None:
    """The exit first, with the DFSC that the guest gets; then the deviation, at the same instruction."""
    fpen = "mov x2, #3 << 20\nmsr cpacr_el1, x2\nisb\n" if "v0" in instruction else ""
    fix = (
        "add x1, x1, #4092\n"
        if "#4092" in instruction
        else "add x1, x1, #0x1000\n"
        if "stp" in instruction
        else ""
    )
    m = guest(source(fpen + fix + "here: " + instruction.replace(", #4092", "")))
    events = run(m)
    here = m.symbols["here"]
    told = [event for event in events if getattr(event, "pc", None) == here]
    assert [type(event) for event in told] == [DataAbort, DeviationMet]
    abort, deviation = told
    assert isinstance(abort, DataAbort)
    assert isinstance(deviation, DeviationMet)
    assert (abort.size, abort.write, abort.value, abort.fault) == (size, write, None, fault)
    assert deviation.name == name
    assert m.deviations_met == {name: 1}
    assert m.ledger.unattributed_by_exit["DataAbort"] == 1
    assert m.cpus[0].x[27] & 0x3F == fault


def test_where_a_device_is_mapped_through_it_is_told_but_no_exit(guest: Make) -> None:
    """Without a hypervisor's emulation no access to a device is an exit, refused or not."""
    m = guest(source("ldxr w2, [x1]"), controller="gicv2")
    events = run(m)
    assert not any(isinstance(event, DataAbort) for event in events)
    assert [event.name for event in events if isinstance(event, DeviationMet)] == ["mmio-exclusive"]
    assert "DataAbort" not in m.ledger.by_kind


def test_an_access_that_nothing_answers_is_no_deviation(guest: Make) -> None:
    m = guest(source("mov x1, #0x0a800000\nldr w2, [x1]"))
    (abort,) = [event for event in run(m) if isinstance(event, DataAbort)]
    assert (abort.value, abort.fault) == (None, None)
    assert m.deviations_met == {}


def test_a_walk_outside_ram(guest: Make) -> None:
    """D8.2: a table where no RAM is."""
    m = guest(
        source(
            "mov x2, #25\nmsr tcr_el1, x2\nmov x2, #0x20000000\nmsr ttbr0_el1, x2\nisb",
            "mov x3, #1\nmsr sctlr_el1, x3\nwalked: isb",
        )
    )
    events: list[Event] = []
    m.events.add(events.append)
    m.run(limit=1000)
    assert "walk-outside-ram" in m.deviations_met
    first = next(n for n, event in enumerate(events) if isinstance(event, DeviationMet))
    abort = events[first - 1]
    assert abort == InstructionAbort(events[first].tick, 0, m.symbols["walked"], 0x2000_0000)
    assert m.ledger.by_kind["InstructionAbort"] == m.deviations_met["walk-outside-ram"]


def test_a_walk_outside_ram_by_a_load(guest: Make) -> None:
    """The exit has the page of the table, and is a read of a descriptor; the code has a walk of its own."""
    m = guest(
        source(
            "ldr x2, =0x803519\nmsr tcr_el1, x2\nadr x2, table\nmsr ttbr0_el1, x2\nmov x3, #1",
            "msr mair_el1, xzr\nisb\nmsr sctlr_el1, x3\nisb\nmov x4, #0x80000000\nwalked: ldr x5, [x4]",
        )
        + ".balign 4096\ntable: .quad 0, 0x40000401, 0x20000003\n"
    )
    told = [event for event in run(m) if getattr(event, "pc", None) == m.symbols["walked"]]
    assert told[0] == DataAbort(told[0].tick, 0, m.symbols["walked"], 0x2000_0000, 8, False, None)
    assert isinstance(told[1], DeviationMet)
    assert m.deviations_met == {"walk-outside-ram": 1}


def test_a_return_to_aarch32(guest: Make) -> None:
    """SPSR_EL1.M[4] set is an illegal return here (D1.3.4)."""
    m = guest(source("mov x2, #0x10\nmsr spsr_el1, x2\nadr x2, 1f\nmsr elr_el1, x2\neret\n1: nop\nnop"))
    events = run(m)
    assert m.deviations_met == {"aarch64-only": 1}
    assert [event.name for event in events if isinstance(event, DeviationMet)] == ["aarch64-only"]


def test_an_illegal_return_that_hardware_does_not_make_either_is_none(guest: Make) -> None:
    m = guest(source("mov x2, #9\nmsr spsr_el1, x2\nadr x2, 1f\nmsr elr_el1, x2\neret\n1: nop\nnop"))
    run(m)
    assert m.deviations_met == {}


@pytest.mark.parametrize(
    ("setup", "met"),
    [
        ("mov x2, #1", {}),
        ("mov x2, #9", {"cycles-are-instructions": 1}),  # D: every 64th cycle
        ("mov x2, #0x49", {}),  # LC: D has no effect
        ("mov x2, #0x40000000\nmsr pmccfiltr_el0, x2\nmov x2, #1", {"cycles-are-instructions": 1}),
    ],
    ids=["plain", "divided", "long", "filtered"],
)
def test_cycles_are_unlike_only_when_divided_or_filtered(
    guest: Make, setup: str, met: dict[str, int]
) -> None:
    m = guest(source(f"{setup}\nmsr pmcr_el0, x2\nmrs x3, pmccntr_el0"))
    run(m)
    assert m.deviations_met == met


def test_a_big_endian_access_to_a_device(guest: Make) -> None:
    """SCTLR_EL1.EE = 1: each access to a device that does not swap its bytes."""
    m = guest(
        source(
            "mrs x5, sctlr_el1\norr x4, x5, #1 << 25\nmsr sctlr_el1, x4\nisb\nldr w2, [x1, #0x18]",
            "str w2, [x1, #0x30]\nmsr sctlr_el1, x5\nisb\nldr w2, [x1, #0x18]",
        )
    )
    events = run(m)
    assert m.deviations_met == {"no-big-endian-mmio": 2}
    assert len([event for event in events if isinstance(event, Mmio)]) == 3


def test_what_several_cpus_meet_is_summed_up_and_a_run_repeats(guest: Make) -> None:
    text = "mov x5, #3\n1: ldxr w2, [x1]\nsubs x5, x5, #1\nb.ne 1b"
    counts = []
    for _ in range(2):
        m = guest(source(text))
        run(m)
        counts.append(m.deviations_met)
    assert counts == [{"mmio-exclusive": 3}] * 2
