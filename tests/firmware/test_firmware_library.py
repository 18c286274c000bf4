# SPDX-License-Identifier: MIT
"""The rest of the guest library: the report of an unexpected exception, numbers as text, PSCI, lock."""

from __future__ import annotations

import pytest
from driver_guest import run

from harness import Machine, StopReason
from harness.asm import assemble


@pytest.mark.parametrize(
    ("instruction", "words"),
    [
        ("brk #7", ["BRK", "ESR=0xf2000007"]),
        ("mov x1, #0x0d000000\n ldr x0, [x1]", ["data abort, same EL", "FAR=0x000000000d000000"]),
        ("svc #1", ["SVC", "ESR=0x56000001"]),
    ],
)
def test_an_unexpected_exception_is_reported_and_ends_the_run(instruction: str, words: list[str]) -> None:
    ran = run(f"here: {instruction}\n")
    assert (ran.reason, ran.code) == (StopReason.EXIT, 68)
    assert "unexpected exception: synchronous from EL1h on CPU 0\n" in ran.console
    for word in words:
        assert word in ran.console


def test_an_unexpected_exception_on_another_cpu_ends_the_run_too() -> None:
    ran = run("adr x0, breaks\n bl smp_start\n", extra="breaks: brk #1\n", cpus=2)
    assert (ran.reason, ran.code) == (StopReason.EXIT, 68)
    assert "on CPU 1\n" in ran.console


def test_main_returning_not_zero_exits_with_that_code() -> None:
    ran = run("mov x0, #42\n b leave\n")
    assert (ran.reason, ran.code) == (StopReason.EXIT, 42)


@pytest.mark.parametrize("number", [0, 7, 10, 65536, 2**64 - 1])
def test_numbers_print_in_decimal_and_hexadecimal(number: int) -> None:
    body = "adr x0, number\n ldr x0, [x0]\n {}\n"
    extra = f".balign 8\nnumber: .quad {number:#x}\n"
    assert run(body.format("bl uart_put_dec"), extra=extra).console == str(number)
    assert run(body.format("mov x1, #16\n bl uart_put_hex"), extra=extra).console == f"{number:#018x}"


@pytest.mark.parametrize("cpus", [1, 3, 8])
def test_cpus_are_counted_through_psci(cpus: int) -> None:
    ran = run("bl cpus_present\n bl uart_put_dec\n", cpus=cpus)
    assert ran.console == str(cpus)


def test_a_cpu_that_fails_to_start_is_told() -> None:
    extra = "fails: mov x0, #1\n ret\n"
    ran = run("adr x0, fails\n bl smp_start\n neg x0, x0\n b leave\n", extra=extra, cpus=2)
    assert ran.code == 1


COUNT_UP = """
#include "boot.inc"
#include "smp.inc"
#define TIMES 30
#define IPI   1
main:   mov     x19, x30
        bl      rvic_probe
        mov     x0, #IPI
        adr     x1, count_up
        adr     x2, rvic_flow_ipi
        bl      rvic_set_handler
        adr     x0, accept
        bl      smp_start
        mov     x20, x1
        mov     x21, #1                 // all begin at once: the others by IPI, and we ourselves
1:      mov     x0, x21
        mov     x1, #IPI
        bl      rvic_send_ipi
        add     x21, x21, #1
        cmp     x21, x20
        b.lo    1b
        bl      count_up
        bl      smp_stop
        mov     x0, #0
        ret     x19

accept: mov     x0, #IPI
        b       rvic_unmask

count_up:                               // a load and a store, with time between them
        mov     x14, x30
        mov     x16, #TIMES
1:      adr     x3, guard
        bl      lock_acquire
        adr     x10, total
        ldr     x11, [x10]
        nop
        nop
        add     x11, x11, #1
        str     x11, [x10]
        adr     x3, guard
        bl      lock_release
        subs    x16, x16, #1
        b.ne    1b
        ret     x14

        .bss
        .balign 8
total:  .space  8
guard:  .space  LOCK_SIZE
"""


@pytest.mark.parametrize("quantum", [1, 3])
def test_the_lock_lets_one_cpu_in_at_a_time(quantum: int) -> None:
    with Machine(cpus=3, quantum=quantum) as machine:
        machine.load(assemble(COUNT_UP))
        stop = machine.run(limit=3_000_000)
        assert stop.reason is StopReason.POWER_OFF
        assert machine.memory.u64(machine.symbols["total"]) == 90


def test_without_the_lock_counts_are_lost() -> None:
    """So the test above would notice."""
    source = COUNT_UP.replace("bl      lock_acquire", "nop").replace("bl      lock_release", "nop")
    with Machine(cpus=3, quantum=1) as machine:
        machine.load(assemble(source))
        machine.run(limit=3_000_000)
        assert machine.memory.u64(machine.symbols["total"]) < 90
