# SPDX-License-Identifier: MIT
"""The SMC Calling Convention (DEN0028) as EL2 offers it, through calls that a real guest makes."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from call_table import Action, Call, Caller

from harness import Machine, StopReason
from harness.arch.psci import Function
from harness.arch.rvic import RVIC_BASE
from harness.arch.smccc import NOT_SUPPORTED, SMCCC_ARCH_FEATURES, SMCCC_VERSION
from harness.asm import assemble
from harness.trace.events import Hvc, Smc

Make = Callable[..., Caller]
CONDUITS = pytest.mark.parametrize("conduit", [Action.HVC, Action.SMC])
GARBAGE = (0xDEAD_0001_0000_0001, 2 << 62, 3)


@CONDUITS
def test_smccc_version_is_1_1(caller: Make, conduit: Action) -> None:
    """7.2. Registers that carry no result are preserved, as the convention asks from 1.1 on."""
    result = caller().do(Call(0, conduit, SMCCC_VERSION, *GARBAGE))
    assert result.registers == (0x1_0001, *GARBAGE)
    assert result.preserved


@CONDUITS
@pytest.mark.parametrize(
    ("function", "answer"),
    [
        (SMCCC_VERSION, 0),
        (SMCCC_ARCH_FEATURES, 0),
        (0x8000_8000, NOT_SUPPORTED),  # SMCCC_ARCH_WORKAROUND_1
        (0x8000_0002, NOT_SUPPORTED),  # SMCCC_ARCH_SOC_ID
        (RVIC_BASE, NOT_SUPPORTED),  # not an architecture call
    ],
)
def test_arch_features(caller: Make, conduit: Action, function: int, answer: int) -> None:
    """7.3: 0 or more where the architecture call is there, else NOT_SUPPORTED."""
    result = caller().do(Call(0, conduit, SMCCC_ARCH_FEATURES, function, 2, 3))
    assert result.registers == (answer, function, 2, 3)


@CONDUITS
@pytest.mark.parametrize(
    "function",
    [
        0,
        0x8400_001F,
        0x8600_FF01,
        0xC500_0300,
        0xC600_0000,
        0xFFFF_FFFF,
        RVIC_BASE + 11,
        RVIC_BASE & 0xBFFF_FFFF,
    ],
)
def test_an_unknown_function_is_not_supported_and_changes_nothing_else(
    caller: Make, conduit: Action, function: int
) -> None:
    """5.2: -1 in x0; x1 to x17 untouched."""
    result = caller().do(Call(0, conduit, function, *GARBAGE))
    assert result.registers == (NOT_SUPPORTED, *GARBAGE)
    assert result.preserved


@CONDUITS
@pytest.mark.parametrize("high", [1 << 32, 0xFFFF_FFFF << 32])
def test_the_function_identifier_is_w0(caller: Make, conduit: Action, high: int) -> None:
    """2.5: bits 63:32 of x0 are not part of it."""
    assert caller().do(Call(0, conduit, SMCCC_VERSION | high)).x0 == 0x1_0001
    assert caller().do(Call(0, conduit, RVIC_BASE | high)).registers == (0, 3, 0, 0)


def test_each_conduit_is_an_exit_of_its_own_kind_and_returns_past_the_instruction(caller: Make) -> None:
    """An HVC returns to the instruction after it by itself; a trapped SMC is stepped over by EL2 (D1.10.1)."""
    vm = caller()
    symbols = vm.machine.symbols
    vm.do(Call(0, Action.HVC, SMCCC_VERSION), Call(0, Action.SMC, SMCCC_VERSION))
    assert [(type(event), event.pc, event.result[0]) for event in (*vm.seen(Hvc), *vm.seen(Smc))] == [
        (Hvc, symbols["smc"] - 8, 0x1_0001),
        (Smc, symbols["smc"], 0x1_0001),
    ]


@pytest.mark.parametrize("conduit", ["hvc", "smc"])
@pytest.mark.parametrize("immediate", [1, 0x4B, 0xFFFF])
def test_a_nonzero_immediate_is_not_supported(conduit: str, immediate: int) -> None:
    """2.9: only #0 is a call; the others are reserved."""
    source = f"""
    _start: mov x0, #0x80000000
            mov x1, #7
            {conduit} #{immediate}
            mov x19, x0
            mov x20, x1
            ldr x0, ={Function.SYSTEM_OFF.value}
            hvc #0
    """
    with Machine(memory="2M") as machine:
        machine.load(assemble(source))
        assert machine.run(limit=100).reason is StopReason.POWER_OFF
        assert (machine.cpus[0].x[19], machine.cpus[0].x[20]) == (NOT_SUPPORTED, 7)


@pytest.mark.parametrize("conduit", ["hvc", "smc"])
def test_a_call_from_el0_is_undefined(conduit: str) -> None:
    """C6.2: HVC and SMC are UNDEFINED at EL0; no exit comes of them."""
    source = f"""
    _start: adr x0, vectors
            msr vbar_el1, x0
            adr x0, user
            msr elr_el1, x0
            msr spsr_el1, xzr
            eret
    user:   {conduit} #0
            b .
            .balign 0x800
    vectors: .space 0x400
            mrs x19, esr_el1
            mrs x20, elr_el1
            ldr x0, ={Function.SYSTEM_OFF.value}
            hvc #0
    """
    with Machine(memory="2M") as machine:
        machine.load(assemble(source))
        assert machine.run(limit=100).reason is StopReason.POWER_OFF
        assert machine.cpus[0].x[19] == 0x0200_0000
        assert machine.cpus[0].x[20] == machine.symbols["user"]
