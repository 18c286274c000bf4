# SPDX-License-Identifier: MIT
"""Every check of every call, in order, with its reason and the index of the argument (DEN0103).

The table states the contract on its own: INVALID_CPU = 2, index in bits 15:8, and so on.
"""

from __future__ import annotations

import copy

import pytest
from rvic_caller import Reply, T, U, hypercall, machine, ready

from harness.arch.rvic import RVIC_BASE, RVID_BASE
from harness.rvic import Profile

SPEC, KVM = Profile.SPEC, Profile.KVM
BOTH = (SPEC, KVM)
NOT_SUPPORTED = 2**64 - 1
PARAMETER_0, PARAMETER_1, PARAMETER_2 = 0x001, 0x101, 0x201
INVALID_CPU_0, INVALID_CPU_1 = 0x002, 0x102
DISABLED_0, NO_INTERRUPTS_0 = 0x003, 0x004

TARGETED = {
    "SetMasked": RVIC_BASE + 4,
    "ClearMasked": RVIC_BASE + 5,
    "IsPending": RVIC_BASE + 6,
    "Signal": RVIC_BASE + 7,
    "ClearPending": RVIC_BASE + 8,
}
INFO, ACKNOWLEDGE, RESAMPLE = RVIC_BASE + 1, RVIC_BASE + 9, RVIC_BASE + 10
MAP, UNMAP = RVID_BASE + 1, RVID_BASE + 2

# (x1 MPIDR, x2 INTID, x0 under spec, x0 under kvm), two vCPUs, T = U = 32. The first failure answers.
TARGET_CASES = [
    (0, 0, 0, 0),
    (1, 63, 0, 0),
    (2, 0, INVALID_CPU_0, INVALID_CPU_0),
    (0xFF, 0, INVALID_CPU_0, INVALID_CPU_0),
    (0x100, 0, INVALID_CPU_0, INVALID_CPU_0),
    (0x1_0000, 0, INVALID_CPU_0, INVALID_CPU_0),
    (0x1_0000_0000, 0, INVALID_CPU_0, INVALID_CPU_0),
    (0xFF_00FF_FFFF, 0, INVALID_CPU_0, INVALID_CPU_0),
    (1 << 24, 0, PARAMETER_0, 0),
    (1 << 31, 0, PARAMETER_0, 0),
    (1 << 31 | 1, 0, PARAMETER_0, 0),
    (1 << 40, 0, PARAMETER_0, 0),
    (1 << 63, 0, PARAMETER_0, 0),
    (1 << 31 | 2, 0, PARAMETER_0, INVALID_CPU_0),
    (2**64 - 1, 0, PARAMETER_0, INVALID_CPU_0),
    (0, 64, PARAMETER_1, PARAMETER_1),
    (0, 2**32 - 1, PARAMETER_1, PARAMETER_1),
    (0, 1 << 32, PARAMETER_1, 0),
    (0, 1 << 63 | 5, PARAMETER_1, 0),
    (0, 1 << 32 | 64, PARAMETER_1, PARAMETER_1),
    (2, 64, INVALID_CPU_0, INVALID_CPU_0),
    (1 << 31 | 2, 64, PARAMETER_0, INVALID_CPU_0),
]


@pytest.mark.parametrize("profile", BOTH)
@pytest.mark.parametrize("function", TARGETED.values(), ids=TARGETED)
@pytest.mark.parametrize(("mpidr", "intid", "spec", "kvm"), TARGET_CASES)
def test_calls_on_mpidr_and_intid(
    profile: Profile, function: int, mpidr: int, intid: int, spec: int, kvm: int
) -> None:
    vm = ready(machine(profile=profile))
    before = copy.deepcopy(vm)
    reply = hypercall(vm, 0, function, mpidr, intid)
    expected = spec if profile is SPEC else kvm
    assert reply.x0 == expected
    assert reply.x1 == 0
    if expected:
        assert reply == Reply(expected)
        assert vm == before


@pytest.mark.parametrize("profile", BOTH)
@pytest.mark.parametrize("function", TARGETED.values(), ids=TARGETED)
def test_only_signal_minds_a_disabled_target(profile: Profile, function: int) -> None:
    vm = machine(profile=profile)
    expected = DISABLED_0 if function == TARGETED["Signal"] else 0
    assert hypercall(vm, 0, function, 1, 5).x0 == expected


@pytest.mark.parametrize("profile", BOTH)
@pytest.mark.parametrize(
    ("mpidr", "intid", "x0"), [(2, 5, INVALID_CPU_0), (1, 64, PARAMETER_1), (1, 5, DISABLED_0)]
)
def test_signal_checks_the_enable_last(profile: Profile, mpidr: int, intid: int, x0: int) -> None:
    vm = machine(profile=profile)
    assert hypercall(vm, 0, TARGETED["Signal"], mpidr, intid) == Reply(x0)


@pytest.mark.parametrize("profile", BOTH)
@pytest.mark.parametrize(
    ("key", "x0", "x1"), [(0, 0, T), (1, 0, U), (2, 1, 0), (1 << 32, 1, 0), (2**64 - 1, 1, 0)]
)
def test_info(profile: Profile, key: int, x0: int, x1: int) -> None:
    assert hypercall(machine(profile=profile), 0, INFO, key) == Reply(x0, x1)


@pytest.mark.parametrize("profile", BOTH)
def test_acknowledge_checks_enable_then_deliverable(profile: Profile) -> None:
    vm = machine(profile=profile)
    assert hypercall(vm, 0, ACKNOWLEDGE) == Reply(DISABLED_0)
    ready(vm)
    assert hypercall(vm, 0, ACKNOWLEDGE) == Reply(NO_INTERRUPTS_0)
    vm.signal_trusted(0, 5)  # masked: still nothing deliverable
    assert hypercall(vm, 0, ACKNOWLEDGE) == Reply(NO_INTERRUPTS_0)


@pytest.mark.parametrize("profile", BOTH)
@pytest.mark.parametrize(
    ("intid", "spec", "kvm"),
    [
        (0, 0, 0),
        (T - 1, 0, 0),
        (T, PARAMETER_0, PARAMETER_0),
        (T + U, PARAMETER_0, PARAMETER_0),
        (1 << 32, PARAMETER_0, 0),
        (1 << 32 | T, PARAMETER_0, PARAMETER_0),
        (2**64 - 1, PARAMETER_0, PARAMETER_0),
    ],
)
@pytest.mark.parametrize("enabled", [True, False])
def test_resample(profile: Profile, intid: int, spec: int, kvm: int, enabled: bool) -> None:
    vm = machine(profile=profile)
    if enabled:
        ready(vm)
    assert hypercall(vm, 0, RESAMPLE, intid).x0 == (spec if profile is SPEC else kvm)


@pytest.mark.parametrize("profile", BOTH)
@pytest.mark.parametrize(
    ("number", "mpidr", "intid", "spec", "kvm"),
    [
        (0, 0, T, 0, 0),
        (U - 1, 1, T + U - 1, 0, 0),
        (U, 0, T, PARAMETER_0, 0),
        (U + 1, 0, T, PARAMETER_0, PARAMETER_0),
        (1 << 32, 0, T, PARAMETER_0, PARAMETER_0),  # the input alone is not truncated in KVM
        (2**64 - 1, 0, T, PARAMETER_0, PARAMETER_0),
        (0, 2, T, INVALID_CPU_1, PARAMETER_1),
        (0, 1 << 31, T, PARAMETER_1, 0),
        (0, 1 << 31 | 2, T, PARAMETER_1, PARAMETER_1),
        (0, 0, T - 1, PARAMETER_2, PARAMETER_2),
        (0, 0, 0, PARAMETER_2, PARAMETER_2),
        (0, 0, T + U, PARAMETER_2, PARAMETER_2),
        (0, 0, 1 << 32 | T, PARAMETER_2, 0),
        (U + 1, 2, 0, PARAMETER_0, PARAMETER_0),
        (0, 2, 0, INVALID_CPU_1, PARAMETER_1),
        (0, 1 << 31 | 2, 0, PARAMETER_1, PARAMETER_1),
    ],
)
def test_map(profile: Profile, number: int, mpidr: int, intid: int, spec: int, kvm: int) -> None:
    vm = machine(profile=profile)
    before = copy.deepcopy(vm)
    reply = hypercall(vm, 0, MAP, number, mpidr, intid)
    expected = spec if profile is SPEC else kvm
    assert (reply.x0, reply.x1, reply.edges) == (expected, 0, ())
    if expected:
        assert reply.effect is None
        assert vm == before


@pytest.mark.parametrize("profile", BOTH)
@pytest.mark.parametrize(
    ("number", "spec", "kvm"),
    [
        (0, 0, 0),
        (U - 1, 0, 0),
        (U, PARAMETER_0, 0),
        (U + 1, PARAMETER_0, PARAMETER_0),
        (1 << 32, PARAMETER_0, PARAMETER_0),
    ],
)
def test_unmap(profile: Profile, number: int, spec: int, kvm: int) -> None:
    assert hypercall(machine(profile=profile), 0, UNMAP, number).x0 == (spec if profile is SPEC else kvm)


@pytest.mark.parametrize("profile", BOTH)
@pytest.mark.parametrize("base", [RVIC_BASE, RVID_BASE])
def test_version_is_0_3(profile: Profile, base: int) -> None:
    assert hypercall(machine(profile=profile), 0, base) == Reply(0, 0x0000_0003)


@pytest.mark.parametrize("profile", BOTH)
@pytest.mark.parametrize(
    "function", [RVIC_BASE + 11, RVIC_BASE - 1, RVIC_BASE + 255, RVID_BASE + 3, RVID_BASE - 1, 0xC400_0003]
)
def test_unknown_function_is_not_supported(profile: Profile, function: int) -> None:
    vm = machine(profile=profile)
    assert hypercall(vm, 0, function, 1, 2, 3) == Reply(NOT_SUPPORTED)
    assert vm == machine(profile=profile)


@pytest.mark.parametrize("number", [2, 3])
def test_enable_and_disable_have_no_checks_and_are_idempotent(number: int) -> None:
    vm = machine()
    for _ in range(2):
        reply = hypercall(vm, 1, RVIC_BASE + number, 2**64 - 1, 2**64 - 1, 2**64 - 1)
        assert (reply.x0, reply.x1, reply.edges) == (0, 0, ())
        assert vm.rvics[1].enabled == (number == 2)
        assert not vm.rvics[0].enabled
