# SPDX-License-Identifier: MIT
"""Hypercalls of RVIC and RVID (DEN0103): a handler for each, and one table with a row per call.

A row names the kinds of its arguments. They are checked in order, and the first that is not valid answers; so
a handler meets valid arguments only. It changes the state, and says what changed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from harness.arch.masks import MASK32, MASK64
from harness.arch.rvic import MPIDR_AFFINITY, VERSION_0_3, InfoKey, RvicCall, RvicStatus, RvidCall, status
from harness.arch.smccc import NOT_SUPPORTED, SUCCESS
from harness.rvic.config import Argument, Defects
from harness.rvic.reply import Effect, EffectKind, Reply, Target, done
from harness.rvic.state import Rvic
from harness.rvic.vm import VmInterrupts

Arguments: TypeAlias = tuple[int, ...]  # x1, x2, x3: unsigned, 64 bits
LineLevel: TypeAlias = Callable[[int, int], bool]  # (vCPU, trusted INTID) -> level of the physical line now
Handler: TypeAlias = Callable[[VmInterrupts, int, Arguments, LineLevel], Reply]  # the int is the caller

# Looked up for every call, and a member of an enum is slow to find before Python 3.12.
_SIGNALLED, _ACKNOWLEDGED = EffectKind.SIGNALLED, EffectKind.ACKNOWLEDGED
_VERSION, _NOT_SUPPORTED = Reply(SUCCESS, VERSION_0_3), Reply(NOT_SUPPORTED)
_DISABLED, _NO_INTERRUPTS = Reply(status(RvicStatus.DISABLED)), Reply(status(RvicStatus.NO_INTERRUPTS))


def info(vm: VmInterrupts, _caller: int, x: Arguments, _level: LineLevel) -> Reply:
    """Answers the number of trusted, or of untrusted interrupts."""
    return Reply(SUCCESS, vm.config.trusted if x[0] == InfoKey.NR_TRUSTED else vm.config.untrusted)


def enable(vm: VmInterrupts, caller: int, _x: Arguments, _level: LineLevel) -> Reply:
    """Raises the line if something was deliverable all along. On an enabled RVIC it does nothing."""
    rvic = vm.rvics[caller]
    if rvic.enabled:
        return Reply(SUCCESS)
    rvic.enabled = True
    return done(EffectKind.ENABLED, caller, None, False, rvic.line)


def disable(vm: VmInterrupts, caller: int, _x: Arguments, _level: LineLevel) -> Reply:
    """Lowers the line; no bit is cleared."""
    rvic = vm.rvics[caller]
    before = rvic.line
    rvic.enabled = False
    return done(EffectKind.DISABLED, caller, None, before, False)


def on_target(kind: EffectKind, primitive: Callable[[Rvic, int], bool | None]) -> Handler:
    """Returns a handler that applies a primitive to (MPIDR, INTID), of any vCPU. Its result goes to x1."""

    def handler(vm: VmInterrupts, _caller: int, x: Arguments, _level: LineLevel) -> Reply:
        target, intid = x[0], x[1]
        rvic = vm.rvics[target]
        before = rvic.line
        result = primitive(rvic, intid)
        return done(kind, target, intid, before, rvic.line, 1 if result else 0)

    return handler


def signal(vm: VmInterrupts, _caller: int, x: Arguments, _level: LineLevel) -> Reply:
    """Makes (MPIDR, INTID) pending, of any vCPU whose RVIC is enabled."""
    target, intid = x[0], x[1]
    rvic = vm.rvics[target]
    before = rvic.line
    return done(_SIGNALLED, target, intid, before, rvic.line) if rvic.signal(intid) else _DISABLED


def acknowledge(vm: VmInterrupts, caller: int, _x: Arguments, _level: LineLevel) -> Reply:
    """Takes the first deliverable interrupt; the line falls unless another one is deliverable."""
    rvic = vm.rvics[caller]
    intid = rvic.acknowledge()
    if intid is None:
        return _NO_INTERRUPTS if rvic.enabled else _DISABLED
    return done(_ACKNOWLEDGED, caller, intid, True, rvic.line, intid)


def resample(vm: VmInterrupts, caller: int, x: Arguments, level: LineLevel) -> Reply:
    """Signals again if the physical line is high, which a disabled RVIC drops; if it is low, changes no bit.

    With the line low EL2 is told, be the RVIC enabled or not, as in KVM: the physical interrupt would
    otherwise stay active and none could follow.
    """
    rvic, intid = vm.rvics[caller], x[0]
    before = rvic.line
    if not level(caller, intid):
        return done(EffectKind.RESAMPLED, caller, intid, before, before)
    rvic.signal(intid)
    return done(EffectKind.REPENDED, caller, intid, before, rvic.line)


def rvid_map(vm: VmInterrupts, _caller: int, x: Arguments, _level: LineLevel) -> Reply:
    """Routes an input to (MPIDR, INTID)."""
    exists = vm.rvid.route(x[0], Target(x[1], x[2]))  # else defect 1
    return Reply(SUCCESS, effect=Effect(EffectKind.MAPPED, x[1], x[2], x[0]) if exists else None)


def rvid_unmap(vm: VmInterrupts, _caller: int, x: Arguments, _level: LineLevel) -> Reply:
    """Routes an input nowhere."""
    exists = vm.rvid.route(x[0], None)  # else defect 1
    return Reply(SUCCESS, effect=Effect(EffectKind.UNMAPPED, None, None, x[0]) if exists else None)


Row: TypeAlias = tuple[Handler, tuple[tuple[int, Argument], ...]]


def row(handler: Handler, *arguments: Argument) -> Row:
    """Returns a row of the table: a handler, and the kinds of the arguments that it takes, from x1."""
    return handler, tuple(enumerate(arguments))


_TARGET = (Argument.VCPU, Argument.INTID)
RVIC_CALLS: dict[int, Row] = {
    RvicCall.VERSION: row(lambda *_: _VERSION),
    RvicCall.INFO: row(info, Argument.KEY),
    RvicCall.ENABLE: row(enable),
    RvicCall.DISABLE: row(disable),
    RvicCall.SET_MASKED: row(on_target(EffectKind.MASKED, Rvic.set_masked), *_TARGET),
    RvicCall.CLEAR_MASKED: row(on_target(EffectKind.UNMASKED, Rvic.clear_masked), *_TARGET),
    RvicCall.IS_PENDING: row(on_target(EffectKind.QUERIED, Rvic.is_pending), *_TARGET),
    RvicCall.SIGNAL: row(signal, *_TARGET),
    RvicCall.CLEAR_PENDING: row(on_target(EffectKind.CLEARED, Rvic.clear_pending), *_TARGET),
    RvicCall.ACKNOWLEDGE: row(acknowledge),
    RvicCall.RESAMPLE: row(resample, Argument.TRUSTED),
}
RVID_CALLS: dict[int, Row] = {
    RvidCall.VERSION: row(lambda *_: _VERSION),
    RvidCall.MAP: row(rvid_map, Argument.INPUT, Argument.ROUTE_VCPU, Argument.UNTRUSTED),
    RvidCall.UNMAP: row(rvid_unmap, Argument.INPUT),
}
# By Argument: what KVM's types leave of it (defect 3).
_KVM_BITS = (MASK64, MPIDR_AFFINITY, MPIDR_AFFINITY, MASK32, MASK32, MASK32, MASK64)


def call(vm: VmInterrupts, caller: int, function: int, x: Arguments, level: LineLevel) -> Reply:
    """Makes a call from vCPU ``caller``: ``function`` is W0, ``x`` is x1 to x3, unsigned 64-bit values.

    ``level`` tells Resample the level of the caller's physical line. A function that belongs to neither
    component answers NOT_SUPPORTED.
    """
    config = vm.config
    found = RVIC_CALLS.get(function - config.rvic_base) or RVID_CALLS.get(function - config.rvid_base)
    if found is None:
        return _NOT_SUPPORTED
    handler, arguments = found
    if arguments:
        if config.defects.truncated:
            x = tuple(x[index] & _KVM_BITS[kind] for index, kind in arguments)
        valid = config.valid
        for index, kind in arguments:
            if x[index] not in valid[kind]:
                return _refused(kind, x[index], index, config.defects)
    return handler(vm, caller, x, level)


def _refused(kind: Argument, value: int, index: int, defects: Defects) -> Reply:
    has_code = kind is Argument.VCPU or (kind is Argument.ROUTE_VCPU and not defects.map_vcpu_code)
    absent = has_code and not value & ~MPIDR_AFFINITY  # malformed otherwise
    return Reply(status(RvicStatus.INVALID_CPU if absent else RvicStatus.ERROR_PARAMETER, index))
