# SPDX-License-Identifier: MIT
"""The drivers in C ask of the interrupt controller what those in assembly ask, call by call and access by access.

What that is, ``test_firmware_driver.py`` and ``test_firmware_gicv2.py`` hold to Linux's drivers and the manuals.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import driver_guest
import pytest

from harness import Machine, StopReason
from harness.build import available_compilers, compile_guest
from harness.image import Program
from harness.machine.parts import GUEST_DEFINES
from harness.options import ControllerKind

pytestmark = pytest.mark.skipif(
    not available_compilers(), reason="no C compiler for AArch64 on this computer"
)

SOURCE = """
#include "irq.h"
#include "smccc.h"
#include "smp.h"
#include "testdev.h"

static void mark(unsigned intid, struct frame *frame) { smccc_call(SMCCC_VERSION, 0, 0, 0); }
static void masks(unsigned intid, struct frame *frame) { irq_mask(intid); }
static void take(void) { irq_enable(); isb(); irq_disable(); }

static int scenario(unsigned which)
{
    switch (which) {
%s
    }
    return 0;
}

volatile unsigned choice = ~0u; // not in .bss, which the start-up code clears

int main(void)
{
    if (irq_probe())
        return 1;
    return scenario(choice);
}
"""
TAKE = "irq_enable\n isb\n nop\n irq_disable\n"
OTHERS = "mov x0, #0\n bl smp_start\n cbnz x0, leave\n"
EDGE = "mov w0, #(TESTDEV_SPI + 5)\n bl testdev_pulse\n nop\n"
MASKS = "masks: b irqc_mask\n"


class Scenario(NamedTuple):
    assembly: str
    c: str
    cpus: int = 1


def on(intid: int, *routines: str) -> str:
    return "".join(f"mov x0, #{intid}\n bl irqc_{routine}\n" for routine in routines)


def request(handler: str, flow: str, *, device: bool = False) -> str:
    routine, number = ("input_request", 5) if device else ("request", 7)
    return (
        f"mov x0, #{number}\n adr x1, {handler}\n adr x2, irqc_flow_{flow}\n bl irqc_{routine}\n"
        " cbnz x0, leave\n"
    )


DEVICE, C_DEVICE = request("mark", "edge", device=True), "irq_input_request(5, mark, irq_flow_edge);"
MOVE, C_MOVE = "mov x0, #5\n mov x1, #{}\n bl irqc_input_set_affinity\n", "irq_input_set_affinity(5, {});"
C_EDGE = "testdev_pulse(TESTDEV_SPI + 5);"

SCENARIOS = {
    "probe": Scenario("", ""),
    "every CPU starts and stops": Scenario(OTHERS + "bl smp_stop\n", "smp_start(0); smp_stop();", 4),
    "a dying CPU": Scenario("bl irqc_cpu_dying\n", "irq_cpu_dying();"),
    "pending": Scenario(
        on(7, "set_pending", "is_pending", "clear_pending", "retrigger"),
        "irq_set_pending(7); irq_is_pending(7); irq_clear_pending(7); irq_retrigger(7);",
    ),
    "pending of a device": Scenario(
        DEVICE + on(37, "mask", "set_pending", "is_pending", "clear_pending", "unmask"),
        C_DEVICE
        + "irq_mask(37); irq_set_pending(37); irq_is_pending(37); irq_clear_pending(37); irq_unmask(37);",
    ),
    "no handler": Scenario(
        on(7, "unmask", "set_pending") + TAKE, "irq_unmask(7); irq_set_pending(7); take();"
    ),
    "masked by its handler": Scenario(
        request("masks", "edge", device=True) + EDGE + TAKE,
        f"irq_input_request(5, masks, irq_flow_edge); {C_EDGE} take();",
    ),
    "a device": Scenario(DEVICE + EDGE + TAKE, f"{C_DEVICE} {C_EDGE} take();"),
    "a deactivated device": Scenario(
        DEVICE + "mov x0, #5\n bl irqc_input_deactivate\n" + EDGE + TAKE,
        f"{C_DEVICE} irq_input_deactivate(5); {C_EDGE} take();",
    ),
    "IPIs": Scenario(
        OTHERS + "mov x0, #1\n mov x1, #3\n bl irqc_send_ipi\n", "smp_start(0); irq_send_ipi(1, 3);", 2
    ),
    "move": Scenario(OTHERS + DEVICE + MOVE.format(1), f"smp_start(0); {C_DEVICE} {C_MOVE.format(1)}", 2),
    "move what is pending": Scenario(
        OTHERS + DEVICE + EDGE + MOVE.format(1) + "bl smp_stop\n",
        f"smp_start(0); {C_DEVICE} {C_EDGE} {C_MOVE.format(1)} smp_stop();",
        2,
    ),
    "move what is masked": Scenario(
        OTHERS + DEVICE + on(37, "mask") + MOVE.format(1),
        f"smp_start(0); {C_DEVICE} irq_mask(37); {C_MOVE.format(1)}",
        2,
    ),
    "move to no CPU": Scenario(
        OTHERS + DEVICE + MOVE.format(6) + EDGE + TAKE,
        f"smp_start(0); {C_DEVICE} {C_MOVE.format(6)} {C_EDGE} take();",
        2,
    ),
    "act on a moved one": Scenario(
        OTHERS + DEVICE + MOVE.format(1) + on(37, "mask", "unmask"),
        f"smp_start(0); {C_DEVICE} {C_MOVE.format(1)} irq_mask(37); irq_unmask(37);",
        2,
    ),
} | {
    f"flow {flow}": Scenario(
        request("mark", flow) + on(7, "set_pending") + TAKE,
        f"irq_request(7, mark, irq_flow_{flow}); irq_set_pending(7); take();",
    )
    for flow in ("ipi", "timer", "edge", "level", "threaded", "threaded_level")
}


@cache
def c_program(controller: str) -> Program:
    cases = "\n".join(f"    case {n}: {scenario.c} break;" for n, scenario in enumerate(SCENARIOS.values()))
    with TemporaryDirectory() as scratch:
        source = Path(scratch) / "main.c"
        source.write_text(SOURCE % cases)
        return compile_guest(source, defines=GUEST_DEFINES[ControllerKind(controller)])


def c_calls(name: str, controller: str, cpus: int) -> list[str]:
    """What the scenario in C asks of the controller."""
    calls = driver_guest.Calls()
    with Machine(controller=controller, cpus=cpus) as machine:
        machine.load(c_program(controller))
        machine.memory.write(machine.symbols["choice"], list(SCENARIOS).index(name).to_bytes(4, "little"))
        machine.events.add(calls)
        stop = machine.run(limit=2_000_000)
        assert stop.reason is StopReason.POWER_OFF, stop.detail
    return calls.lines


@pytest.mark.parametrize("name", SCENARIOS)
@pytest.mark.parametrize("controller", ["rvic", "trap"])
def test_it_asks_what_the_driver_in_assembly_asks(name: str, controller: str) -> None:
    scenario = SCENARIOS[name]
    assembly = driver_guest.run(scenario.assembly, extra=MASKS, controller=controller, cpus=scenario.cpus)
    assert assembly.reason is StopReason.POWER_OFF
    assert assembly.calls.lines
    assert c_calls(name, controller, scenario.cpus) == assembly.calls.lines
