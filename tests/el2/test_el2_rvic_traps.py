# SPDX-License-Identifier: MIT
"""The traps of RVIC's contract, each by its name there, through calls that a real guest makes."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

import pytest
from call_table import Action, Call, Caller, pulse, rvic, rvid, timer, wait
from gic_accesses import hear

from harness.arch.gic import GICD_SGIR, SGIR_TARGETS_SHIFT
from harness.arch.psci import Function
from harness.arch.rvic import RVIC_BASE, RVID_BASE, RvicCall, RvicStatus, RvidCall, status
from harness.arch.smccc import NOT_SUPPORTED
from harness.arch.virt import GICD_BASE
from harness.trace.events import Hvc, PhysicalIrq, VirqLowered, VirqRaised

T, U = 32, 32
INPUT = 5
DEVICE = T + INPUT
TIMER = 27
KICKS = 16  # a PhysicalIrq below it is a kick
Make = Callable[..., Caller]
PROFILES = pytest.mark.parametrize("profile", ["spec", "kvm"])


@pytest.mark.parametrize("call", [RvidCall.MAP, RvidCall.UNMAP])
def test_input_equal_to_u(caller: Make, call: RvidCall) -> None:
    assert caller().do(rvid(0, call, U, 0, T)).registers == (status(RvicStatus.ERROR_PARAMETER, 0), 0, 0, 0)


@pytest.mark.parametrize("call", [RvidCall.MAP, RvidCall.UNMAP])
def test_input_equal_to_u_is_accepted_by_kvm_and_harms_no_other(caller: Make, call: RvidCall) -> None:
    """Defect 1: it writes past its table. Here nothing lies behind it."""
    vm = caller(profile="kvm")
    vm.ready(0, DEVICE)
    vm.do(rvid(0, RvidCall.MAP, INPUT, 0, DEVICE))
    assert vm.do(rvid(0, call, U, 0, T)).x0 == 0
    vm.do(pulse(0, INPUT))
    assert vm.acknowledge(0) == (0, DEVICE)


def test_map_with_a_signal_in_flight(caller: Make) -> None:
    """An edge that was delivered before Map stays where it is; one after Map goes to the new target."""
    vm = caller(cpus=2)
    vm.ready(0, DEVICE)
    vm.ready(1, DEVICE)
    vm.do(rvid(0, RvidCall.MAP, INPUT, 0, DEVICE), pulse(0, INPUT))
    vm.do(rvid(0, RvidCall.MAP, INPUT, 1, DEVICE))
    assert [vm.pending(n, DEVICE) for n in (0, 1)] == [True, False]
    vm.do(pulse(0, INPUT))
    assert vm.line(1)
    assert [vm.pending(n, DEVICE) for n in (0, 1)] == [True, True]


@pytest.mark.parametrize(("profile", "target"), [("spec", 1), ("kvm", 0)])
def test_map_with_an_edge_that_no_cpu_has_taken(caller: Make, profile: str, target: int) -> None:
    """Defect 5: KVM's injector read the map when the edge came, and signals the old target after Map returned."""
    vm = caller(cpus=2, profile=profile, quantum=5000)
    vm.ready(0, DEVICE)
    vm.ready(1, DEVICE)
    vm.do(rvid(0, RvidCall.MAP, INPUT, 0, DEVICE), rvic(1, RvicCall.VERSION))
    vm.do(pulse(1, INPUT), rvid(1, RvidCall.MAP, INPUT, 1, DEVICE))  # the SPI is CPU0's, which does not run
    assert [vm.pending(n, DEVICE) for n in (0, 1)] == [target == 0, target == 1]
    assert vm.line(target)


@pytest.mark.parametrize(
    ("profile", "line_after", "acknowledged"), [("spec", True, (0, 3)), ("kvm", False, (4, 0))]
)
def test_disable_clear_masked_enable(
    caller: Make, profile: str, line_after: bool, acknowledged: tuple[int, int]
) -> None:
    """Defect 2: KVM's list misses what was unmasked while disabled."""
    vm = caller(profile=profile)
    vm.ready(0)
    vm.do(rvic(0, RvicCall.SIGNAL, 0, 3), rvic(0, RvicCall.DISABLE), rvic(0, RvicCall.CLEAR_MASKED, 0, 3))
    assert vm.do(rvic(0, RvicCall.ENABLE)).line is line_after
    assert vm.pending(0, 3)
    assert vm.acknowledge(0) == acknowledged


@PROFILES
def test_disable_drops_the_line_and_clears_nothing(caller: Make, profile: str) -> None:
    vm = caller(profile=profile)
    vm.ready(0, 3)
    assert vm.do(rvic(0, RvicCall.SIGNAL, 0, 3)).line
    assert not vm.do(rvic(0, RvicCall.DISABLE)).line
    assert vm.pending(0, 3)
    assert vm.acknowledge(0) == (RvicStatus.DISABLED, 0)
    assert vm.do(rvic(0, RvicCall.ENABLE)).line


@PROFILES
def test_signal_to_a_disabled_target(caller: Make, profile: str) -> None:
    vm = caller(cpus=2, profile=profile)
    vm.do(rvic(1, RvicCall.CLEAR_MASKED, 1, 3))
    assert vm.do(rvic(0, RvicCall.SIGNAL, 1, 3)).registers == (RvicStatus.DISABLED, 0, 0, 0)
    vm.do(rvic(1, RvicCall.ENABLE))
    assert not vm.pending(1, 3)
    assert not vm.line(1)


def reonline(vm: Caller) -> None:
    """vCPU 1, enabled and with an interrupt pending, goes off and comes back."""
    vm.ready(1, 3)
    vm.do(rvic(0, RvicCall.SIGNAL, 1, 3))
    vm.do(Call(1, Action.LEAVE, Function.CPU_OFF), rvic(0, RvicCall.VERSION))
    while vm.do(Call(0, Action.HVC, Function.AFFINITY_INFO_64, 1)).x0 == 0:
        pass
    entry = vm.machine.symbols["_start"]
    assert vm.do(Call(0, Action.HVC, Function.CPU_ON_64, 1, entry)).x0 == 0


def test_reonline_of_a_vcpu(caller: Make) -> None:
    """CPU_ON returns the instance to reset: disabled, all masked, nothing pending."""
    vm = caller(cpus=2)
    reonline(vm)
    assert not vm.pending(1, 3)
    assert vm.do(rvic(0, RvicCall.SIGNAL, 1, 3)).x0 == RvicStatus.DISABLED
    assert not vm.line(1)
    vm.do(rvic(1, RvicCall.ENABLE), rvic(0, RvicCall.SIGNAL, 1, 3))
    assert vm.pending(1, 3)
    assert not vm.line(1)


def test_reonline_of_a_vcpu_keeps_its_state_in_kvm(caller: Make) -> None:
    """Defect 6."""
    vm = caller(cpus=2, profile="kvm")
    reonline(vm)
    assert vm.line(1)
    assert vm.acknowledge(1) == (0, 3)


@PROFILES
@pytest.mark.parametrize("withdrawal", [RvicCall.CLEAR_PENDING, RvicCall.SET_MASKED])
def test_line_drop_on_another_vcpu_before_it_acknowledges(
    caller: Make, profile: str, withdrawal: RvicCall
) -> None:
    vm = caller(cpus=2, profile=profile)
    vm.ready(1, 3)
    vm.do(rvic(0, RvicCall.SIGNAL, 1, 3))
    assert vm.line(1)
    vm.do(rvic(0, withdrawal, 1, 3))
    assert not vm.line(1)
    assert vm.acknowledge(1) == (RvicStatus.NO_INTERRUPTS, 0)
    assert [event.cpu for event in vm.seen(VirqLowered)] == [1]


@PROFILES
def test_acknowledge_with_nothing_deliverable(caller: Make, profile: str) -> None:
    vm = caller(profile=profile)
    vm.ready(0)
    assert vm.do(rvic(0, RvicCall.ACKNOWLEDGE)).registers == (RvicStatus.NO_INTERRUPTS, 0, 0, 0)
    vm.do(rvic(0, RvicCall.SIGNAL, 0, 3))  # pending, but masked
    assert vm.acknowledge(0) == (RvicStatus.NO_INTERRUPTS, 0)
    assert vm.pending(0, 3)


@PROFILES
def test_exactly_one_kick_per_rising_edge(
    caller: Make, profile: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[tuple[int, int]] = []

    def stored(cpu: int, address: int, value: int) -> None:
        if address == GICD_BASE + GICD_SGIR:
            sent.append((cpu, value >> SGIR_TARGETS_SHIFT))

    hear(monkeypatch, stored=stored)
    vm = caller(cpus=2, profile=profile)
    vm.ready(1, 3, 4)

    def kicks(*calls: Call) -> int:
        before = len(sent), len(vm.seen(PhysicalIrq))
        vm.do(*calls, rvic(1, RvicCall.VERSION))
        taken = [event.physical < KICKS for event in vm.seen(PhysicalIrq)[before[1] :]]
        assert len(taken) == len(sent) - before[0]
        assert all(taken)
        return len(taken)

    signal = rvic(0, RvicCall.SIGNAL, 1, 3)
    assert kicks(signal) == 1
    assert kicks(signal, rvic(0, RvicCall.SIGNAL, 1, 4)) == 0  # the line is high already
    assert kicks(rvic(1, RvicCall.ACKNOWLEDGE), rvic(1, RvicCall.ACKNOWLEDGE)) == 0  # its own line falls
    assert kicks(signal) == 0  # masked
    assert kicks(rvic(0, RvicCall.CLEAR_MASKED, 1, 3)) == 1
    assert set(sent) == {(0, 1 << 1)}


@PROFILES
def test_a_waiting_vcpu_is_woken_without_a_kick(caller: Make, profile: str) -> None:
    """It is in EL2 since its WFI: nothing needs to leave the guest."""
    vm = caller(cpus=2, profile=profile)
    vm.ready(1, 3)
    vm.do(wait(1), *[rvic(0, RvicCall.VERSION)] * 20)
    assert vm.machine.cpus[1].waiting
    vm.do(rvic(0, RvicCall.SIGNAL, 1, 3))
    assert vm.acknowledge(1) == (0, 3)
    assert not vm.seen(PhysicalIrq)


@PROFILES
def test_notify_after_an_unmask_not_before(caller: Make, profile: str) -> None:
    """The vCPU that ClearMasked wakes finds the interrupt: it never gets NO_INTERRUPTS."""
    vm = caller(cpus=2, profile=profile)
    vm.ready(1)
    vm.do(rvic(0, RvicCall.SIGNAL, 1, 3), wait(1), *[rvic(0, RvicCall.VERSION)] * 20)
    assert vm.machine.cpus[1].waiting
    assert not vm.machine.cpus[1].virq
    del vm.events[:]
    vm.do(rvic(0, RvicCall.CLEAR_MASKED, 1, 3))
    assert vm.acknowledge(1) == (0, 3)
    told = [event for event in vm.events if isinstance(event, VirqRaised | Hvc)]
    assert [(event.cpu, isinstance(event, Hvc)) for event in told[:3]] == [(0, True), (1, False), (1, True)]


@PROFILES
def test_self_signal(caller: Make, profile: str) -> None:
    """The line is high when the call returns, without a kick."""
    vm = caller(cpus=2, profile=profile)
    vm.ready(0, 3)
    result = vm.do(rvic(0, RvicCall.SIGNAL, 0, 3))
    assert (result.line_before, result.line) == (False, True)
    assert vm.acknowledge(0) == (0, 3)
    assert not vm.line(0)
    assert not vm.seen(PhysicalIrq)


@PROFILES
def test_resample_with_a_stale_pending_bit(caller: Make, profile: str) -> None:
    """Resample finds the line low, and clears nothing."""
    vm = caller(profile=profile)
    vm.ready(0, TIMER)
    vm.do(rvic(0, RvicCall.SIGNAL, 0, TIMER))
    assert vm.do(rvic(0, RvicCall.RESAMPLE, TIMER)).line
    assert vm.pending(0, TIMER)


@PROFILES
def test_level_1_twice(caller: Make, profile: str) -> None:
    """Every sample of a high level makes it pending."""
    vm = caller(profile=profile)
    vm.ready(0, TIMER)
    assert vm.do(timer(0, True)).line
    assert vm.acknowledge(0) == (0, TIMER)
    assert not vm.pending(0, TIMER)
    vm.do(rvic(0, RvicCall.RESAMPLE, TIMER))
    assert vm.pending(0, TIMER)
    vm.do(rvic(0, RvicCall.CLEAR_PENDING, 0, TIMER), rvic(0, RvicCall.RESAMPLE, TIMER))
    assert vm.do(rvic(0, RvicCall.CLEAR_MASKED, 0, TIMER)).line
    assert vm.acknowledge(0) == (0, TIMER)


@PROFILES
def test_level_0_not_clearing(caller: Make, profile: str) -> None:
    vm = caller(profile=profile)
    vm.ready(0, TIMER)
    vm.do(timer(0, True))
    assert vm.do(timer(0, False)).line
    assert vm.acknowledge(0) == (0, TIMER)


@PROFILES
@pytest.mark.parametrize("intid", [T, T + U - 1, T + U, 1 << 63])
def test_resample_of_an_untrusted_intid(caller: Make, profile: str, intid: int) -> None:
    vm = caller(profile=profile, trusted=T)
    if profile == "kvm" and intid >> 32:
        intid |= T  # truncated, it is still untrusted
    vm.ready(0)
    assert vm.do(rvic(0, RvicCall.RESAMPLE, intid)).x0 == status(RvicStatus.ERROR_PARAMETER, 0)


@pytest.mark.parametrize(
    ("mpidr", "intid", "reason", "index"),
    [
        (0, 1 << 32 | 3, RvicStatus.ERROR_PARAMETER, 1),
        (0, 1 << 63, RvicStatus.ERROR_PARAMETER, 1),
        (1 << 24, 3, RvicStatus.ERROR_PARAMETER, 0),
        (1 << 31, 3, RvicStatus.ERROR_PARAMETER, 0),
        (1 << 63, 1 << 63, RvicStatus.ERROR_PARAMETER, 0),
        (1 << 32, 3, RvicStatus.INVALID_CPU, 0),
        (0xFF_00FF_FFFF, 1 << 63, RvicStatus.INVALID_CPU, 0),
    ],
)
@pytest.mark.parametrize("call", range(RvicCall.SET_MASKED, RvicCall.ACKNOWLEDGE))
def test_high_bits_in_intid_or_mpidr(
    caller: Make, call: int, mpidr: int, intid: int, reason: RvicStatus, index: int
) -> None:
    vm = caller()
    vm.ready(0)
    assert vm.do(rvic(0, RvicCall(call), mpidr, intid)).registers == (status(reason, index), 0, 0, 0)
    assert not vm.pending(0, 3)


@pytest.mark.parametrize(("mpidr", "intid"), [(0, 1 << 32 | 3), (1 << 31, 3), (1 << 63, 1 << 63 | 3)])
def test_high_bits_are_dropped_by_kvm(caller: Make, mpidr: int, intid: int) -> None:
    """Defect 3."""
    vm = caller(profile="kvm")
    vm.ready(0)
    assert vm.do(rvic(0, RvicCall.SIGNAL, mpidr, intid)).x0 == 0
    assert vm.pending(0, 3)


@pytest.mark.parametrize("controller", ["vgic", "trap", "gicv2"])
def test_rvic_calls_from_a_vm_without_one(caller: Make, controller: str) -> None:
    """Its controller is a GICv2: every function of both ranges is unknown, and no argument is touched."""
    vm = caller(controller=controller)
    arguments = (0, 3, 5)
    for base, number in product((RVIC_BASE, RVID_BASE), (*RvicCall, 11, 0xFF)):
        for conduit in (Action.HVC, Action.SMC):
            result = vm.do(Call(0, conduit, base + number, *arguments))
            assert result.registers == (NOT_SUPPORTED, *arguments)
            assert result.preserved


@pytest.mark.parametrize("number", [*RvicCall, 11, 0xFF])
def test_rvic_calls_at_other_numbers_than_the_vms(caller: Make, number: int) -> None:
    """Nothing answers at the usual numbers where the components have others."""
    vm = caller(rvic_base=0xC500_0400, rvid_base=0xC500_0500)
    arguments = (0, 3, 5)
    for function in (RVIC_BASE + number, RVID_BASE + number):
        for conduit in (Action.HVC, Action.SMC):
            assert vm.do(Call(0, conduit, function, *arguments)).registers == (NOT_SUPPORTED, *arguments)
    assert vm.do(Call(0, Action.HVC, 0xC500_0400)).registers == (0, 3, 0, 0)
    assert vm.do(Call(0, Action.HVC, 0xC500_0500)).registers == (0, 3, 0, 0)


@pytest.mark.parametrize(("profile", "spurious"), [("spec", False), ("kvm", True)])
def test_a_reschedule_inside_a_timer_handler(caller: Make, profile: str, spurious: bool) -> None:
    """Defect 7: KVM samples the timer's line when it switches the vCPU in: one spurious timer interrupt."""
    vm = caller(cpus=2, profile=profile)
    vm.ready(0, TIMER)
    vm.do(timer(0, True))
    assert vm.acknowledge(0) == (0, TIMER)
    vm.do(rvic(1, RvicCall.VERSION))  # in the midst of the handler
    vm.do(timer(0, False), rvic(0, RvicCall.RESAMPLE, TIMER))
    assert vm.do(rvic(0, RvicCall.CLEAR_MASKED, 0, TIMER)).line is spurious
    assert vm.acknowledge(0) == ((0, TIMER) if spurious else (RvicStatus.NO_INTERRUPTS, 0))


def test_a_level_is_remembered_over_a_disable_and_an_edge_is_not(caller: Make) -> None:
    vm = caller()
    vm.ready(0, DEVICE, TIMER)
    vm.do(rvid(0, RvidCall.MAP, INPUT, 0, DEVICE), rvic(0, RvicCall.DISABLE))
    vm.do(pulse(0, INPUT), timer(0, True))
    vm.do(rvic(0, RvicCall.ENABLE))
    assert vm.acknowledge(0) == (0, TIMER)
    assert vm.acknowledge(0) == (RvicStatus.NO_INTERRUPTS, 0)
