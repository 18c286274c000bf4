# SPDX-License-Identifier: MIT
"""EL2: exits and their dispatch, SMCCC, PSCI, physical interrupts, and the controllers a guest can have."""

from harness.el2.controllers.base import Controller, Service
from harness.el2.controllers.gicv2 import Gicv2Controller
from harness.el2.controllers.rvic import RvicController
from harness.el2.controllers.trap import TrapController
from harness.el2.controllers.vgic import VgicController
from harness.el2.hypervisor import Hypervisor
from harness.el2.physical.gic_driver import GicDriver
from harness.el2.psci import Outcome
from harness.el2.vcpu import Power, Vcpu

__all__ = [
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
