# SPDX-License-Identifier: MIT
"""Semihosting by HLT #0xF000 (Arm's semihosting specification)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from harness import Machine, StopReason, until

Make = Callable[..., Machine]
WRITES = """
main:   mov w0, #0x04           // SYS_WRITE0
        adr x1, text
        hlt #0xf000
        mov w0, #0x03           // SYS_WRITEC
        adr x1, text
        hlt #0xf000
after:  b psci_system_off
text:   .asciz "hello "
        .balign 4
"""


def test_write0_and_writec_print(guest: Make) -> None:
    machine = guest(WRITES)
    assert machine.run(limit=100).reason is StopReason.POWER_OFF
    assert machine.console.text == "hello h"


def test_a_run_ends_at_the_call_that_completed_a_text(guest: Make) -> None:
    machine = guest(WRITES)
    stop = machine.run(until.console("lo h"), limit=100)
    assert (stop.reason, stop.pc) == (StopReason.UNTIL, machine.symbols["after"])


@pytest.mark.parametrize("address", [0, 0x0900_0000, 0x4200_0000])
def test_a_text_that_is_no_memory_prints_nothing(guest: Make, address: int) -> None:
    machine = guest(f"main: mov w0, #4\n mov x1, #{address}\n hlt #0xf000\n b psci_system_off\n")
    assert machine.run(limit=100).reason is StopReason.POWER_OFF
    assert machine.console.text == ""


def test_an_operation_that_there_is_not_answers_minus_one(guest: Make) -> None:
    machine = guest("main: mov w0, #0x99\n hlt #0xf000\n mov x19, x0\n b psci_system_off\n")
    assert machine.run(limit=100).reason is StopReason.POWER_OFF
    assert machine.cpus[0].x[19] == (1 << 64) - 1


def test_an_exit_without_its_block_is_a_failure(guest: Make) -> None:
    machine = guest("main: mov w0, #0x18\n mov x1, #0\n hlt #0xf000\n")
    assert (machine.run(limit=100).reason, machine.cpus[0].x[0]) == (StopReason.EXIT, 0x18)


@pytest.mark.parametrize("immediate", [0, 1, 0xF001])
def test_another_hlt_is_undefined(guest: Make, immediate: int) -> None:
    """C6.2: halting debug is not there."""
    stop = guest(f"main: hlt #{immediate}\n").run(limit=100)
    assert stop.reason is StopReason.FAULT
