# SPDX-License-Identifier: MIT
"""EL2: exits and their dispatch, SMCCC, PSCI, physical interrupts, and the controllers a guest can have."""

from harness.el2.controllers.base import Controller
from harness.el2.controllers.factory import make_controller, make_vcpus
from harness.el2.hypervisor import Hypervisor
from harness.el2.physical.gic_driver import GicDriver
from harness.el2.power import PowerControl, SystemEnd
from harness.el2.vcpu import Power, Vcpu
from harness.el2.vm import Vm

__all__ = [
    "Controller",
    "GicDriver",
    "Hypervisor",
    "Power",
    "PowerControl",
    "SystemEnd",
    "Vcpu",
    "Vm",
    "make_controller",
    "make_vcpus",
]
