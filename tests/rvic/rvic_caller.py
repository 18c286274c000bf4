# SPDX-License-Identifier: MIT
"""Calls by name, for the tests of this directory."""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum
from typing import NamedTuple

from harness.arch.rvic import RvicCall, RvidCall
from harness.arch.smccc import NOT_SUPPORTED
from harness.rvic import NOBODY, Call, Calls, Config, Edge, LineLevel, Order, Profile, VmInterrupts, effects

T = 32  # the first untrusted INTID of the machines made here
U = 32
SUCCESS = 0


EffectKind = IntEnum(
    "EffectKind", {name: number for name, number in vars(effects).items() if isinstance(number, int)}
)


KINDS = {int(kind): kind for kind in EffectKind}


class Effect(NamedTuple):
    """What a call did, and to which vCPU, INTID, input."""

    kind: EffectKind
    vcpu: int | None
    intid: int | None = None
    input: int | None = None


class Reply(NamedTuple):
    """All that came of a call, as a value."""

    x0: int
    x1: int = 0
    edges: tuple[Edge, ...] = ()
    effect: Effect | None = None


def bits(each: Iterable[bool]) -> int:
    """A bit by INTID, as a bitmap."""
    return sum(1 << intid for intid, is_set in enumerate(each) if is_set)


def low(vcpu: int, intid: int) -> bool:
    return False


def high(vcpu: int, intid: int) -> bool:
    return True


def machine(
    cpus: int = 2, profile: Profile = Profile.SPEC, order: Order = Order.FIFO, seed: int = 0
) -> VmInterrupts:
    return VmInterrupts(Config(cpus=cpus, profile=profile, order=order, seed=seed))


_last: list[VmInterrupts] = []
_made: dict[tuple[int, LineLevel], tuple[Calls, dict[int, Call]]] = {}


def calls_of(vm: VmInterrupts, caller: int, level: LineLevel) -> tuple[Calls, dict[int, Call]]:
    """Calls of a vCPU, made once as long as no other machine is asked for."""
    if not _last or _last[0] is not vm:
        _last[:] = [vm]
        _made.clear()
    if (caller, level) not in _made:
        calls = Calls(vm, caller, level)
        _made[caller, level] = calls, calls.functions()
    return _made[caller, level]


def hypercall(
    vm: VmInterrupts,
    caller: int,
    function: int,
    x1: int = 0,
    x2: int = 0,
    x3: int = 0,
    level: LineLevel = low,
) -> Reply:
    calls, functions = calls_of(vm, caller, level)
    call = functions.get(function)
    if call is None:
        return Reply(NOT_SUPPORTED)
    x0 = call(x1, x2, x3)
    vcpu = None if calls.vcpu == NOBODY else calls.vcpu
    intid = None if calls.intid == NOBODY else calls.intid
    moved: tuple[Edge, ...] = ()
    if calls.edge:
        assert vcpu is not None
        assert calls.edge in (-1, 1)
        moved = (Edge(vcpu, calls.edge == 1, intid),)
    if calls.effect == effects.NO_EFFECT:
        assert (vcpu, intid, moved) == (None, None, ())
        return Reply(x0, calls.x1)
    number = calls.input if calls.effect in (effects.MAPPED, effects.UNMAPPED) else None
    return Reply(x0, calls.x1, moved, Effect(KINDS[calls.effect], vcpu, intid, number))


def rvic(
    vm: VmInterrupts,
    caller: int,
    number: RvicCall,
    x1: int = 0,
    x2: int = 0,
    x3: int = 0,
    level: LineLevel = low,
) -> Reply:
    return hypercall(vm, caller, vm.config.rvic_base + number, x1, x2, x3, level)


def rvid(vm: VmInterrupts, caller: int, number: RvidCall, x1: int = 0, x2: int = 0, x3: int = 0) -> Reply:
    return hypercall(vm, caller, vm.config.rvid_base + number, x1, x2, x3)


def ready(vm: VmInterrupts, *intids: int) -> VmInterrupts:
    """Enable every RVIC and unmask the INTIDs on it."""
    for vcpu in range(vm.config.cpus):
        rvic(vm, vcpu, RvicCall.ENABLE)
        for intid in intids:
            rvic(vm, vcpu, RvicCall.CLEAR_MASKED, vcpu, intid)
    return vm
