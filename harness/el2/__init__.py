# SPDX-License-Identifier: MIT
"""EL2: exits and their dispatch, SMCCC, PSCI, physical interrupts, and the controllers a guest can have."""

from harness.el2.controller import CallResult, Controller, Service
from harness.el2.gic_driver import GicDriver
from harness.el2.gicv2_controller import Gicv2Controller
from harness.el2.hypervisor import Hypervisor
from harness.el2.psci import Outcome
from harness.el2.rvic_controller import RvicController
from harness.el2.trap_controller import TrapController
from harness.el2.vcpu import Power, Vcpu
from harness.el2.vgic_controller import VgicController

__all__ = [
    "CallResult",
    "Controller",
    "GicDriver",
    "Gicv2Controller",
    "Hypervisor",
    "Outcome",
    "Power",
    "RvicController",
    "Service",
    "TrapController",
    "Vcpu",
    "VgicController",
]
