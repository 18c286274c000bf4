# SPDX-License-Identifier: MIT
"""What an interrupt controller seen by the guest must answer to EL2; one implementation for each kind."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple, Protocol

from harness.el2.vcpu import Vcpu


class CallResult(NamedTuple):
    """What a hypercall service answered, and what it served.

    ``intid``: the guest INTID the call was about, or None. ``target``: the vCPU it acted on, where that is not
    the caller.
    """

    x0: int
    x1: int = 0
    intid: int | None = None
    target: int | None = None


@lru_cache(maxsize=4096)  # to find one is quicker than to build it
def call_result(x0: int, x1: int, intid: int | None, target: int | None) -> CallResult:
    """The CallResult with these values."""
    return CallResult(x0, x1, intid, target)


Service = Callable[[Vcpu, int, int, int, int], CallResult]
"""A service of the controller's own function ranges: vCPU, function, x1, x2, x3."""


class Controller(Protocol):
    """The EL2 side of one guest-visible interrupt controller."""

    def start(self) -> None:
        """Program the physical GIC and the EL2 trap configuration of each PE."""
        ...

    def services(self) -> dict[int, Service]:
        """Hypercalls the controller offers, by full SMCCC function identifier."""
        ...

    def physical_irq(self, vcpu: Vcpu) -> None:
        """Take every physical interrupt that is signalled to this CPU."""
        ...

    def line_rose(self, intid: int) -> None:
        """An SPI's line rose at the board, before any CPU was signalled."""
        ...

    def scheduled(self, vcpu: Vcpu) -> None:
        """The vCPU is switched in after another one ran."""
        ...

    def has_interrupt(self, vcpu: Vcpu) -> bool:
        """Whether something would wake the vCPU from WFI now, whatever PSTATE.I says (D1.16.2)."""
        ...

    def reset_vcpu(self, vcpu: Vcpu) -> None:
        """Return the vCPU's interrupt state to reset (CPU_ON)."""
        ...

    def system_register(self, vcpu: Vcpu, esr: int) -> bool:
        """Emulate a trapped MRS or MSR; False where the guest has no such register."""
        ...

    def may_access(self, ipa: int) -> bool:
        """Whether the guest sees the device at this address."""
        ...

    def is_exit(self, ipa: int) -> bool:
        """Whether an access there traps to EL2 on hardware, or reaches a device mapped through."""
        ...

    def why_not(self, vcpu: Vcpu) -> str:
        """For people: which interrupts are held back on this vCPU, and by what."""
        ...
