# SPDX-License-Identifier: MIT
"""PSCI 1.1 (DEN0022): power control of vCPUs and of the system, each function a row of :meth:`Psci.functions`.

HVC and SMC both reach it, whichever of them the device tree names: a guest can rely on the named one alone.
"""

from __future__ import annotations

from collections.abc import Callable

from harness.arch.masks import MASK32, MASK64
from harness.arch.psci import (
    POWER_STATE_ID,
    POWER_STATE_POWERDOWN,
    RESET2_WARM,
    VERSION_1_1,
    Affinity,
    Function,
    Result,
)
from harness.arch.rvic import MPIDR_AFFINITY
from harness.arch.smccc import SMCCC_VERSION
from harness.el2.power import PowerControl, SystemEnd
from harness.el2.vcpu import Power, Resume, Vcpu

HIGHEST_AFFINITY_LEVEL = 3
NO_TRUSTED_OS = 2  # MIGRATE_INFO_TYPE: nothing to migrate (5.8)


class Psci:
    """PSCI functions of one VM over its power control.

    A handler takes the vCPU and x1 to x3 and returns x0, or None where the caller does not resume with a result.
    """

    def __init__(self, power: PowerControl) -> None:
        self._power = power

    def functions(self) -> dict[int, Callable[[Vcpu, int, int, int], int | None]]:
        """Returns the handlers by function identifier."""
        return {
            Function.PSCI_VERSION: lambda *_: VERSION_1_1,
            Function.PSCI_FEATURES: self._features,
            Function.CPU_SUSPEND_32: _narrow(self._cpu_suspend),
            Function.CPU_SUSPEND_64: self._cpu_suspend,
            Function.CPU_OFF: self._cpu_off,
            Function.CPU_ON_32: _narrow(self._cpu_on),
            Function.CPU_ON_64: self._cpu_on,
            Function.AFFINITY_INFO_32: _narrow(self._affinity_info),
            Function.AFFINITY_INFO_64: self._affinity_info,
            Function.MIGRATE_INFO_TYPE: lambda *_: NO_TRUSTED_OS,
            Function.SYSTEM_OFF: lambda vcpu, *_: self._power.end(SystemEnd.POWER_OFF, vcpu),
            Function.SYSTEM_RESET: lambda vcpu, *_: self._power.end(SystemEnd.RESET, vcpu),
            Function.SYSTEM_RESET2_32: _narrow(self._system_reset2),
            Function.SYSTEM_RESET2_64: self._system_reset2,
        }

    def _features(self, _vcpu: Vcpu, function: int, _x2: int, _x3: int) -> int:
        function &= MASK32
        if function == SMCCC_VERSION or function in self.functions():
            return 0  # no optional features of any function (5.15)
        return _code(Result.NOT_SUPPORTED)

    def _cpu_suspend(self, vcpu: Vcpu, state: int, entry: int, context: int) -> int:
        """Suspends the vCPU (5.4).

        A standby state keeps everything; a powerdown state comes back at ``entry`` as from CPU_ON. Only the core
        itself has power states (PowerLevel 0); any StateID names one. A powerdown that finds an interrupt already
        there returns SUCCESS instead, which a caller has to expect (5.4.5).
        """
        state &= MASK32  # a W register in either form (5.4.1)
        if state & ~(POWER_STATE_ID | POWER_STATE_POWERDOWN):
            return _code(Result.INVALID_PARAMETERS)
        if not state & POWER_STATE_POWERDOWN:
            self._power.suspend(vcpu, None)
            return Result.SUCCESS
        if not self._is_entry(entry):
            return _code(Result.INVALID_ADDRESS)
        self._power.suspend(vcpu, Resume(entry, context))
        return Result.SUCCESS

    def _cpu_off(self, vcpu: Vcpu, _x1: int, _x2: int, _x3: int) -> None:
        self._power.off(vcpu)

    def _cpu_on(self, _vcpu: Vcpu, mpidr: int, entry: int, context: int) -> int:
        target = self._find(mpidr)
        if target is None:
            return _code(Result.INVALID_PARAMETERS)
        if target.power is Power.ON:
            return _code(Result.ALREADY_ON)
        if not self._is_entry(entry):
            return _code(Result.INVALID_ADDRESS)
        self._power.on(target, entry, context)
        return Result.SUCCESS

    def _affinity_info(self, _vcpu: Vcpu, mpidr: int, level: int, _x3: int) -> int:
        if level > HIGHEST_AFFINITY_LEVEL or mpidr & ~MPIDR_AFFINITY:
            return _code(Result.INVALID_PARAMETERS)
        # Affinity levels are 8 bits each; those below `level` are ignored (5.7.1).
        ignored = (0, 0xFF, 0xFFFF, 0xFF_FFFF)[level]
        matching = [v for v in self._power.vcpus if not ((v.mpidr ^ mpidr) & MPIDR_AFFINITY & ~ignored)]
        if not matching:
            return _code(Result.INVALID_PARAMETERS)
        return Affinity.ON if any(v.power is Power.ON for v in matching) else Affinity.OFF

    def _system_reset2(self, vcpu: Vcpu, reset_type: int, _cookie: int, _x3: int) -> int | None:
        """Resets the system (5.14) as SYSTEM_RESET does: there is a warm reset, and no other."""
        if reset_type != RESET2_WARM:
            return _code(Result.INVALID_PARAMETERS)
        self._power.end(SystemEnd.RESET, vcpu)
        return None

    def _is_entry(self, address: int) -> bool:
        return not address & 3 and self._power.is_memory(address)

    def _find(self, mpidr: int) -> Vcpu | None:
        return next((v for v in self._power.vcpus if v.mpidr & MPIDR_AFFINITY == mpidr), None)


def _code(result: Result) -> int:
    return result & MASK64


def _narrow(
    handler: Callable[[Vcpu, int, int, int], int | None],
) -> Callable[[Vcpu, int, int, int], int | None]:
    """Returns the SMC32 form of a function: arguments are 32 bits wide (DEN0028, 3.1)."""

    def narrowed(vcpu: Vcpu, x1: int, x2: int, x3: int) -> int | None:
        return handler(vcpu, x1 & MASK32, x2 & MASK32, x3 & MASK32)

    return narrowed
