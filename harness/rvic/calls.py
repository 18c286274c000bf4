# SPDX-License-Identifier: MIT
"""The hypercalls of RVIC and RVID (DEN0103): checks, handlers, and one table with a row per call.

The checks of a row run in order and the first that fails answers, so a handler meets valid arguments only and
always succeeds. After the checks an MPIDR argument is the number of a vCPU: CPU n has affinity Aff0 = n.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from harness.arch.rvic import MPIDR_AFFINITY, InfoKey, RvicCall, RvidCall, Status
from harness.arch.smccc import MASK32, MASK64, SUCCESS
from harness.rvic.reply import UNKNOWN_FUNCTION, VERSION, Effect, EffectKind, Reply, Target, done, failed
from harness.rvic.state import Instance
from harness.rvic.vm import Vm

Arguments: TypeAlias = tuple[int, int, int]  # x1, x2, x3: unsigned, 64 bits
LineLevel: TypeAlias = Callable[[int, int], bool]  # (vcpu, trusted intid) -> level of the physical line now
Check: TypeAlias = Callable[[Vm, int, Arguments], Reply | None]  # (vm, caller, arguments) -> failure
Handler: TypeAlias = Callable[[Vm, int, Arguments, LineLevel], Reply]


# Checks. The number is the index of the argument: 0 is x1.


def known_key(index: int) -> Check:
    """The argument is a key of Info."""
    failure = failed(Status.ERROR_PARAMETER, index)
    return lambda vm, caller, arguments: None if arguments[index] < len(InfoKey) else failure


def vcpu(index: int) -> Check:
    """The argument is the MPIDR of a vCPU: no bit outside Aff3..Aff0, and a vCPU that exists."""
    malformed = failed(Status.ERROR_PARAMETER, index)
    absent = failed(Status.INVALID_CPU, index)

    def check(vm: Vm, caller: int, arguments: Arguments) -> Reply | None:
        mpidr = arguments[index]
        if mpidr < vm.cpus:
            return None
        return malformed if mpidr & ~MPIDR_AFFINITY else absent

    return check


def vcpu_and_intid() -> Check:
    """x1 is the MPIDR of a vCPU, then x2 an INTID below T+U: two checks in one, for the calls that are hot."""
    check_vcpu, check_intid = vcpu(0), intid(1)

    def check(vm: Vm, caller: int, arguments: Arguments) -> Reply | None:
        if arguments[0] < vm.cpus and arguments[1] < vm.intids:
            return None
        return check_vcpu(vm, caller, arguments) or check_intid(vm, caller, arguments)

    return check


def route_vcpu(index: int) -> Check:
    """As ``vcpu``; the alphas before 00alp1 and KVM (defect 4) had one code for both failures."""
    check, wrong = vcpu(index), failed(Status.ERROR_PARAMETER, index)

    def check_route(vm: Vm, caller: int, arguments: Arguments) -> Reply | None:
        failure = check(vm, caller, arguments)
        return wrong if failure is not None and vm.config.defects.map_cpu_code else failure

    return check_route


def intid(index: int) -> Check:
    """The argument is an INTID below T+U."""
    failure = failed(Status.ERROR_PARAMETER, index)
    return lambda vm, caller, arguments: None if arguments[index] < vm.intids else failure


def trusted(index: int) -> Check:
    """The argument is an INTID below T."""
    failure = failed(Status.ERROR_PARAMETER, index)
    return lambda vm, caller, arguments: None if arguments[index] < vm.config.trusted else failure


def untrusted(index: int) -> Check:
    """The argument is an INTID from T to T+U-1."""
    failure = failed(Status.ERROR_PARAMETER, index)
    return lambda vm, caller, arguments: (
        None if vm.config.trusted <= arguments[index] < vm.intids else failure
    )


def rvid_input(index: int) -> Check:
    """The argument is an input below U; up to U itself under KVM (defect 1)."""
    failure = failed(Status.ERROR_PARAMETER, index)
    return lambda vm, caller, arguments: (
        None if arguments[index] < vm.config.untrusted + vm.config.defects.rvid_bound else failure
    )


_DISABLED, _NO_INTERRUPTS = failed(Status.DISABLED), failed(Status.NO_INTERRUPTS)


def target_enabled(vm: Vm, caller: int, arguments: Arguments) -> Reply | None:
    """The instance that x1 names is enabled."""
    return None if vm.instances[arguments[0]].enabled else _DISABLED


def self_enabled(vm: Vm, caller: int, arguments: Arguments) -> Reply | None:
    """The caller's own instance is enabled."""
    return None if vm.instances[caller].enabled else _DISABLED


def self_deliverable(vm: Vm, caller: int, arguments: Arguments) -> Reply | None:
    """The caller's own line is high."""
    return None if vm.instances[caller].queue else _NO_INTERRUPTS


# Handlers: change the state, and say what changed.

# Looked up for every call, and a member of an enum is slow to find before Python 3.12.
_QUERIED, _ACKNOWLEDGED = EffectKind.QUERIED, EffectKind.ACKNOWLEDGED
_RESAMPLED, _REPENDED = EffectKind.RESAMPLED, EffectKind.REPENDED


def version(vm: Vm, caller: int, arguments: Arguments, level: LineLevel) -> Reply:
    """Version of either component."""
    return VERSION


def info(vm: Vm, caller: int, arguments: Arguments, level: LineLevel) -> Reply:
    """Number of trusted, or of untrusted interrupts."""
    key = arguments[0]
    return Reply(SUCCESS, vm.config.trusted if key == InfoKey.NR_TRUSTED else vm.config.untrusted)


def enable(vm: Vm, caller: int, arguments: Arguments, level: LineLevel) -> Reply:
    """The line rises if something was deliverable all along. On an enabled instance, nothing happens."""
    instance = vm.instances[caller]
    if instance.enabled:
        return Reply(SUCCESS)
    before = instance.line
    instance.enable()
    return done(EffectKind.ENABLED, caller, None, before, instance.line)


def disable(vm: Vm, caller: int, arguments: Arguments, level: LineLevel) -> Reply:
    """The line falls; no bit is cleared."""
    instance = vm.instances[caller]
    before = instance.line
    instance.disable()
    return done(EffectKind.DISABLED, caller, None, before, False)


def on_target(kind: EffectKind, primitive: Callable[[Instance, int], object]) -> Handler:
    """A call that applies one primitive to (MPIDR, INTID): any vCPU's instance, the caller's as well."""

    def handler(vm: Vm, caller: int, arguments: Arguments, level: LineLevel) -> Reply:
        target, number, _ = arguments
        instance = vm.instances[target]
        before = instance.line
        primitive(instance, number)
        return done(kind, target, number, before, instance.line)

    return handler


def is_pending(vm: Vm, caller: int, arguments: Arguments, level: LineLevel) -> Reply:
    """The pending bit, masked or not, enabled or not."""
    target, number, _ = arguments
    pending = vm.instances[target].is_pending(number)
    return done(_QUERIED, target, number, False, False, int(pending))


def acknowledge(vm: Vm, caller: int, arguments: Arguments, level: LineLevel) -> Reply:
    """Take the first deliverable interrupt; the line falls unless another one is deliverable."""
    instance = vm.instances[caller]
    number = instance.acknowledge()
    assert number is not None  # self_enabled and self_deliverable hold
    return done(_ACKNOWLEDGED, caller, number, True, instance.line, number)


def resample(vm: Vm, caller: int, arguments: Arguments, level: LineLevel) -> Reply:
    """A high line signals again (a disabled instance drops that); a low one changes no bit.

    With the line low EL2 is told whether or not the instance is enabled, as in KVM: the physical interrupt
    would otherwise stay active and none could follow.
    """
    number = arguments[0]
    instance = vm.instances[caller]
    before = instance.line
    if not level(caller, number):
        return done(_RESAMPLED, caller, number, before, before)
    instance.signal(number)
    return done(_REPENDED, caller, number, before, instance.line)


def rvid_map(vm: Vm, caller: int, arguments: Arguments, level: LineLevel) -> Reply:
    """Route an input."""
    number, target, interrupt = arguments
    if not vm.rvid.map(number, Target(target, interrupt)):
        return Reply(SUCCESS)  # defect 1
    return Reply(SUCCESS, effect=Effect(EffectKind.MAPPED, target, interrupt, number))


def rvid_unmap(vm: Vm, caller: int, arguments: Arguments, level: LineLevel) -> Reply:
    """Route an input nowhere."""
    number = arguments[0]
    if not vm.rvid.unmap(number):
        return Reply(SUCCESS)  # defect 1
    return Reply(SUCCESS, effect=Effect(EffectKind.UNMAPPED, None, None, number))


# The table.


class Call(NamedTuple):
    """One hypercall. ``kvm_masks`` is what KVM's types leave of x1, x2 and x3 (defect 3)."""

    number: RvicCall | RvidCall
    name: str
    checks: tuple[Check, ...]
    handler: Handler
    kvm_masks: Arguments = (MASK64, MASK64, MASK64)


_TARGET = (vcpu_and_intid(),)
_TARGET_MASKS = (MPIDR_AFFINITY, MASK32, MASK64)
_SET_MASKED = on_target(EffectKind.MASKED, Instance.set_masked)
_CLEAR_MASKED = on_target(EffectKind.UNMASKED, Instance.clear_masked)
_SIGNAL = on_target(EffectKind.SIGNALLED, Instance.signal)
_CLEAR_PENDING = on_target(EffectKind.CLEARED, Instance.clear_pending)

# fmt: off
RVIC_CALLS = (
    Call(RvicCall.VERSION,       "Version",      (), version),
    Call(RvicCall.INFO,          "Info",         (known_key(0),), info),
    Call(RvicCall.ENABLE,        "Enable",       (), enable),
    Call(RvicCall.DISABLE,       "Disable",      (), disable),
    Call(RvicCall.SET_MASKED,    "SetMasked",    _TARGET, _SET_MASKED, _TARGET_MASKS),
    Call(RvicCall.CLEAR_MASKED,  "ClearMasked",  _TARGET, _CLEAR_MASKED, _TARGET_MASKS),
    Call(RvicCall.IS_PENDING,    "IsPending",    _TARGET, is_pending, _TARGET_MASKS),
    Call(RvicCall.SIGNAL,        "Signal",       (*_TARGET, target_enabled), _SIGNAL, _TARGET_MASKS),
    Call(RvicCall.CLEAR_PENDING, "ClearPending", _TARGET, _CLEAR_PENDING, _TARGET_MASKS),
    Call(RvicCall.ACKNOWLEDGE,   "Acknowledge",  (self_enabled, self_deliverable), acknowledge),
    Call(RvicCall.RESAMPLE,      "Resample",     (trusted(0),), resample, (MASK32, MASK64, MASK64)),
)
RVID_CALLS = (
    Call(RvidCall.VERSION,       "Version",      (), version),
    Call(RvidCall.MAP,           "Map",          (rvid_input(0), route_vcpu(1), untrusted(2)), rvid_map,
         (MASK64, MPIDR_AFFINITY, MASK32)),
    Call(RvidCall.UNMAP,         "Unmap",        (rvid_input(0),), rvid_unmap),
)
# fmt: on


def line_low(vcpu: int, intid: int) -> bool:
    """Level of a physical line where nothing is connected."""
    return False


@dataclass(slots=True)
class Rvic(Vm):
    """The RVICs and the RVID of one VM, with their hypercalls."""

    def call(
        self, caller: int, function: int, x1: int = 0, x2: int = 0, x3: int = 0, level: LineLevel = line_low
    ) -> Reply:
        """Make a call from vCPU ``caller``: ``function`` is W0, x1 to x3 are unsigned 64-bit values.

        ``level`` tells Resample the level of the caller's physical line. A function that belongs to neither
        component answers NOT_SUPPORTED.
        """
        config = self.config
        number = function - config.rvic_base
        if 0 <= number < len(RVIC_CALLS):
            row = RVIC_CALLS[number]
        else:
            number = function - config.rvid_base
            if not 0 <= number < len(RVID_CALLS):
                return UNKNOWN_FUNCTION
            row = RVID_CALLS[number]
        _, _, checks, handler, masks = row
        arguments = (x1 & masks[0], x2 & masks[1], x3 & masks[2]) if self.truncates else (x1, x2, x3)
        for check in checks:
            failure = check(self, caller, arguments)
            if failure is not None:
                return failure
        return handler(self, caller, arguments, level)
