# SPDX-License-Identifier: MIT
"""Factory of the four controllers, by name. A machine has one, and loads the code of no other."""

from __future__ import annotations

from typing import Protocol

from harness.arch.virt import LEVEL_INTIDS
from harness.devices import Lines
from harness.el2.controllers.base import Controller
from harness.el2.physical.gic_driver import GicDriver
from harness.el2.physical.timer_traps import GrantedTimers, TimerRegisters
from harness.el2.vcpu import Vcpu
from harness.el2.vm import Vm
from harness.engine import PE
from harness.gic import Gic
from harness.options import ControllerKind
from harness.rvic import Config


class GenericTimers(TimerRegisters, GrantedTimers, Protocol):
    """Generic Timers of the CPUs, whoever is to have them."""


def make_vcpus(kind: ControllerKind, pes: list[PE], gic: Gic) -> list[Vcpu]:
    """Returns a vCPU for each PE. The GIC's nIRQ is EL2's under every controller but ``gicv2``."""
    if kind is ControllerKind.GICV2:
        return [Vcpu(pe.index, pe.mpidr, pe) for pe in pes]
    return [Vcpu(pe.index, pe.mpidr, pe, nirq) for pe, nirq in zip(pes, gic.irq, strict=True)]


def make_controller(
    kind: ControllerKind, vm: Vm, gic: Gic, timers: GenericTimers, config: Config, lines: Lines
) -> Controller:
    """Returns EL2's side of a controller over the physical GIC; ``lines`` are those that end there."""
    if kind is ControllerKind.GICV2:
        from harness.el2.controllers.gicv2 import Gicv2Controller

        return Gicv2Controller(vm, gic, timers)
    intids = gic.config.intids
    driver = GicDriver(vm.bus, gic.config.cpus, intids, LEVEL_INTIDS)
    if kind is ControllerKind.VGIC:
        from harness.el2.controllers.vgic import VgicController

        return VgicController(vm, driver, timers, intids, gic)
    if kind is ControllerKind.TRAP:
        from harness.el2.controllers.trap import TrapController

        return TrapController(vm, driver, timers, intids, gic.config.priority_bits)
    from harness.el2.controllers.rvic import RvicController

    return RvicController(vm, driver, timers, config, lines)
