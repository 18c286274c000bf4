# SPDX-License-Identifier: MIT
"""CPU_SUSPEND and SYSTEM_RESET2 (DEN0022, 5.4 and 5.14), with every argument that is refused."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from call_table import Action, Call, Caller, rvic

from harness import Machine, StopReason, until
from harness.arch.psci import POWER_STATE_POWERDOWN, Affinity, Function, Result
from harness.arch.rvic import RvicCall
from harness.asm import assemble
from harness.trace.events import PowerChange

Make = Callable[..., Caller]
F = Function
DOWN = POWER_STATE_POWERDOWN
SUSPENDS = pytest.mark.parametrize("function", [F.CPU_SUSPEND_32, F.CPU_SUSPEND_64])
CONDUITS = pytest.mark.parametrize("conduit", [Action.HVC, Action.SMC])


def psci(function: int, x1: int = 0, x2: int = 0, x3: int = 0, *, conduit: Action = Action.HVC) -> Call:
    return Call(0, conduit, function, x1, x2, x3)


def code(result: Result) -> int:
    return result & (1 << 64) - 1


def suspend_cpu1(vm: Caller, state: int, *, context: int = 0) -> None:
    """CPU1 suspends; CPU0 makes calls while it does."""
    entry = vm.machine.symbols["_start"]
    call = Call(1, Action.LEAVE, F.CPU_SUSPEND_64, state, entry, context)
    vm.do(call, *[psci(F.PSCI_VERSION)] * 20)


@SUSPENDS
@pytest.mark.parametrize(
    "state", [1 << 17, 1 << 23, 1 << 24, 1 << 25, DOWN | 1 << 24, 1 << 26, 1 << 31, 0xFFFF_FFFF]
)
def test_a_power_state_with_reserved_bits_or_another_level_is_refused(
    caller: Make, function: Function, state: int
) -> None:
    """5.4.2: only the core has power states here."""
    assert caller().do(psci(function, state, 0x4000_0000)).x0 == code(Result.INVALID_PARAMETERS)


@pytest.mark.parametrize("state", [1 << 32, 1 << 63])
def test_the_32_bit_form_does_not_see_the_upper_half(caller: Make, state: int) -> None:
    """DEN0028, 3.1. power_state is a W register in the 64-bit form too (5.4.1)."""
    vm = caller()
    vm.ready(0, 3)
    vm.do(rvic(0, RvicCall.SIGNAL, 0, 3))
    assert vm.do(psci(F.CPU_SUSPEND_32, state)).x0 == 0
    assert vm.do(psci(F.CPU_SUSPEND_64, state)).x0 == 0


@CONDUITS
@pytest.mark.parametrize("entry", [0, 0x0900_0000, 0x4000_0002, 1 << 40, (1 << 64) - 4])
def test_a_powerdown_with_an_entry_that_is_no_code_is_refused(
    caller: Make, conduit: Action, entry: int
) -> None:
    call = psci(F.CPU_SUSPEND_64, DOWN, entry, conduit=conduit)
    assert caller().do(call).x0 == code(Result.INVALID_ADDRESS)


def test_a_standby_state_does_not_look_at_its_entry(caller: Make) -> None:
    vm = caller()
    vm.ready(0, 3)
    assert vm.do(rvic(0, RvicCall.SIGNAL, 0, 3), psci(F.CPU_SUSPEND_64, 0xFFFF, 2)).x0 == 0


def test_a_powerdown_comes_back_at_its_entry_as_from_reset(caller: Make) -> None:
    """6.4: with the context in x0 and the MMU off; the interrupt that woke it is still there."""
    vm = caller(cpus=2)
    machine = vm.machine
    vm.ready(1, 3)
    suspend_cpu1(vm, DOWN | 5, context=0x1234_5678_9ABC_DEF0)
    assert machine.cpus[1].waiting
    assert vm.do(psci(F.AFFINITY_INFO_64, 1)).x0 == Affinity.ON  # suspended is not off (5.7.3)
    assert vm.do(psci(F.CPU_ON_64, 1, 0x4000_0000)).x0 == code(Result.ALREADY_ON)
    machine.cpus[1].x[20] = 77
    vm.do(rvic(0, RvicCall.SIGNAL, 1, 3))
    stop = machine.run(until.symbol("_start", cpu=1), limit=1000)
    assert (stop.reason, stop.cpu) == (StopReason.UNTIL, 1)
    cpu = machine.cpus[1]
    assert (cpu.x[0], cpu.x[20], cpu.pstate & 0x3CF) == (0x1234_5678_9ABC_DEF0, 0, 0x3C5)
    assert cpu.virq
    assert [event.what for event in vm.seen(PowerChange)][-1] == "resumed"
    assert vm.acknowledge(1) == (0, 3)


def test_a_powerdown_that_finds_an_interrupt_returns(caller: Make) -> None:
    """5.4.5: a pending wake-up event."""
    vm = caller()
    vm.ready(0, 3)
    entry = vm.machine.symbols["_start"]
    assert vm.do(rvic(0, RvicCall.SIGNAL, 0, 3), psci(F.CPU_SUSPEND_64, DOWN, entry)).x0 == 0
    assert vm.acknowledge(0) == (0, 3)


def test_a_timer_wakes_from_powerdown() -> None:
    """It lies outside the core's power domain: what it was set to stays."""
    source = """
    _start: ldr x0, =0xc4000001
            mov w1, #0x10000
            adr x2, woken
            mov x3, #55
            mov x9, #500
            msr cntv_tval_el0, x9
            mov x9, #1
            msr cntv_ctl_el0, x9
            ldr x9, =0x08000100     // GICD_ISENABLER0: INTID 27
            mov w10, #0x08000000
            str w10, [x9]
            ldr x9, =0x08000000
            mov w10, #1
            str w10, [x9]
            ldr x9, =0x08010000     // GICC_CTLR, GICC_PMR
            mov w11, #0xff
            str w11, [x9, #4]
            str w10, [x9]
            smc #0
            b .
    woken:  mov x19, x0
            mrs x20, cntv_ctl_el0
            ldr x0, =0x84000008
            hvc #0
    """
    with Machine(memory="2M", controller="gicv2") as machine:
        machine.load(assemble(source))
        stop = machine.run(limit=1000)
        assert stop.reason is StopReason.POWER_OFF, stop.detail
        assert (machine.cpus[0].x[19], machine.cpus[0].x[20]) == (55, 5)
        assert machine.ticks > 500


@CONDUITS
@pytest.mark.parametrize("function", [F.SYSTEM_RESET2_32, F.SYSTEM_RESET2_64])
def test_a_warm_reset_is_a_reset(conduit: Action, function: Function) -> None:
    source = f"_start: ldr x0, ={function.value}\n mov x1, #0\n {conduit.name.lower()} #0\n"
    with Machine(memory="2M") as machine:
        machine.load(assemble(source))
        assert machine.run(limit=100).reason is StopReason.RESET


@pytest.mark.parametrize("kind", [1, 2, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF])
def test_no_other_kind_of_reset_is_there(caller: Make, kind: int) -> None:
    assert caller().do(psci(F.SYSTEM_RESET2_64, kind)).x0 == code(Result.INVALID_PARAMETERS)


@pytest.mark.parametrize(
    "function",
    [
        0x8400_0005,  # MIGRATE: no Trusted OS to migrate
        0xC400_0005,
        0x8400_0007,  # MIGRATE_INFO_UP_CPU
        0xC400_0007,
        0x8400_000B,  # CPU_FREEZE
        0x8400_000C,  # CPU_DEFAULT_SUSPEND
        0xC400_000D,  # NODE_HW_STATE
        0xC400_000E,  # SYSTEM_SUSPEND
        0x8400_000F,  # PSCI_SET_SUSPEND_MODE
        0xC400_0010,  # PSCI_STAT_RESIDENCY
        0xC400_0011,  # PSCI_STAT_COUNT
        0x8400_0013,  # MEM_PROTECT
        0xC400_0014,  # MEM_PROTECT_CHECK_RANGE
        0xC400_0002,  # CPU_OFF has no 64-bit form
        0xC400_0008,
    ],
)
@CONDUITS
def test_what_is_optional_and_absent_is_not_supported(caller: Make, conduit: Action, function: int) -> None:
    vm = caller()
    assert vm.do(psci(function, 1, 2, 3, conduit=conduit)).registers == (code(Result.NOT_SUPPORTED), 1, 2, 3)
    assert vm.do(psci(F.PSCI_FEATURES, function)).x0 == code(Result.NOT_SUPPORTED)


def test_eight_cpus_come_on_and_go_off_and_come_on_again(caller: Make) -> None:
    vm = caller(cpus=8)
    entry = vm.machine.symbols["_start"]
    for n in range(1, 8):
        vm.do(Call(n, Action.LEAVE, F.CPU_OFF), *[psci(F.PSCI_VERSION)] * 20)
    assert [vm.do(psci(F.AFFINITY_INFO_64, n)).x0 for n in range(8)] == [Affinity.ON, *[Affinity.OFF] * 7]
    for n in range(1, 8):
        assert vm.do(psci(F.CPU_ON_64, n, entry)).x0 == 0
        assert vm.do(Call(n, Action.HVC, F.PSCI_VERSION)).x0 == 0x1_0001
