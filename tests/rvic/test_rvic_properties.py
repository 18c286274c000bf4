# SPDX-License-Identifier: MIT
"""Random runs of a machine with four vCPUs against sets and bits kept beside it (DEN0103)."""

from __future__ import annotations

import copy

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from rvic_caller import EffectKind, Reply, T, U, bits, high, hypercall, low, rvic, rvid

from harness.arch.rvic import RvicCall, RvidCall
from harness.rvic import Config, Order, Profile, Signalled, VmInterrupts

CPUS = 4
vcpus = st.integers(0, CPUS - 1)
intids = st.sampled_from([0, 1, 15, 27, T - 1, T, T + 1, T + U - 1])
inputs = st.integers(0, 3)
any64 = st.one_of(st.integers(0, 70), st.integers(0, 2**64 - 1), st.sampled_from([1 << 31, 1 << 32, 1 << 63]))


class Runs(RuleBasedStateMachine):
    """``pending``, ``masked``, ``enabled`` and ``lines`` are kept by the contract's table alone."""

    profile = Profile.SPEC

    @initialize(order=st.sampled_from(list(Order)), seed=st.integers(0, 2**64 - 1))
    def start(self, order: Order, seed: int) -> None:
        self.vm = VmInterrupts(Config(cpus=CPUS, profile=self.profile, order=order, seed=seed))
        self.pending: set[tuple[int, int]] = set()
        self.unmasked: set[tuple[int, int]] = set()
        self.enabled: set[int] = set()
        self.lines = [False] * CPUS
        self.routes: dict[int, tuple[int, int]] = {}

    def answered(self, reply: Reply | Signalled) -> None:
        """Follow the edges: each must be a change, one per vCPU."""
        assert len({edge.vcpu for edge in reply.edges}) == len(reply.edges)
        for edge in reply.edges:
            assert self.lines[edge.vcpu] != edge.level
            self.lines[edge.vcpu] = edge.level

    @rule(caller=vcpus, on=st.booleans())
    def enable(self, caller: int, on: bool) -> None:
        reply = rvic(self.vm, caller, RvicCall.ENABLE if on else RvicCall.DISABLE)
        (self.enabled.add if on else self.enabled.discard)(caller)
        assert reply.x0 == 0
        self.answered(reply)

    @rule(caller=vcpus, vcpu=vcpus, intid=intids, on=st.booleans())
    def mask(self, caller: int, vcpu: int, intid: int, on: bool) -> None:
        reply = rvic(self.vm, caller, RvicCall.SET_MASKED if on else RvicCall.CLEAR_MASKED, vcpu, intid)
        (self.unmasked.discard if on else self.unmasked.add)((vcpu, intid))
        assert reply.x0 == 0
        self.answered(reply)

    @rule(caller=vcpus, vcpu=vcpus, intid=intids)
    def signal(self, caller: int, vcpu: int, intid: int) -> None:
        reply = rvic(self.vm, caller, RvicCall.SIGNAL, vcpu, intid)
        assert reply.x0 == (0 if vcpu in self.enabled else 3)
        if vcpu in self.enabled:
            self.pending.add((vcpu, intid))
        self.answered(reply)

    @rule(number=inputs)
    def device(self, number: int) -> None:
        answer = self.vm.signal_input(number)
        target = self.routes.get(number)
        assert answer.target == target
        if target is None:
            assert not answer.delivered
        else:
            assert answer.delivered == (target[0] in self.enabled)
            if answer.delivered:
                self.pending.add(target)
        self.answered(answer)

    @rule(number=inputs, vcpu=vcpus, intid=st.sampled_from([T, T + 1, T + U - 1]))
    def route(self, number: int, vcpu: int, intid: int) -> None:
        self.answered(rvid(self.vm, 0, RvidCall.MAP, number, vcpu, intid))
        self.routes[number] = (vcpu, intid)

    @rule(number=inputs)
    def unroute(self, number: int) -> None:
        self.answered(rvid(self.vm, 0, RvidCall.UNMAP, number))
        self.routes.pop(number, None)

    @rule(caller=vcpus, vcpu=vcpus, intid=intids)
    def clear_pending(self, caller: int, vcpu: int, intid: int) -> None:
        self.answered(rvic(self.vm, caller, RvicCall.CLEAR_PENDING, vcpu, intid))
        self.pending.discard((vcpu, intid))

    @rule(caller=vcpus, intid=st.sampled_from([0, 27, T - 1]), level=st.sampled_from([low, high]))
    def resample(self, caller: int, intid: int, level: object) -> None:
        up = level is high
        reply = rvic(self.vm, caller, RvicCall.RESAMPLE, intid, level=high if up else low)
        assert reply.effect is not None
        assert reply.effect.kind is (EffectKind.REPENDED if up else EffectKind.RESAMPLED)
        if up and caller in self.enabled:
            self.pending.add((caller, intid))
        self.answered(reply)

    @rule(caller=vcpus)
    def acknowledge(self, caller: int) -> None:
        was_high = self.lines[caller]
        reply = rvic(self.vm, caller, RvicCall.ACKNOWLEDGE)
        if not was_high:
            assert reply == Reply(4 if caller in self.enabled else 3)
            return
        assert reply.x0 == 0
        taken = (caller, reply.x1)
        assert taken in self.pending & self.unmasked
        self.pending.remove(taken)
        self.unmasked.remove(taken)
        self.answered(reply)

    @rule(vcpu=vcpus)
    @precondition(lambda self: not self.vm.config.defects.kept_on_reset)
    def restart(self, vcpu: int) -> None:
        for edge in self.vm.cpu_on(vcpu):
            assert (edge.vcpu, edge.level) == (vcpu, False)
            self.lines[vcpu] = False
        self.enabled.discard(vcpu)
        self.pending = {bit for bit in self.pending if bit[0] != vcpu}
        self.unmasked = {bit for bit in self.unmasked if bit[0] != vcpu}

    @rule(caller=vcpus, number=st.integers(0, 12), x1=any64, x2=any64, x3=any64, rvid_call=st.booleans())
    def failing_call_changes_nothing(
        self, caller: int, number: int, x1: int, x2: int, x3: int, rvid_call: bool
    ) -> None:
        """Any arguments at all: on a copy, because the call may be a good one."""
        config, twin = self.vm.config, copy.deepcopy(self.vm)
        reply = hypercall(
            twin, caller, (config.rvid_base if rvid_call else config.rvic_base) + number, x1, x2, x3
        )
        if reply.x0:
            assert reply == Reply(reply.x0)
            assert twin == self.vm

    @invariant()
    def bits_are_the_contracts(self) -> None:
        for vcpu, one in enumerate(self.vm.rvics):
            pending = sum(1 << intid for of, intid in self.pending if of == vcpu)
            unmasked = sum(1 << intid for of, intid in self.unmasked if of == vcpu)
            assert bits(one.pending) == pending
            assert bits(one.masked) == (1 << T + U) - 1 & ~unmasked
            assert one.enabled == (vcpu in self.enabled)

    @invariant()
    def reported_edges_add_up_to_the_line(self) -> None:
        assert self.lines == [self.vm.rvics[vcpu].line for vcpu in range(CPUS)]

    @invariant()
    def line_is_high_iff_enabled_and_deliverable(self) -> None:
        """Under kvm only that it is not high without cause: defect 2 can leave it low."""
        ready = {vcpu for vcpu, _ in self.pending & self.unmasked} & self.enabled
        raised = {vcpu for vcpu in range(CPUS) if self.lines[vcpu]}
        assert raised <= ready if self.profile is Profile.KVM else raised == ready


class KvmRuns(Runs):
    profile = Profile.KVM


TestSpec = Runs.TestCase
TestKvm = KvmRuns.TestCase
TestSpec.settings = TestKvm.settings = settings(
    derandomize=True, max_examples=60, stateful_step_count=60, deadline=None
)
