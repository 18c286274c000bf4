# SPDX-License-Identifier: MIT
"""Hypercalls of one vCPU to its RVIC and to the RVID: the way of every interrupt through EL2.

The model makes the call. Then a line that moved reaches its PE, and what is behind the interrupt is dealt with.
"""

from __future__ import annotations

from collections.abc import Callable, Sized
from typing import Final

from harness.arch.hyp import HCR_VI
from harness.el2.physical.forwarding import Forwarding
from harness.el2.vcpu import Vcpu
from harness.el2.vm import Vm
from harness.rvic import NOBODY, Call, Calls
from harness.rvic.effects import ACKNOWLEDGED, NO_EFFECT, SIGNALLED, UNMASKED
from harness.trace import Exit
from harness.trace.names import Names

Act = Callable[[Vcpu, Calls], None]
_KIND: Final = "Hvc"


class RvicFunction:
    """Function of RVIC or RVID as one vCPU calls it: ``on_call`` for its PE, ``serve`` while its event is made.

    ``exit`` is a call as the ledger knows it. ``act`` does to the physical interrupts what the effect of a call
    asks for; ``shared`` are the level-sensitive SPIs that are active: without any an UNMASKED asks for nothing.
    """

    def __init__(
        self, call: Call, calls: Calls, vm: Vm, vcpu: Vcpu, forwarding: Forwarding, act: Act, shared: Sized
    ) -> None:
        self.exit: Exit = Exit(_KIND, _KIND, vcpu.index)
        self._call: Call = call
        self._calls: Calls = calls
        self._vcpu: Vcpu = vcpu
        self._cpu: int = vcpu.index
        self._vcpus = vm.vcpus
        self._forwarding: Forwarding = forwarding
        self._act: Act = act
        self._shared = shared
        self._registers = vcpu.pe.registers
        self._answer = vcpu.pe.registers.answer
        self._drive = vcpu.pe.registers.drive
        self._row = vm.acknowledges.rows[vcpu.index]
        self._note = vm.acknowledges.note
        self._events = vm.events
        self._nirq = vcpu.nirq
        self._told: bool = False

    def serve(self, x1: int, x2: int, x3: int) -> None:
        """Serves a call while its event is being made."""
        self._told = True
        try:
            self.on_call(x1, x2, x3)
        finally:
            self._told = False

    def on_call(self, x1: int, x2: int, x3: int) -> bool:
        """Serves a call with these registers; False, and nothing done, where an event is to be made of it."""
        events, calls = self._events, self._calls
        if events.telling and not self._told:
            return False
        status = self._call(x1, x2, x3)
        self._answer(status, calls.x1)
        ledger = events.ledger
        if ledger is not None and not self._told:
            exit = self.exit
            ledger.record(exit.failed if status else exit, calls.vcpu, calls.intid, self._registers.now)
        edge = calls.edge
        if edge:
            if calls.vcpu == self._cpu and not self._told and (ledger is None or not ledger.asleep):
                self._drive(HCR_VI, edge > 0)
            else:
                intid = None if calls.intid == NOBODY else calls.intid
                self._forwarding.line_moved(self._vcpu, self._vcpus[calls.vcpu], edge > 0, intid)
        effect = calls.effect
        if effect == ACKNOWLEDGED:
            row = self._row
            if row.intid == calls.intid and row.count < row.few:
                row.count += 1
            else:
                self._note(self._vcpu, calls.intid)
        elif effect == NO_EFFECT:
            return True
        elif effect != SIGNALLED and (effect != UNMASKED or self._shared):
            self._act(self._vcpu, calls)
        if self._nirq.level:
            self._forwarding.physical_irq(self._vcpu)
        return True


class RvicCalls:
    """Functions of one vCPU's RVIC and of the RVID, by function identifier."""

    def __init__(
        self, vm: Vm, vcpu: Vcpu, calls: Calls, forwarding: Forwarding, act: Act, shared: Sized
    ) -> None:
        self.calls: Calls = calls
        self.functions: dict[int, RvicFunction] = {
            n: RvicFunction(call, calls, vm, vcpu, forwarding, act, shared)
            for n, call in calls.functions().items()
        }
        self._cpu = vcpu.index

    def name(self, names: Names) -> None:
        """Learns the names by which the ledger knows the calls."""
        for n, function in self.functions.items():
            function.exit = Exit(_KIND, names.function(n), self._cpu)
