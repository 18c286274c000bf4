# SPDX-License-Identifier: MIT
"""Profile ``kvm``: the defects of the KVM series, by their numbers in the contract."""

from __future__ import annotations

import copy

from rvic_caller import Reply, T, U, bits, machine, ready, rvic, rvid

from harness.arch.rvic import RvicCall, RvidCall
from harness.rvic import Edge, Order, Profile, Signalled, Target, VmInterrupts


def kvm(order: Order = Order.FIFO) -> VmInterrupts:
    return machine(profile=Profile.KVM, order=order)


def missed(vm: VmInterrupts, intid: int = 5) -> VmInterrupts:
    """{pending, masked}, Disable, ClearMasked, Enable: the sequence of defect 2, on vCPU 0."""
    ready(vm)
    rvic(vm, 0, RvicCall.SIGNAL, 0, intid)
    rvic(vm, 0, RvicCall.DISABLE)
    rvic(vm, 0, RvicCall.CLEAR_MASKED, 0, intid)
    assert rvic(vm, 0, RvicCall.ENABLE).edges == ()
    return vm


def test_defect_1_input_u_is_accepted_and_touches_nothing_else() -> None:
    vm = kvm()
    rvid(vm, 0, RvidCall.MAP, U - 1, 0, T)
    before = copy.deepcopy(vm)
    assert rvid(vm, 0, RvidCall.MAP, U, 1, T + 1) == Reply(0)
    assert rvid(vm, 0, RvidCall.UNMAP, U) == Reply(0)
    assert vm == before
    assert vm.signal_input(U) == Signalled(False)


def test_defect_2_a_deliverable_interrupt_with_the_line_low() -> None:
    for order in Order:
        vm = missed(kvm(order))
        assert bits(vm.rvics[0].pending) & ~bits(vm.rvics[0].masked) == 1 << 5
        assert not vm.rvics[0].line
        assert rvic(vm, 0, RvicCall.ACKNOWLEDGE) == Reply(4)


def test_defect_2_another_interrupt_overtakes_the_missed_one_for_good() -> None:
    vm = missed(kvm())
    rvic(vm, 0, RvicCall.CLEAR_MASKED, 0, 6)
    rvic(vm, 0, RvicCall.SIGNAL, 0, 6)
    assert rvic(vm, 0, RvicCall.ACKNOWLEDGE).x1 == 6
    assert rvic(vm, 0, RvicCall.ACKNOWLEDGE) == Reply(4)
    assert rvic(vm, 0, RvicCall.IS_PENDING, 0, 5).x1 == 1


def test_defect_2_a_signal_or_an_unmask_on_the_enabled_instance_finds_it_again() -> None:
    for call in (RvicCall.SIGNAL, RvicCall.CLEAR_MASKED):
        vm = missed(kvm())
        assert rvic(vm, 0, call, 0, 5).edges == (Edge(0, True, 5),)
        assert rvic(vm, 0, RvicCall.ACKNOWLEDGE).x1 == 5


def test_defect_2_what_was_queued_before_disable_stays_queued() -> None:
    vm = ready(kvm(), 5)
    rvic(vm, 0, RvicCall.SIGNAL, 0, 5)
    rvic(vm, 0, RvicCall.DISABLE)
    rvic(vm, 0, RvicCall.CLEAR_MASKED, 0, 5)
    assert rvic(vm, 0, RvicCall.ENABLE).edges == (Edge(0, True, None),)


def test_defect_2_is_absent_from_the_spec_profile() -> None:
    vm = ready(machine())
    rvic(vm, 0, RvicCall.SIGNAL, 0, 5)
    rvic(vm, 0, RvicCall.DISABLE)
    rvic(vm, 0, RvicCall.CLEAR_MASKED, 0, 5)
    assert rvic(vm, 0, RvicCall.ENABLE).edges == (Edge(0, True, None),)


def test_defect_3_truncated_arguments_act_on_what_is_left_of_them() -> None:
    vm = ready(kvm(), 5)
    reply = rvic(vm, 0, RvicCall.SIGNAL, 1 << 31 | 1, 1 << 32 | 5)
    assert reply.edges == (Edge(1, True, 5),)
    rvid(vm, 0, RvidCall.MAP, 0, 1 << 63, 1 << 40 | T)
    assert vm.rvid.target(0) == Target(0, T)


def test_defect_5_a_signal_can_follow_a_route_read_before_map() -> None:
    """EL2's part of the race: the route is read, the guest maps, the signal goes to the old target."""
    vm = ready(kvm(), T)
    rvid(vm, 0, RvidCall.MAP, 0, 0, T)
    stale = vm.rvid.target(0)
    assert stale is not None
    rvid(vm, 0, RvidCall.MAP, 0, 1, T)
    assert vm.config.defects.stale_route
    assert vm.signal(stale).edges == (Edge(0, True, T),)


def test_defect_6_cpu_on_and_reset_keep_the_instance() -> None:
    vm = ready(kvm(), 5)
    rvic(vm, 0, RvicCall.SIGNAL, 1, 5)
    rvid(vm, 0, RvidCall.MAP, 0, 1, T)
    rvics = copy.deepcopy(vm.rvics)
    assert vm.cpu_on(1) == ()
    assert vm.reset() == ()
    assert vm.rvics == rvics
    assert vm.rvid.target(0) is None
