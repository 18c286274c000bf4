# SPDX-License-Identifier: MIT
"""Every reachable state of 2 vCPUs x 3 INTIDs, and what must hold on every way out of it (DEN0103).

The calls name INTIDs 0 and 1 (trusted) and T (untrusted) of an ordinary machine; a state is all that the
model holds of both RVICs, so a call that touched a fourth INTID would enlarge the set. The RVID's table
is fixed: input v goes to (vCPU v, T). Routing has its own tests and no state in common with the RVICs.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from math import perm
from typing import NamedTuple, TypeAlias

import pytest
from rvic_caller import Effect, T, U, bits, high, hypercall, low, machine, rvid

from harness.arch.rvic import RVIC_BASE, RVID_BASE, RvicCall, RvidCall
from harness.rvic import Edge, Order, Profile, VmInterrupts

INTIDS = (0, 1, T)
ONE: TypeAlias = tuple[bool, int, int, tuple[int, ...]]  # enabled, pending, masked, queue
State: TypeAlias = tuple[ONE, ...]
# What a step answers: x0, x1, edges, effect
Answer: TypeAlias = tuple[int, int, tuple[Edge, ...], Effect | None]


class Step(NamedTuple):
    name: str
    run: Callable[[VmInterrupts], Answer]
    vcpu: int  # the only RVIC it may touch
    clears: tuple[int, ...] = ()  # INTIDs whose pending bit it may clear
    acknowledges: bool = False  # and the one it returns
    drops: bool = False  # while the RVIC is disabled it does nothing


def called(
    caller: int, function: int, *arguments: int, level: Callable[[int, int], bool] = low
) -> Callable[[VmInterrupts], Answer]:
    x1, x2, x3 = (*arguments, 0, 0, 0)[:3]
    return lambda vm: hypercall(vm, caller, function, x1, x2, x3, level)


def trusted(vcpu: int, intid: int) -> Callable[[VmInterrupts], Answer]:
    return lambda vm: (0, 0, vm.signal_trusted(vcpu, intid).edges, None)


def routed(number: int) -> Callable[[VmInterrupts], Answer]:
    return lambda vm: (0, 0, vm.signal_input(number).edges, None)


def restarted(vcpu: int) -> Callable[[VmInterrupts], Answer]:
    return lambda vm: (0, 0, vm.cpu_on(vcpu), None)


def steps(cpus: int, intids: tuple[int, ...]) -> list[Step]:
    """Every call in every valid form, every failing check, and what EL2 itself does."""
    found = []
    for v in range(cpus):
        found += [
            Step(f"{call.name} by {v}", called(v, RVIC_BASE + call), v)
            for call in (RvicCall.ENABLE, RvicCall.DISABLE, RvicCall.VERSION, RvicCall.INFO)
        ]
        found.append(Step(f"Acknowledge by {v}", called(v, RVIC_BASE + 9), v, acknowledges=True))
        found.append(Step(f"Resample({T}) by {v}", called(v, RVIC_BASE + 10, T, level=high), v))
        for i in intids:
            # The caller of these plays no part; the other vCPU makes them, where there is one.
            other = cpus - 1 - v
            found += [
                Step(f"SetMasked({v}, {i})", called(other, RVIC_BASE + 4, v, i), v),
                Step(f"ClearMasked({v}, {i})", called(other, RVIC_BASE + 5, v, i), v),
                Step(f"IsPending({v}, {i})", called(other, RVIC_BASE + 6, v, i), v),
                Step(f"Signal({v}, {i})", called(other, RVIC_BASE + 7, v, i), v),
                Step(f"ClearPending({v}, {i})", called(other, RVIC_BASE + 8, v, i), v, clears=(i,)),
            ]
            if i < T:
                found += [
                    Step(f"Resample({i}) low by {v}", called(v, RVIC_BASE + 10, i), v),
                    Step(f"Resample({i}) high by {v}", called(v, RVIC_BASE + 10, i, level=high), v),
                    Step(f"EL2 signals ({v}, {i})", trusted(v, i), v, drops=True),
                ]
            else:
                found.append(Step(f"EL2 signals input {v}", routed(v), v, drops=True))
        found.append(Step(f"CPU_ON({v})", restarted(v), v, clears=intids))
    for number in (4, 5, 6, 7, 8):
        found += [
            Step(f"+{number} of no vCPU", called(0, RVIC_BASE + number, cpus, 0), 0),
            Step(f"+{number} of a malformed MPIDR", called(0, RVIC_BASE + number, 1 << 31 | cpus, 0), 0),
            Step(f"+{number} of no INTID", called(0, RVIC_BASE + number, 0, T + U), 0),
        ]
    found += [
        Step("unknown RVIC function", called(0, RVIC_BASE + 11), 0),
        Step("Map of no input", called(0, RVID_BASE + 1, U + 1, 0, T), 0),
        Step("Map to a trusted INTID", called(0, RVID_BASE + 1, 0, 0, 0), 0),
        Step("Unmap of no input", called(0, RVID_BASE + 2, U + 1), 0),
    ]
    return found


class Bitmaps(dict[bytes, int]):
    """Bits by INTID as a number, for each way in which a model holds them: few are reachable."""

    def __missing__(self, each: bytes) -> int:
        self[each] = bits(map(bool, each))
        return self[each]


BITMAPS = Bitmaps()


@cache
def unpacked(bitmap: int) -> list[bool]:
    return [bool(bitmap >> intid & 1) for intid in range(T + U)]


def load(vm: VmInterrupts, state: State) -> None:
    for rvic, (enabled, pending, masked, queue) in zip(vm.rvics, state, strict=True):
        rvic.enabled, rvic.pending, rvic.masked = enabled, unpacked(pending)[:], unpacked(masked)[:]
        rvic.queue.clear()
        for intid in queue:
            rvic.queue.add(intid)


def store(vm: VmInterrupts) -> State:
    return tuple(
        [(i.enabled, BITMAPS[bytes(i.pending)], BITMAPS[bytes(i.masked)], tuple(i.queue)) for i in vm.rvics]
    )


def line(one: ONE) -> bool:
    """The line as the contract has it, from the bits alone: no queue."""
    return one[0] and bool(one[1] & ~one[2])


def kvm_line(one: ONE) -> bool:
    """The line as KVM has it: the delivery list."""
    return one[0] and bool(one[3])


def check_state(vm: VmInterrupts, state: State) -> None:
    for vcpu, one in enumerate(state):
        assert vm.rvics[vcpu].line == line(one), state
        assert len(one[3]) == len(set(one[3])), state
        assert sum(1 << intid for intid in one[3]) == one[1] & ~one[2], state


def check_kvm_state(vm: VmInterrupts, state: State) -> None:
    """Defect 2 breaks two of the invariants, in one direction each: the line may be low although something is
    deliverable, and the queue may lack deliverable interrupts. It never holds one that is not deliverable."""
    for vcpu, one in enumerate(state):
        assert vm.rvics[vcpu].line == kvm_line(one), state
        assert not vm.rvics[vcpu].line or line(one), state
        assert len(one[3]) == len(set(one[3])), state
        assert sum(1 << intid for intid in one[3]) & ~(one[1] & ~one[2]) == 0, state


def check_step(step: Step, before: State, answer: Answer, after: State, level: Callable[[ONE], bool]) -> None:
    x0, x1, edges, effect = answer
    where = (step.name, before, answer, after)
    if x0:
        assert after == before, where
        assert edges == (), where
        assert effect is None, where
        return
    for vcpu, (old, new) in enumerate(zip(before, after, strict=True)):
        if vcpu != step.vcpu:
            assert new == old, where
            continue
        was, now = level(old), level(new)
        assert [edge[:2] for edge in edges] == ([] if was == now else [(vcpu, now)]), where
        may_lose = sum(1 << intid for intid in step.clears)
        if step.acknowledges:
            assert old[1] >> x1 & 1, where
            assert not old[2] >> x1 & 1, where
            assert (new[1], new[2]) == (old[1] ^ 1 << x1, old[2] | 1 << x1), where
            may_lose = 1 << x1
        assert not old[1] & ~new[1] & ~may_lose, where
        assert not (step.drops and not old[0]) or new == old, where


def explore(
    vm: VmInterrupts,
    intids: tuple[int, ...],
    check: Callable[[VmInterrupts, State], None],
    level: Callable[[ONE], bool],
) -> set[State]:
    """All states reachable from reset, each checked, and every step out of each."""
    for vcpu in range(vm.config.cpus):
        rvid(vm, 0, RvidCall.MAP, vcpu, vcpu, T)
    todo = [store(vm)]
    seen = set(todo)
    ways = steps(vm.config.cpus, intids)
    while todo:
        before = todo.pop()
        load(vm, before)
        check(vm, before)
        for step in ways:
            answer = step.run(vm)
            after = store(vm)
            check_step(step, before, answer, after, level)
            if after != before:
                if after not in seen:
                    seen.add(after)
                    todo.append(after)
                load(vm, before)
    return seen


def count(intids: int, unqueued: int) -> int:
    """States of one RVIC: each INTID in a state outside the queue or at a place in it; enabled or not."""
    return sum(2 * perm(intids, queued) * int(unqueued ** (intids - queued)) for queued in range(intids + 1))


def test_every_state_of_two_vcpus_and_three_intids() -> None:
    assert len(explore(machine(), INTIDS, check_state, line)) == count(3, 3) ** 2 == 156**2


@pytest.mark.parametrize("order", list(Order))
def test_every_state_in_every_acknowledge_order(order: Order) -> None:
    """One vCPU, three INTIDs. Under random the generator goes on from state to state: any choice must do."""
    assert len(explore(machine(1, order=order), INTIDS, check_state, line)) == count(3, 3)


@pytest.mark.parametrize(("cpus", "intids"), [(1, INTIDS), (2, (0, T))])
def test_every_state_of_the_kvm_profile(cpus: int, intids: tuple[int, ...]) -> None:
    states = explore(machine(cpus, profile=Profile.KVM), intids, check_kvm_state, kvm_line)
    assert len(states) == count(len(intids), 4) ** cpus  # outside the queue: also deliverable but missed
    assert any(line(one) != kvm_line(one) for state in states for one in state)
