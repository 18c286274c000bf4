# SPDX-License-Identifier: MIT
"""What an interrupt controller seen by the guest must answer to EL2; one implementation for each kind."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, Protocol

from harness.el2.vcpu import Vcpu
from harness.rvic import Reply


class Reach(NamedTuple):
    """Where an access of a guest goes.

    ``address`` is physical. ``is_exit``: it traps on hardware too; otherwise stage 2 maps the device through.
    ``emulated``: EL2 itself serves it (:meth:`Controller.emulate`), not a device on the bus.
    """

    address: int
    is_exit: bool = True
    emulated: bool = False


class Emulated(NamedTuple):
    """An access that EL2 served: the value loaded or stored, the register, and the interrupt it was about."""

    value: int
    register: str | None = None
    intid: int | None = None
    target: int | None = None


Service = Callable[[Vcpu, int, int, int, int], Reply]
"""A service of the controller's own function ranges: vCPU, function, x1, x2, x3."""


class Controller(Protocol):
    """The EL2 side of one guest-visible interrupt controller.

    ``takes_irqs``: physical IRQs are EL2's (HCR_EL2.IMO), not the guest's.
    """

    takes_irqs: bool

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

    def suspended(self, vcpu: Vcpu) -> None:
        """The vCPU leaves its CPU for a powerdown state, in which that may lose what it holds of it."""
        ...

    def resumed(self, vcpu: Vcpu) -> None:
        """The vCPU is back on its CPU."""
        ...

    def system_register(self, vcpu: Vcpu, esr: int) -> bool:
        """Emulate a trapped MRS or MSR; False where the guest has no such register."""
        ...

    def reach(self, ipa: int) -> Reach | None:
        """What a guest's access to a device address meets; None where it sees nothing."""
        ...

    def emulate(self, vcpu: Vcpu, ipa: int, size: int, value: int | None) -> Emulated:
        """Serve an access to a register that EL2 emulates; ``value`` is None for a load."""
        ...

    def completes(self, vcpu: Vcpu, ipa: int, value: int) -> int | None:
        """The INTID that a store to mapped-through hardware ends; for the ledger, which EL2 cannot tell."""
        ...

    def virq_wires(self) -> int | None:
        """Where hardware drives the vCPUs' IRQ inputs: a bit per vCPU. None where EL2 does, by HCR_EL2.VI."""
        ...

    def vfiq_wires(self) -> int | None:
        """The same of their FIQ inputs and HCR_EL2.VF."""
        ...

    def why_not(self, vcpu: Vcpu) -> str:
        """For people: which interrupts are held back on this vCPU, and by what."""
        ...
