# SPDX-License-Identifier: MIT
"""Interrupts for a CPU that is off: its CPU interface stays as it is (IHI 0048B, 2.3); CPU_ON finds them there."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from harness import Machine, StopReason
from harness.arch.psci import Function
from harness.asm import assemble
from harness.trace.events import Event, PowerChange, VirqRaised, VirqTaken

SGI = 5
GUEST = """
#define GICD 0x08000000
#define GICC 0x08010000
    .macro psci function
    ldr     w0, =\\function
    hvc     #0
    .endm

_start:                             // CPU0: let CPU1 set up its CPU interface, and turn itself off
    ldr     x9, =GICD
    mov     w10, #1
    str     w10, [x9]
    adr     x2, set_up
    bl      cpu_on
wait_off:
    mov     x1, #1
    mov     x2, #0
    psci    AFFINITY_INFO
    cmp     x0, #1
    b.ne    wait_off
    ldr     w10, =(1 << 17) | SGI   // to CPU1
    str     w10, [x9, #0xf00]
was_sent:
    adr     x2, ENTRY
    bl      cpu_on
    b       .

cpu_on:
    mov     x1, #1
    psci    CPU_ON
    ret

set_up:                             // CPU1, the first time: GICC_PMR, GICC_CTLR
    ldr     x9, =GICC
    mov     w10, #0xff
    str     w10, [x9, #4]
    mov     w10, #1
    str     w10, [x9]
    psci    CPU_OFF

waits:                              // the second time: it is there already, and ends a WFI that masks it
    wfi
    b       acknowledge

takes:                              // or is taken as soon as it is unmasked
    adr     x10, vectors
    msr     vbar_el1, x10
    msr     daifclr, #2
    b       .
acknowledge:
    ldr     x9, =GICC
    ldr     w19, [x9, #0xc]
    str     w19, [x9, #0x10]
    psci    SYSTEM_OFF
    .ltorg
    .balign 2048
vectors:
    .space  0x280
    b       acknowledge
"""


def make(controller: str, entry: str) -> Machine:
    defines = {
        "SGI": SGI,
        "ENTRY": entry,
        "CPU_ON": Function.CPU_ON_64,
        "CPU_OFF": Function.CPU_OFF,
        "AFFINITY_INFO": Function.AFFINITY_INFO_64,
        "SYSTEM_OFF": Function.SYSTEM_OFF,
    }
    text = "".join(
        f"#define {name} {value if isinstance(value, str) else hex(value)}\n"
        for name, value in defines.items()
    )
    machine = Machine(cpus=2, controller=controller, memory="2M")
    machine.load(assemble(text + GUEST))
    return machine


@pytest.fixture(params=["gicv2", "vgic", "trap"])
def controller(request: pytest.FixtureRequest) -> Iterator[str]:
    return request.param


@pytest.mark.parametrize("entry", ["takes", "waits"])
def test_an_sgi_to_a_cpu_that_is_off_is_there_at_its_cpu_on(controller: str, entry: str) -> None:
    with make(controller, entry) as machine:
        seen: list[Event] = []
        machine.listen(seen.append)
        stop = machine.run(limit=20_000)
        assert (stop.reason, stop.cpu) == (StopReason.POWER_OFF, 1), stop.detail
        assert machine.cpus[1].x[19] == SGI  # from CPU0
        assert [e.cpu for e in seen if isinstance(e, VirqTaken)] == ([1] if entry == "takes" else [])
        on = [n for n, e in enumerate(seen) if isinstance(e, PowerChange) and (e.cpu, e.what) == (1, "on")]
        raised = [n for n, e in enumerate(seen) if isinstance(e, VirqRaised)]
        assert len(on) == 2
        assert all(seen[n].cpu == 1 for n in raised)
        assert any(n < on[1] for n in raised), "the line is high while the CPU is off, and when it comes on"
        assert machine.cpus[1].virq is False
