# SPDX-License-Identifier: MIT
"""Hypercalls of RVIC and RVID (DEN0103): a method for each, and one table of them by function identifier.

A call checks its arguments in order, and the first that is not valid answers; then it changes the state. It returns
x0, and leaves beside it what else came of it: x1, and what EL2 must know. All of it is plain ints, for this is the
way of every interrupt.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias

from harness.arch.masks import MASK32, MASK64
from harness.arch.rvic import MPIDR_AFFINITY, VERSION_0_3, InfoKey, RvicCall, RvicStatus, RvidCall, status
from harness.arch.smccc import SUCCESS
from harness.rvic import effects
from harness.rvic.config import Argument
from harness.rvic.effects import ACKNOWLEDGED, SIGNALLED, UNMASKED
from harness.rvic.signalled import Target
from harness.rvic.state import DROPPED, FALLEN, RISEN, UNMOVED, Rvic
from harness.rvic.vm import VmInterrupts

LineLevel: TypeAlias = Callable[[int, int], bool]  # (vCPU, trusted INTID) -> level of the physical line now
Call: TypeAlias = Callable[[int, int, int], int]  # x1, x2, x3 -> x0: unsigned, 64 bits

_NOT_ENABLED: Final = status(RvicStatus.DISABLED)
_NO_INTERRUPTS: Final = status(RvicStatus.NO_INTERRUPTS)
NOBODY: Final = -1

_TARGET: Final = (Argument.VCPU, Argument.INTID)
_ROUTE: Final = (Argument.INPUT, Argument.ROUTE_VCPU, Argument.UNTRUSTED)
# By Argument: what KVM's types leave of it (defect 3).
_KVM_BITS: Final = (MASK64, MPIDR_AFFINITY, MPIDR_AFFINITY, MASK32, MASK32, MASK32, MASK64)


class Calls:
    """Calls of one vCPU, the ``caller``; ``level`` tells Resample the level of its physical line.

    After a call: ``x1`` is its second result. ``effect`` is what a successful one has done; ``vcpu`` and ``intid``
    are those that it acted on, NOBODY where there is none, and ``input`` is for MAPPED and UNMAPPED. ``edge`` tells
    if the virtual IRQ line of that vCPU has RISEN or FALLEN: no call moves more than one.
    """

    def __init__(self, vm: VmInterrupts, caller: int, level: LineLevel) -> None:
        self.vm: VmInterrupts = vm
        self.caller: int = caller
        self.level: LineLevel = level
        self.rvics: list[Rvic] = vm.rvics
        self.rvic: Rvic = vm.rvics[caller]
        self.vcpus: int = vm.config.cpus
        self.intids: int = vm.config.intids
        self.input: int = NOBODY
        self._done(effects.NO_EFFECT, NOBODY, NOBODY)

    def functions(self) -> dict[int, Call]:
        """Returns the calls by full function identifier; any other function is NOT_SUPPORTED."""
        rvic, rvid = self.vm.config.rvic_base, self.vm.config.rvid_base
        return {rvic + call: getattr(self, call.name.lower()) for call in RvicCall} | {
            rvid + RvidCall.VERSION: self.version,
            rvid + RvidCall.MAP: self.map_input,
            rvid + RvidCall.UNMAP: self.unmap_input,
        }

    # Calls of the RVIC

    def version(self, _x1: int, _x2: int, _x3: int) -> int:
        """Answers 0.3, as the RVID does."""
        return self._done(effects.NO_EFFECT, NOBODY, NOBODY, x1=VERSION_0_3)

    def info(self, key: int, x2: int, x3: int) -> int:
        """Answers the number of trusted, or of untrusted interrupts."""
        if key >= len(InfoKey):
            return self._checked(self.info, (Argument.KEY,), key, x2, x3)
        config = self.vm.config
        x1 = config.trusted if key == InfoKey.NR_TRUSTED else config.untrusted
        return self._done(effects.NO_EFFECT, NOBODY, NOBODY, x1=x1)

    def enable(self, _x1: int, _x2: int, _x3: int) -> int:
        """Raises the line if something was deliverable all along. On an enabled RVIC it does nothing."""
        if self.rvic.enabled:
            return self._done(effects.NO_EFFECT, NOBODY, NOBODY)
        self.rvic.enabled = True
        return self._done(effects.ENABLED, self.caller, NOBODY, RISEN if self.rvic.line else UNMOVED)

    def disable(self, _x1: int, _x2: int, _x3: int) -> int:
        """Lowers the line; no bit is cleared."""
        was_high = self.rvic.line
        self.rvic.enabled = False
        return self._done(effects.DISABLED, self.caller, NOBODY, FALLEN if was_high else UNMOVED)

    def set_masked(self, mpidr: int, intid: int, x3: int) -> int:
        """Masks (MPIDR, INTID), of any vCPU."""
        if mpidr >= self.vcpus or intid >= self.intids:
            return self._checked(self.set_masked, _TARGET, mpidr, intid, x3)
        return self._done(effects.MASKED, mpidr, intid, self.rvics[mpidr].set_masked(intid))

    def clear_masked(self, mpidr: int, intid: int, x3: int) -> int:
        """Unmasks (MPIDR, INTID), of any vCPU: the end of its service."""
        if mpidr >= self.vcpus or intid >= self.intids:
            return self._checked(self.clear_masked, _TARGET, mpidr, intid, x3)
        self.x1, self.edge = 0, self.rvics[mpidr].clear_masked(intid)
        self.effect, self.vcpu, self.intid = UNMASKED, mpidr, intid
        return SUCCESS

    def is_pending(self, mpidr: int, intid: int, x3: int) -> int:
        """Answers the pending bit of (MPIDR, INTID), of any vCPU."""
        if mpidr >= self.vcpus or intid >= self.intids:
            return self._checked(self.is_pending, _TARGET, mpidr, intid, x3)
        return self._done(effects.QUERIED, mpidr, intid, x1=int(self.rvics[mpidr].pending[intid]))

    def signal(self, mpidr: int, intid: int, x3: int) -> int:
        """Makes (MPIDR, INTID) pending, of any vCPU whose RVIC is enabled."""
        if mpidr >= self.vcpus or intid >= self.intids:
            return self._checked(self.signal, _TARGET, mpidr, intid, x3)
        edge = self.rvics[mpidr].signal(intid)
        if edge == DROPPED:
            return self._failed(_NOT_ENABLED)
        self.x1, self.edge = 0, edge
        self.effect, self.vcpu, self.intid = SIGNALLED, mpidr, intid
        return SUCCESS

    def clear_pending(self, mpidr: int, intid: int, x3: int) -> int:
        """Withdraws (MPIDR, INTID), of any vCPU."""
        if mpidr >= self.vcpus or intid >= self.intids:
            return self._checked(self.clear_pending, _TARGET, mpidr, intid, x3)
        return self._done(effects.CLEARED, mpidr, intid, self.rvics[mpidr].clear_pending(intid))

    def acknowledge(self, _x1: int, _x2: int, _x3: int) -> int:
        """Takes the first deliverable interrupt; the line falls unless another one is deliverable."""
        rvic = self.rvic
        intid = rvic.acknowledge()
        if intid is None:
            return self._failed(_NO_INTERRUPTS if rvic.enabled else _NOT_ENABLED)
        self.x1, self.edge = intid, UNMOVED if rvic.queue.count else FALLEN
        self.effect, self.vcpu, self.intid = ACKNOWLEDGED, self.caller, intid
        return SUCCESS

    def resample(self, intid: int, x2: int, x3: int) -> int:
        """Signals again if the physical line is high, which a disabled RVIC drops; if it is low, changes no bit.

        With the line low EL2 is told, be the RVIC enabled or not, as in KVM: the physical interrupt would
        otherwise stay active and none could follow.
        """
        if intid >= self.vm.config.trusted:
            return self._checked(self.resample, (Argument.TRUSTED,), intid, x2, x3)
        if not self.level(self.caller, intid):
            return self._done(effects.RESAMPLED, self.caller, intid)
        edge = self.rvic.signal(intid)
        return self._done(effects.REPENDED, self.caller, intid, UNMOVED if edge == DROPPED else edge)

    # Calls of the RVID: they move the route of an input alone

    def map_input(self, number: int, mpidr: int, intid: int) -> int:
        """Routes an input to (MPIDR, INTID)."""
        return self._checked(self._map, _ROUTE, number, mpidr, intid)

    def unmap_input(self, number: int, x2: int, x3: int) -> int:
        """Routes an input nowhere."""
        return self._checked(self._unmap, (Argument.INPUT,), number, x2, x3)

    def _map(self, number: int, mpidr: int, intid: int) -> int:
        if not self.vm.rvid.route(number, Target(mpidr, intid)):  # defect 1
            return self._done(effects.NO_EFFECT, NOBODY, NOBODY)
        self.input = number
        return self._done(effects.MAPPED, mpidr, intid)

    def _unmap(self, number: int, _x2: int, _x3: int) -> int:
        exists = self.vm.rvid.route(number, None)  # else defect 1
        self.input = number
        return self._done(effects.UNMAPPED if exists else effects.NO_EFFECT, NOBODY, NOBODY)

    # Results and arguments

    def _done(self, effect: int, vcpu: int, intid: int, edge: int = UNMOVED, x1: int = 0) -> int:
        self.x1, self.edge = x1, edge
        self.effect, self.vcpu, self.intid = effect, vcpu, intid
        return SUCCESS

    def _failed(self, x0: int) -> int:
        self._done(effects.NO_EFFECT, NOBODY, NOBODY)
        return x0

    def _checked(self, call: Call, kinds: tuple[Argument, ...], x1: int, x2: int, x3: int) -> int:
        """Makes a call if its arguments are valid, in KVM what its types leave of them (defect 3)."""
        x, config = [x1, x2, x3], self.vm.config
        for index, kind in enumerate(kinds):
            if config.defects.truncated:
                x[index] &= _KVM_BITS[kind]
            if x[index] not in config.valid[kind]:
                return self._failed(self._refusal(kind, x[index], index))
        return call(x[0], x[1], x[2])

    def _refusal(self, kind: Argument, value: int, index: int) -> int:
        defect = self.vm.config.defects.map_vcpu_code
        has_code = kind is Argument.VCPU or (kind is Argument.ROUTE_VCPU and not defect)
        absent = has_code and not value & ~MPIDR_AFFINITY  # malformed otherwise
        return status(RvicStatus.INVALID_CPU if absent else RvicStatus.ERROR_PARAMETER, index)
