# SPDX-License-Identifier: MIT
"""What the calls do: the line on the caller and elsewhere, one edge each, the contract's traps (DEN0103)."""

from __future__ import annotations

import copy
import pickle

import pytest
from rvic_caller import Effect, EffectKind, Reply, T, high, low, machine, ready, rvic, rvid

from harness.arch.rvic import RvicCall, RvidCall
from harness.rvic import Edge, LineLevel, Order, Profile, Target, VmInterrupts

BOTH = pytest.mark.parametrize("profile", list(Profile))


def deliverable(vm: VmInterrupts, vcpu: int, *intids: int) -> VmInterrupts:
    ready(vm, *intids)
    for intid in intids:
        assert rvic(vm, vcpu, RvicCall.SIGNAL, vcpu, intid).x0 == 0
    return vm


# The line


@BOTH
def test_self_signal_raises_the_callers_line(profile: Profile) -> None:
    vm = ready(machine(profile=profile), 5)
    assert rvic(vm, 0, RvicCall.SIGNAL, 0, 5).edges == (Edge(0, True, 5),)
    assert vm.rvics[0].line


@BOTH
def test_signal_to_another_vcpu_raises_its_line_only(profile: Profile) -> None:
    vm = ready(machine(profile=profile), 5)
    assert rvic(vm, 0, RvicCall.SIGNAL, 1, 5).edges == (Edge(1, True, 5),)
    assert (vm.rvics[0].line, vm.rvics[1].line) == (False, True)


@BOTH
def test_exactly_one_edge_per_rise(profile: Profile) -> None:
    vm = ready(machine(profile=profile), 5, 6)
    assert rvic(vm, 0, RvicCall.SIGNAL, 1, 5).edges == (Edge(1, True, 5),)
    assert rvic(vm, 0, RvicCall.SIGNAL, 1, 5).edges == ()  # collapses into the pending bit
    assert rvic(vm, 0, RvicCall.SIGNAL, 1, 6).edges == ()  # the line is high already


@BOTH
@pytest.mark.parametrize("call", [RvicCall.SET_MASKED, RvicCall.CLEAR_PENDING])
def test_line_drops_on_another_vcpu_before_it_acknowledges(profile: Profile, call: RvicCall) -> None:
    vm = deliverable(machine(profile=profile), 1, 5)
    assert rvic(vm, 0, call, 1, 5).edges == (Edge(1, False, 5),)
    assert rvic(vm, 1, RvicCall.ACKNOWLEDGE) == Reply(4)  # a legal spurious interrupt


@BOTH
def test_line_stays_high_while_anything_is_deliverable(profile: Profile) -> None:
    vm = deliverable(machine(profile=profile), 0, 5, 6)
    assert rvic(vm, 0, RvicCall.SET_MASKED, 0, 5).edges == ()
    assert rvic(vm, 0, RvicCall.CLEAR_PENDING, 0, 6).edges == (Edge(0, False, 6),)


@BOTH
def test_acknowledge_drops_the_line_with_the_last_one(profile: Profile) -> None:
    vm = deliverable(machine(profile=profile), 0, 5, 6)
    first, second = rvic(vm, 0, RvicCall.ACKNOWLEDGE), rvic(vm, 0, RvicCall.ACKNOWLEDGE)
    assert first == Reply(0, 5, (), Effect(EffectKind.ACKNOWLEDGED, 0, 5))
    assert second == Reply(0, 6, (Edge(0, False, 6),), Effect(EffectKind.ACKNOWLEDGED, 0, 6))


@BOTH
def test_unmask_of_a_pending_interrupt_raises_the_line_in_that_call(profile: Profile) -> None:
    """Notify after an unmask, not before: the edge belongs to ClearMasked's own reply."""
    vm = ready(machine(profile=profile))
    assert rvic(vm, 0, RvicCall.SIGNAL, 1, 5).edges == ()
    assert rvic(vm, 0, RvicCall.CLEAR_MASKED, 1, 5).edges == (Edge(1, True, 5),)
    assert rvic(vm, 0, RvicCall.CLEAR_MASKED, 1, 5).edges == ()


@BOTH
def test_disable_drops_the_line_and_enable_raises_it_again(profile: Profile) -> None:
    vm = deliverable(machine(profile=profile), 0, 5)
    assert rvic(vm, 0, RvicCall.DISABLE).edges == (Edge(0, False, None),)
    assert rvic(vm, 0, RvicCall.IS_PENDING, 0, 5).x1 == 1
    assert rvic(vm, 0, RvicCall.ENABLE).edges == (Edge(0, True, None),)
    assert rvic(vm, 0, RvicCall.ACKNOWLEDGE).x1 == 5


def test_unmask_while_disabled_is_seen_by_enable() -> None:
    vm = ready(machine())
    rvic(vm, 0, RvicCall.SIGNAL, 0, 5)
    rvic(vm, 0, RvicCall.DISABLE)
    assert rvic(vm, 0, RvicCall.CLEAR_MASKED, 0, 5).edges == ()
    assert rvic(vm, 0, RvicCall.ENABLE).edges == (Edge(0, True, None),)
    assert rvic(vm, 0, RvicCall.ACKNOWLEDGE).x1 == 5


# Signals and pending bits


@BOTH
def test_in_service_is_the_mask_bit_and_edges_collapse(profile: Profile) -> None:
    vm = deliverable(machine(profile=profile), 0, 5)
    rvic(vm, 0, RvicCall.ACKNOWLEDGE)
    for _ in range(3):
        assert rvic(vm, 1, RvicCall.SIGNAL, 0, 5).edges == ()
    assert rvic(vm, 0, RvicCall.CLEAR_MASKED, 0, 5).edges == (Edge(0, True, 5),)
    assert rvic(vm, 0, RvicCall.ACKNOWLEDGE).x1 == 5
    assert rvic(vm, 0, RvicCall.CLEAR_MASKED, 0, 5).edges == ()


@BOTH
def test_signal_to_a_disabled_target_records_nothing(profile: Profile) -> None:
    vm = machine(profile=profile)
    before = copy.deepcopy(vm)
    assert rvic(vm, 0, RvicCall.SIGNAL, 1, 5) == Reply(3)
    assert vm == before


@BOTH
def test_is_pending_ignores_mask_and_enable(profile: Profile) -> None:
    vm = ready(machine(profile=profile))
    assert rvic(vm, 1, RvicCall.IS_PENDING, 0, 5).x1 == 0
    rvic(vm, 0, RvicCall.SIGNAL, 0, 5)
    assert rvic(vm, 1, RvicCall.IS_PENDING, 0, 5).x1 == 1
    rvic(vm, 0, RvicCall.DISABLE)
    assert rvic(vm, 1, RvicCall.IS_PENDING, 0, 5).x1 == 1


@BOTH
def test_signals_from_el2_say_whether_they_were_delivered(profile: Profile) -> None:
    vm = machine(profile=profile)
    dropped = vm.signal_trusted(0, 27)
    assert not dropped.delivered
    assert (dropped.delivered, dropped.edges, dropped.target) == (False, (), Target(0, 27))
    ready(vm, 27)
    taken = vm.signal_trusted(0, 27)
    assert taken.delivered
    assert (taken.delivered, taken.edges) == (True, (Edge(0, True, 27),))


def test_level_signalled_twice_sets_pending_every_time() -> None:
    vm = ready(machine(), 27)
    vm.signal_trusted(0, 27)
    rvic(vm, 0, RvicCall.ACKNOWLEDGE)
    assert vm.signal_trusted(0, 27).delivered
    assert rvic(vm, 0, RvicCall.IS_PENDING, 0, 27).x1 == 1


@pytest.mark.parametrize(("vcpu", "intid"), [(0, T), (0, -1), (2, 27), (-1, 27)])
def test_el2_signalling_no_trusted_interrupt_is_a_bug(vcpu: int, intid: int) -> None:
    with pytest.raises(ValueError, match="no trusted interrupt"):
        machine().signal_trusted(vcpu, intid)


# Resample


@BOTH
@pytest.mark.parametrize("pending", [0, 1])
@pytest.mark.parametrize("masked", [0, 1])
@pytest.mark.parametrize("level", [low, high])
def test_resample_re_pends_a_high_line_and_leaves_a_stale_bit(
    profile: Profile, pending: int, masked: int, level: LineLevel
) -> None:
    vm = ready(machine(profile=profile))
    if pending:
        rvic(vm, 0, RvicCall.SIGNAL, 0, 27)
    if not masked:
        rvic(vm, 0, RvicCall.CLEAR_MASKED, 0, 27)
    reply = rvic(vm, 0, RvicCall.RESAMPLE, 27, level=level)
    rises = level is high and not pending and not masked
    assert reply.edges == ((Edge(0, True, 27),) if rises else ())
    assert reply.effect == Effect(EffectKind.REPENDED if level is high else EffectKind.RESAMPLED, 0, 27)
    assert rvic(vm, 0, RvicCall.IS_PENDING, 0, 27).x1 == (1 if level is high else pending)


@BOTH
def test_resample_asks_for_the_callers_line(profile: Profile) -> None:
    vm = ready(machine(profile=profile))
    asked = []

    def level(vcpu: int, intid: int) -> bool:
        asked.append((vcpu, intid))
        return False

    rvic(vm, 1, RvicCall.RESAMPLE, 30, level=level)
    assert asked == [(1, 30)]


@BOTH
@pytest.mark.parametrize("level", [low, high])
def test_resample_on_a_disabled_instance_changes_nothing(profile: Profile, level: LineLevel) -> None:
    vm = machine(profile=profile)
    before = copy.deepcopy(vm)
    reply = rvic(vm, 0, RvicCall.RESAMPLE, 27, level=level)
    assert (reply.x0, reply.edges) == (0, ())
    assert vm == before


# Effects, reset, orders


@pytest.mark.parametrize(
    ("call", "kind"),
    [
        (RvicCall.SET_MASKED, EffectKind.MASKED),
        (RvicCall.CLEAR_MASKED, EffectKind.UNMASKED),
        (RvicCall.IS_PENDING, EffectKind.QUERIED),
        (RvicCall.SIGNAL, EffectKind.SIGNALLED),
        (RvicCall.CLEAR_PENDING, EffectKind.CLEARED),
    ],
)
def test_effect_names_the_target_and_the_interrupt(call: RvicCall, kind: EffectKind) -> None:
    assert rvic(ready(machine()), 0, call, 1, 40).effect == Effect(kind, 1, 40)


def test_effects_of_the_other_calls() -> None:
    vm = machine()
    assert rvic(vm, 1, RvicCall.ENABLE).effect == Effect(EffectKind.ENABLED, 1)
    assert rvic(vm, 1, RvicCall.DISABLE).effect == Effect(EffectKind.DISABLED, 1)
    assert rvic(vm, 1, RvicCall.VERSION).effect is None
    assert rvic(vm, 1, RvicCall.INFO).effect is None
    assert rvid(vm, 0, RvidCall.MAP, 3, 1, T + 3).effect == Effect(EffectKind.MAPPED, 1, T + 3, 3)
    assert rvid(vm, 0, RvidCall.UNMAP, 3).effect == Effect(EffectKind.UNMAPPED, None, None, 3)


def test_cpu_on_returns_the_instance_to_its_reset_state() -> None:
    vm, fresh = deliverable(machine(), 1, 5), machine()
    other = copy.deepcopy(vm.rvics[0])
    assert vm.cpu_on(1) == (Edge(1, False, None),)
    assert vm.rvics[1] == fresh.rvics[1]
    assert vm.rvics[0] == other
    assert vm.cpu_on(1) == ()


def test_system_reset_resets_everything() -> None:
    vm = deliverable(deliverable(machine(), 0, 5), 1, 5)
    rvid(vm, 0, RvidCall.MAP, 0, 1, T)
    assert vm.reset() == (Edge(0, False, None), Edge(1, False, None))
    assert vm == machine()


@BOTH
@pytest.mark.parametrize(("order", "taken"), [(Order.FIFO, [9, 3, 7]), (Order.LOWEST, [3, 7, 9])])
def test_acknowledge_orders(profile: Profile, order: Order, taken: list[int]) -> None:
    vm = deliverable(machine(profile=profile, order=order), 0, 9, 3, 7)
    assert [rvic(vm, 0, RvicCall.ACKNOWLEDGE).x1 for _ in range(3)] == taken


def test_random_order_differs_by_seed_and_by_vcpu() -> None:
    def taken(seed: int, vcpu: int) -> tuple[int, ...]:
        vm = deliverable(machine(order=Order.RANDOM, seed=seed), vcpu, *range(12))
        return tuple(rvic(vm, vcpu, RvicCall.ACKNOWLEDGE).x1 for _ in range(12))

    assert taken(1, 0) == taken(1, 0)
    assert len({taken(1, 0), taken(1, 1), taken(2, 0), taken(2, 1)}) == 4


@BOTH
def test_the_whole_vm_copies_and_pickles(profile: Profile) -> None:
    vm = deliverable(machine(profile=profile, order=Order.RANDOM, seed=3), 0, 4, 5, 6)
    rvid(vm, 0, RvidCall.MAP, 0, 1, T)
    stored, twin = pickle.loads(pickle.dumps(vm)), copy.deepcopy(vm)
    assert stored == twin == vm
    answers = [[rvic(each, 0, RvicCall.ACKNOWLEDGE) for _ in range(3)] for each in (vm, stored, twin)]
    assert answers[0] == answers[1] == answers[2]
    assert stored == twin == vm
