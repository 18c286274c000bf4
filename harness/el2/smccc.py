# SPDX-License-Identifier: MIT
"""HVC and SMC as SMCCC 1.1 conduits (DEN0028): one table from function identifier to handler.

Results go to x0 (and x1 to x3 for RVIC and RVID); x4 to x17 are preserved by never being touched.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from harness.arch import smccc
from harness.arch.esr import IMM16
from harness.arch.masks import MASK32
from harness.arch.smccc import NOT_SUPPORTED
from harness.el2.controllers.base import Service
from harness.el2.vcpu import Vcpu
from harness.el2.vm import Vm
from harness.engine import PE
from harness.rvic import Reply
from harness.trace.events import Hvc, Smc
from harness.trace.names import Names

INSTRUCTION_BYTES = 4

CallHandler = Callable[[Vcpu, int, int, int], int | None]
"""Function that returns x0, or None where the caller does not resume with a result: vCPU, x1, x2, x3."""


class Hypercalls:
    """Conduits of one VM: ``services`` are its interrupt controller's, ``functions`` are PSCI's.

    An immediate other than 0 is reserved (DEN0028, 2.9) and answers NOT_SUPPORTED.
    """

    def __init__(
        self, vm: Vm, services: Mapping[int, Service], functions: Mapping[int, CallHandler], names: Names
    ) -> None:
        self._vcpus = vm.vcpus
        self._events = vm.events
        self._now = vm.now
        self._names = names
        self._services = dict(services)
        self._simple: dict[int, CallHandler] = {
            smccc.SMCCC_VERSION: lambda *_: smccc.VERSION_1_1,
            smccc.SMCCC_ARCH_FEATURES: self._arch_features,
            **functions,
        }

    def on_hvc(self, pe: PE, esr: int) -> None:
        """Serves an HVC from EL1. The PC is already past it: the preferred return address (D1.10.1)."""
        if self._events.active:
            self._traced(pe, esr, Hvc)
        else:
            self._call(pe, esr)

    def on_smc(self, pe: PE, esr: int) -> None:
        """Serves an SMC, trapped by HCR_EL2.TSC: a trap returns to the instruction itself, to be stepped over."""
        pe.advance()
        if self._events.active:
            self._traced(pe, esr, Smc)
        else:
            self._call(pe, esr)

    def _call(self, pe: PE, esr: int) -> Reply | None:
        """Serves the call; returns the answer of a controller's service, None for any other function."""
        x = pe.x
        function = x[0] & MASK32
        vcpu = self._vcpus[pe.index]
        if esr & IMM16:
            x[0] = NOT_SUPPORTED
            return None
        service = self._services.get(function)
        if service is not None:
            reply = service(vcpu, function, x[1], x[2], x[3])
            x[0] = reply.x0
            x[1] = reply.x1
            x[2] = x[3] = 0
            return reply
        simple = self._simple.get(function)
        value = NOT_SUPPORTED if simple is None else simple(vcpu, x[1], x[2], x[3])
        if value is not None:
            x[0] = value
        return None

    def _traced(self, pe: PE, esr: int, event: type[Hvc] | type[Smc]) -> None:
        """Serves the call and emits its event, before those of its consequences (lines, kicks, power)."""
        x = pe.x
        tick = self._now()
        pc = pe.pc - INSTRUCTION_BYTES
        function, arguments = x[0] & MASK32, (x[1], x[2], x[3])
        self._events.hold()
        reply = self._call(pe, esr)
        effect = reply.effect if reply is not None else None
        intid, target = (effect.intid, effect.vcpu) if effect is not None else (None, None)
        if target == pe.index:
            target = None  # it acted on the caller itself
        result = (x[0], x[1])
        name = self._names.function(function)
        self._events.release(event(tick, pe.index, pc, function, arguments, result, intid, name, target))

    def _arch_features(self, _vcpu: Vcpu, function: int, _x2: int, _x3: int) -> int:
        known = function & MASK32 in (smccc.SMCCC_VERSION, smccc.SMCCC_ARCH_FEATURES)
        return smccc.SUCCESS if known else NOT_SUPPORTED
