# SPDX-License-Identifier: MIT
"""HVC and SMC as SMCCC 1.1 conduits (DEN0028): the interrupt controller's calls, and a table of all others.

Results go to x0 (and x1 to x3 for RVIC and RVID); x4 to x17 are preserved by never being touched.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from harness.arch import smccc
from harness.arch.esr import IMM16
from harness.arch.masks import MASK32
from harness.arch.smccc import NOT_SUPPORTED
from harness.el2.controllers.base import Controller
from harness.el2.controllers.rvic_calls import RvicCalls
from harness.el2.vcpu import Vcpu
from harness.el2.vm import Vm
from harness.engine import PE
from harness.rvic import NOBODY
from harness.trace import Exit
from harness.trace.events import Hvc, Smc
from harness.trace.exits import NO_INTID
from harness.trace.names import Names
from harness.trace.roles import Role

INSTRUCTION_BYTES = 4

CallHandler = Callable[[Vcpu, int, int, int], int | None]
"""Function that returns x0, or None where the caller does not resume with a result: vCPU, x1, x2, x3."""


class Hypercalls:
    """Conduits of one VM: to what its interrupt controller offers, and to ``functions``, which are PSCI's.

    An immediate other than 0 is reserved (DEN0028, 2.9) and answers NOT_SUPPORTED. An HVC to the interrupt
    controller gets there by itself (`PE.on_call`), unless its event is heard: then it comes by here, as an SMC.
    """

    def __init__(
        self, vm: Vm, controller: Controller, functions: Mapping[int, CallHandler], names: Names
    ) -> None:
        self._vcpus = vm.vcpus
        self._events = vm.events
        self._now = vm.now
        self._names = names
        self._exits: dict[tuple[str, str, int], Exit] = {}
        self._controllers: list[RvicCalls | None] = [controller.calls(vcpu) for vcpu in vm.vcpus]
        for vcpu, calls in zip(vm.vcpus, self._controllers, strict=True):
            if calls is not None:
                calls.name(names)
                vcpu.pe.on_call = {n: function.on_call for n, function in calls.functions.items()}
        self._simple: dict[int, CallHandler] = {
            smccc.SMCCC_VERSION: self._version,
            smccc.SMCCC_ARCH_FEATURES: self._arch_features,
            **functions,
        }

    def on_hvc(self, pe: PE, esr: int) -> None:
        """Serves an HVC from EL1. The PC is already past it: the preferred return address (D1.10.1)."""
        if self._events.active and not self._recorded(pe, Hvc):
            self._traced(pe, esr, Hvc)
        else:
            self._call(pe, esr)

    def on_smc(self, pe: PE, esr: int) -> None:
        """Serves an SMC, trapped by HCR_EL2.TSC: a trap returns to the instruction itself, to be stepped over."""
        pe.advance()
        if self._events.active and not self._recorded(pe, Smc):
            self._traced(pe, esr, Smc)
        else:
            self._call(pe, esr)

    def _call(self, pe: PE, esr: int) -> RvicCalls | None:
        """Serves the call; returns the controller's calls if it was one of them, None for any other function."""
        x = pe.x
        function = x[0] & MASK32
        if esr & IMM16:
            x[0] = NOT_SUPPORTED
            return None
        calls = self._controllers[pe.index]
        if calls is not None and function in calls.functions:
            calls.functions[function].serve(x[1], x[2], x[3])
            return calls
        simple = self._simple.get(function)
        value = NOT_SUPPORTED if simple is None else simple(self._vcpus[pe.index], x[1], x[2], x[3])
        if value is not None:
            x[0] = value
        return None

    def _recorded(self, pe: PE, event: type[Hvc] | type[Smc]) -> bool:
        """Lets the ledger take a call that names no interrupt, if it listens alone; False for any other."""
        function, ledger = pe.x[0] & MASK32, self._events.ledger
        calls = self._controllers[pe.index]
        if ledger is None or self._events.needed or (calls is not None and function in calls.functions):
            return False
        kind = event.__name__
        label = self._names.function(function) or kind
        exit = self._exits.get((kind, label, pe.index))
        if exit is None:
            exit = self._exits[kind, label, pe.index] = Exit(kind, label, pe.index, Role.SERVE)
        ledger.record(exit, pe.index, NO_INTID, self._now())
        return True

    def _traced(self, pe: PE, esr: int, event: type[Hvc] | type[Smc]) -> None:
        """Serves the call and emits its event, before those of its consequences (lines, kicks, power)."""
        x = pe.x
        tick = self._now()
        pc = pe.pc - INSTRUCTION_BYTES
        function, arguments = x[0] & MASK32, (x[1], x[2], x[3])
        self._events.hold()
        made = self._call(pe, esr)
        intid = target = None
        if made is not None:
            intid = None if made.calls.intid == NOBODY else made.calls.intid
            target = None if made.calls.vcpu in (NOBODY, pe.index) else made.calls.vcpu
        result = (x[0], x[1])
        name = self._names.function(function)
        self._events.release(event(tick, pe.index, pc, function, arguments, result, intid, name, target))

    def _version(self, _vcpu: Vcpu, _x1: int, _x2: int, _x3: int) -> int:
        return smccc.VERSION_1_1

    def _arch_features(self, _vcpu: Vcpu, function: int, _x2: int, _x3: int) -> int:
        known = function & MASK32 in (smccc.SMCCC_VERSION, smccc.SMCCC_ARCH_FEATURES)
        return smccc.SUCCESS if known else NOT_SUPPORTED
