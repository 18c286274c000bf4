# SPDX-License-Identifier: MIT
"""PSCI 1.1 (DEN0022) as EL2 offers it, through calls that a real guest makes."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from call_table import Action, Call, Caller, execute, rvic, timer

from harness import Machine, StopReason, until
from harness.arch.psci import Affinity, Function, Result
from harness.arch.rvic import RvicCall
from harness.arch.smccc import SMCCC_VERSION
from harness.asm import assemble
from harness.trace.events import PowerChange

Make = Callable[..., Caller]
F = Function
CONDUITS = pytest.mark.parametrize("conduit", [Action.HVC, Action.SMC])
RAM = 0x4000_0000
SIZE = 32 << 20
HIGH = 0xABCD_EF01_0000_0000


def psci(function: int, x1: int = 0, x2: int = 0, x3: int = 0, *, conduit: Action = Action.HVC) -> Call:
    return Call(0, conduit, function, x1, x2, x3)


def code(result: Result) -> int:
    return result & (1 << 64) - 1


@CONDUITS
def test_psci_version_is_1_1(caller: Make, conduit: Action) -> None:
    """5.1.1; x1 to x3 are preserved."""
    assert caller().do(psci(F.PSCI_VERSION, 1, 2, 3, conduit=conduit)).registers == (0x1_0001, 1, 2, 3)


@pytest.mark.parametrize("function", [*F, SMCCC_VERSION])
def test_psci_features_of_what_is_there(caller: Make, function: int) -> None:
    """5.15: no optional features."""
    assert caller().do(psci(F.PSCI_FEATURES, function)).x0 == 0


@pytest.mark.parametrize("function", [0x8400_0005, 0x8400_0014, 0xC400_0002, 0xC400_000E, 0x8000_0001, 0])
def test_psci_features_of_what_is_not(caller: Make, function: int) -> None:
    assert caller().do(psci(F.PSCI_FEATURES, function)).x0 == code(Result.NOT_SUPPORTED)


def test_migrate_info_type_says_that_nothing_needs_to_migrate(caller: Make) -> None:
    """5.9.1."""
    assert caller().do(psci(F.MIGRATE_INFO_TYPE)).x0 == 2


# CPU_ON (5.6)


@CONDUITS
@pytest.mark.parametrize("function", [F.CPU_ON_32, F.CPU_ON_64])
def test_cpu_on_starts_a_cpu_at_its_entry_with_its_context(
    caller: Make, conduit: Action, function: Function
) -> None:
    vm = caller(cpus=2, secondaries=False)
    machine = vm.machine
    entry = machine.symbols["_start"]
    context = 0x1234_5678 if function is F.CPU_ON_32 else 0x1234_5678_9ABC_DEF0
    assert vm.do(psci(function, 1, entry, context, conduit=conduit)).x0 == 0
    stop = machine.run(until.symbol("_start", cpu=1), limit=1000)
    assert (stop.reason, stop.cpu) == (StopReason.UNTIL, 1)
    target = machine.cpus[1]
    assert target.x[0] == context
    assert not any(target.x[1:31])
    assert target.pstate & 0x3CF == 0x3C5  # EL1h, DAIF set (6.4.3.4)
    assert (target.sysreg["SCTLR_EL1"] & 1, target.sysreg["MPIDR_EL1"] & 0xFF) == (0, 1)
    assert [event.cpu for event in vm.seen(PowerChange)] == [1]


@pytest.mark.parametrize(
    ("mpidr", "entry", "error"),
    [
        (2, RAM, Result.INVALID_PARAMETERS),
        (0x100, RAM, Result.INVALID_PARAMETERS),
        (1 << 32, RAM, Result.INVALID_PARAMETERS),
        (1 | 1 << 31, RAM, Result.INVALID_PARAMETERS),
        (0, RAM, Result.ALREADY_ON),
        (1, 0x0900_0000, Result.INVALID_ADDRESS),
        (1, RAM - 4, Result.INVALID_ADDRESS),
        (1, RAM + SIZE, Result.INVALID_ADDRESS),
        (1, RAM + 2, Result.INVALID_ADDRESS),
        (1, HIGH | RAM, Result.INVALID_ADDRESS),
    ],
)
def test_cpu_on_refuses(caller: Make, mpidr: int, entry: int, error: Result) -> None:
    vm = caller(cpus=2, secondaries=False)
    assert vm.do(psci(F.CPU_ON_64, mpidr, entry, 3)).registers == (code(error), mpidr, entry, 3)
    assert not vm.machine.cpus[1].on


def test_cpu_on_of_a_cpu_that_is_on(caller: Make) -> None:
    vm = caller(cpus=2)
    assert vm.do(psci(F.CPU_ON_64, 1, RAM)).x0 == code(Result.ALREADY_ON)


def test_32_bit_forms_truncate_their_arguments(caller: Make) -> None:
    """DEN0028, 3.1: an SMC32 call takes W1 to W7."""
    vm = caller(cpus=2, secondaries=False)
    entry = vm.machine.symbols["_start"]
    assert vm.do(psci(F.AFFINITY_INFO_32, HIGH | 1, HIGH)).x0 == Affinity.OFF
    assert vm.do(psci(F.CPU_ON_32, HIGH | 1, HIGH | entry, HIGH | 77)).x0 == 0
    vm.machine.run(until.symbol("_start", cpu=1), limit=1000)
    assert vm.machine.cpus[1].x[0] == 77


# CPU_OFF (5.5), AFFINITY_INFO (5.7)


def test_cpu_off_and_on_again(caller: Make) -> None:
    vm = caller(cpus=2)
    entry = vm.machine.symbols["_start"]
    vm.do(rvic(1, RvicCall.CLEAR_MASKED, 1, 27), rvic(1, RvicCall.ENABLE), timer(1, True))
    for _ in range(3):
        vm.do(Call(1, Action.LEAVE, F.CPU_OFF), *[psci(F.PSCI_VERSION)] * 20)
        assert not vm.machine.cpus[1].on
        assert vm.do(psci(F.AFFINITY_INFO_64, 1)).x0 == Affinity.OFF
        assert vm.do(psci(F.CPU_ON_64, 1, entry)).x0 == 0
        assert vm.do(psci(F.AFFINITY_INFO_64, 1)).x0 == Affinity.ON
        assert not vm.do(rvic(1, RvicCall.VERSION)).line  # the timer is off: a CPU comes back as from reset
        assert vm.machine.board.timers[1].deadline(vm.machine.ticks) is None


def test_when_the_last_cpu_goes_off_the_run_ends_idle() -> None:
    with Machine(memory="2M") as machine:
        machine.load(assemble(f"_start: ldr x0, ={F.CPU_OFF.value}\n hvc #0\n b .\n"))
        stop = machine.run(limit=1000)
        assert (stop.reason, stop.detail) == (StopReason.IDLE, "every CPU is off")


@pytest.mark.parametrize(
    ("mpidr", "level", "answer"),
    [
        (0, 0, Affinity.ON),
        (1, 0, Affinity.OFF),
        (2, 0, code(Result.INVALID_PARAMETERS)),
        (1, 1, Affinity.ON),  # any CPU of the cluster counts
        (0xFF, 1, Affinity.ON),
        (0x100, 1, code(Result.INVALID_PARAMETERS)),
        (0xFFFF, 2, Affinity.ON),
        (0xFF_FFFF, 3, Affinity.ON),
        (1 << 32, 3, code(Result.INVALID_PARAMETERS)),
        (0, 4, code(Result.INVALID_PARAMETERS)),
        (0, 1 << 32, code(Result.INVALID_PARAMETERS)),
        (1 << 24, 0, code(Result.INVALID_PARAMETERS)),
    ],
)
def test_affinity_info(caller: Make, mpidr: int, level: int, answer: int) -> None:
    vm = caller(cpus=2, secondaries=False)
    assert vm.do(psci(F.AFFINITY_INFO_64, mpidr, level)).x0 == answer


# The system (5.10, 5.11), standby (5.4)


@CONDUITS
@pytest.mark.parametrize(
    ("function", "reason"),
    [(F.SYSTEM_OFF, StopReason.POWER_OFF), (F.SYSTEM_RESET, StopReason.RESET)],
)
def test_the_system_ends(conduit: Action, function: Function, reason: StopReason) -> None:
    source = f"_start: ldr x0, ={function.value}\n {conduit.name.lower()} #0\nafter: mov x19, #1\n"
    with Machine(memory="2M") as machine:
        machine.load(assemble(source))
        stop = machine.run(limit=1000)
        assert (stop.reason, stop.cpu, stop.pc) == (reason, 0, machine.symbols["after"])
        assert machine.cpus[0].x[19] == 0


@pytest.mark.parametrize("function", [F.CPU_SUSPEND_32, F.CPU_SUSPEND_64])
def test_cpu_suspend_waits_as_wfi_does(caller: Make, function: Function) -> None:
    """A standby state: the call returns SUCCESS, with everything kept, once an interrupt is there."""
    vm = caller(cpus=2)
    vm.ready(1, 3)
    vm.do(Call(1, Action.LEAVE, function), *[psci(F.PSCI_VERSION)] * 20)
    assert vm.machine.cpus[1].waiting
    vm.do(rvic(0, RvicCall.SIGNAL, 1, 3))
    assert not vm.machine.cpus[1].waiting
    vm.machine.run(until.symbol("next", cpu=1), limit=1000)
    assert vm.machine.cpus[1].x[0] == 0
    assert vm.acknowledge(1) == (0, 3)


def test_cpu_suspend_with_an_interrupt_there_returns_at_once(caller: Make) -> None:
    vm = caller()
    vm.ready(0, 3)
    result = vm.do(rvic(0, RvicCall.SIGNAL, 0, 3), psci(F.CPU_SUSPEND_64, 0, 2, 3))
    assert result.registers == (0, 0, 2, 3)
    assert execute(vm.machine, [rvic(0, RvicCall.ACKNOWLEDGE)])[0].x1 == 3
