# SPDX-License-Identifier: MIT
"""The RVID: routing, and that Map is a barrier (DEN0103)."""

from __future__ import annotations

import copy

import pytest
from rvic_caller import T, U, machine, ready, rvic, rvid

from harness.arch.rvic import RvicCall, RvidCall
from harness.rvic import Edge, Profile, Signalled, Target

BOTH = pytest.mark.parametrize("profile", list(Profile))


@BOTH
def test_every_input_is_unmapped_at_reset_and_its_signal_dropped(profile: Profile) -> None:
    vm = ready(machine(profile=profile), T)
    before = copy.deepcopy(vm)
    assert {vm.signal_input(number) for number in range(U)} == {Signalled(False)}
    assert vm == before


@BOTH
@pytest.mark.parametrize("number", [-1, U, U + 1, 2**32])
def test_no_such_input(profile: Profile, number: int) -> None:
    vm = ready(machine(profile=profile), T)
    rvid(vm, 0, RvidCall.MAP, U - 1, 0, T)
    assert vm.signal_input(number) == Signalled(False)
    assert vm.rvid.target(number) is None


@BOTH
def test_a_signal_goes_where_the_input_is_mapped(profile: Profile) -> None:
    vm = ready(machine(profile=profile), T + 7)
    rvid(vm, 0, RvidCall.MAP, 3, 1, T + 7)
    assert vm.rvid.target(3) == Target(1, T + 7)
    assert vm.signal_input(3) == Signalled(True, (Edge(1, True, T + 7),), Target(1, T + 7))


@BOTH
def test_a_signal_to_a_disabled_target_is_not_delivered_and_says_where(profile: Profile) -> None:
    vm = machine(profile=profile)
    rvid(vm, 0, RvidCall.MAP, 3, 1, T + 7)
    assert vm.signal_input(3) == Signalled(False, (), Target(1, T + 7))


@BOTH
def test_map_is_a_barrier_with_a_signal_in_flight(profile: Profile) -> None:
    vm = ready(machine(profile=profile), T)
    rvid(vm, 0, RvidCall.MAP, 0, 0, T)
    vm.signal_input(0)
    rvics = copy.deepcopy(vm.rvics)
    assert rvid(vm, 0, RvidCall.MAP, 0, 1, T).edges == ()
    assert vm.rvics == rvics  # what was signalled before stays pending at the old target
    assert vm.signal_input(0).target == Target(1, T)
    assert [vm.rvics[0].line, vm.rvics[1].line] == [True, True]


@BOTH
def test_two_inputs_may_share_a_target(profile: Profile) -> None:
    vm = ready(machine(profile=profile), T)
    for number in (0, 1):
        assert rvid(vm, 0, RvidCall.MAP, number, 0, T).x0 == 0
    assert vm.signal_input(0).edges == (Edge(0, True, T),)
    assert vm.signal_input(1) == Signalled(True, (), Target(0, T))
    assert rvic(vm, 0, RvicCall.ACKNOWLEDGE).x1 == T
    assert rvic(vm, 0, RvicCall.ACKNOWLEDGE).x0 == 4


@BOTH
def test_unmap_twice_succeeds_and_leaves_pending_bits(profile: Profile) -> None:
    vm = ready(machine(profile=profile), T)
    rvid(vm, 0, RvidCall.MAP, 0, 0, T)
    vm.signal_input(0)
    for _ in range(2):
        assert rvid(vm, 0, RvidCall.UNMAP, 0)[:3] == (0, 0, ())
    assert rvic(vm, 0, RvicCall.IS_PENDING, 0, T).x1 == 1
    assert vm.signal_input(0) == Signalled(False)


@BOTH
def test_map_does_not_look_at_enable_or_mask(profile: Profile) -> None:
    vm = machine(profile=profile)
    assert rvid(vm, 0, RvidCall.MAP, 0, 1, T).x0 == 0
    assert not vm.rvics[1].enabled


@BOTH
def test_linux_moves_an_input_without_losing_an_edge(profile: Profile) -> None:
    """Set-affinity in the driver's full order, with an edge pending at the old target."""
    vm = ready(machine(profile=profile), T)
    rvid(vm, 0, RvidCall.MAP, 0, 0, T)
    vm.signal_input(0)
    rvic(vm, 0, RvicCall.SET_MASKED, 0, T)
    rvic(vm, 0, RvicCall.SET_MASKED, 1, T)
    rvid(vm, 0, RvidCall.MAP, 0, 1, T)
    assert rvic(vm, 0, RvicCall.IS_PENDING, 0, T).x1 == 1
    rvic(vm, 0, RvicCall.CLEAR_PENDING, 0, T)
    rvic(vm, 0, RvicCall.SIGNAL, 1, T)
    assert rvic(vm, 0, RvicCall.CLEAR_MASKED, 1, T).edges == (Edge(1, True, T),)
    assert rvic(vm, 1, RvicCall.ACKNOWLEDGE).x1 == T
    assert not vm.rvics[0].line
