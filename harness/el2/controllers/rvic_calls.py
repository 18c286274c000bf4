# SPDX-License-Identifier: MIT
"""Hypercalls of one vCPU to its RVIC and to the RVID: the way of every interrupt through EL2.

The model makes the call. Then a line that moved reaches its PE, and what is behind the interrupt is dealt with.
"""

from __future__ import annotations

from collections.abc import Callable, Sized
from typing import Final

from harness.arch.masks import MASK32
from harness.el2.physical.forwarding import Forwarding
from harness.el2.vcpu import Vcpu
from harness.el2.vm import Vm
from harness.engine import PE
from harness.rvic import NOBODY, Calls
from harness.rvic.effects import ACKNOWLEDGED, NO_EFFECT, SIGNALLED, UNMASKED
from harness.trace import Exit
from harness.trace.names import Names

Act = Callable[[Vcpu, Calls], None]
_KIND: Final = "Hvc"


class RvicCalls:
    """Calls of one vCPU. ``act`` does to the physical interrupts what the effect of a call asks for.

    ``shared`` are the level-sensitive SPIs that are active: without any an UNMASKED asks for nothing.
    """

    def __init__(
        self, vm: Vm, vcpu: Vcpu, calls: Calls, forwarding: Forwarding, act: Act, shared: Sized
    ) -> None:
        self.calls: Calls = calls
        self._functions = calls.functions()
        self._exits: dict[int, Exit] = {}
        self._vcpu: Vcpu = vcpu
        self._pe: PE = vcpu.pe
        self._vcpus = vm.vcpus
        self._forwarding: Forwarding = forwarding
        self._act: Act = act
        self._shared = shared
        self._answer = vcpu.pe.registers.answer
        self._note = vm.acknowledges.note
        self._events = vm.events
        self._now = vm.now
        self._nirq = vcpu.nirq
        self._told = False

    def name(self, names: Names) -> None:
        """Learns the names by which the ledger knows the calls."""
        self._exits = {n: Exit(_KIND, names.function(n), self._vcpu.index) for n in self._functions}

    def has(self, function: int) -> bool:
        """Tells if a function identifier is one of these calls."""
        return function in self._functions

    def serve(self, x0: int, x1: int, x2: int, x3: int) -> None:
        """Serves a call while its event is being made."""
        self._told = True
        try:
            self.on_call(x0, x1, x2, x3)
        finally:
            self._told = False

    def on_call(self, x0: int, x1: int, x2: int, x3: int) -> bool:
        """Serves an HVC with these registers; False, and nothing done, if it is none of these or makes an event."""
        call = self._functions.get(x0 & MASK32)
        events = self._events
        if call is None or (events.telling and not self._told):
            return False
        calls = self.calls
        status = call(x1, x2, x3)
        self._answer(status, calls.x1)
        ledger = None if self._told else events.ledger
        if ledger is not None:
            exit = self._exits[x0 & MASK32]
            ledger.record(exit.failed if status else exit, calls.vcpu, calls.intid, self._now())
        effect = calls.effect
        if effect == NO_EFFECT:
            return True
        edge, vcpu = calls.edge, self._vcpu
        if edge:
            if calls.vcpu == vcpu.index and not self._told and (ledger is None or not ledger.asleep):
                self._pe.virq = edge > 0
            else:
                intid = None if calls.intid == NOBODY else calls.intid
                self._forwarding.line_moved(vcpu, self._vcpus[calls.vcpu], edge > 0, intid)
        if effect == ACKNOWLEDGED:
            self._note(vcpu, calls.intid)
        elif effect != SIGNALLED and (effect != UNMASKED or self._shared):
            self._act(vcpu, calls)
        if self._nirq.level:
            self._forwarding.physical_irq(vcpu)
        return True
