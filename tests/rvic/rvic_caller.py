# SPDX-License-Identifier: MIT
"""Calls by name, for the tests of this directory."""

from __future__ import annotations

from harness.arch.rvic import RvicCall, RvidCall
from harness.rvic import Config, LineLevel, Order, Profile, Reply, VmInterrupts, call

T = 32  # the first untrusted INTID of the machines made here
U = 32
SUCCESS = 0


def low(vcpu: int, intid: int) -> bool:
    return False


def high(vcpu: int, intid: int) -> bool:
    return True


def machine(
    cpus: int = 2, profile: Profile = Profile.SPEC, order: Order = Order.FIFO, seed: int = 0
) -> VmInterrupts:
    return VmInterrupts(Config(cpus=cpus, profile=profile, order=order, seed=seed))


def hypercall(
    vm: VmInterrupts,
    caller: int,
    function: int,
    x1: int = 0,
    x2: int = 0,
    x3: int = 0,
    level: LineLevel = low,
) -> Reply:
    return call(vm, caller, function, (x1, x2, x3), level)


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
