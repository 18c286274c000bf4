# SPDX-License-Identifier: MIT
"""EL2: exits and their dispatch, SMCCC, PSCI, physical interrupts, and the controllers a guest can be given."""

from harness.el2.controller import CallResult, Controller, Service
from harness.el2.gic_driver import GicDriver
from harness.el2.hypervisor import Hypervisor
from harness.el2.psci import Outcome
from harness.el2.rvic_controller import RvicController
from harness.el2.vcpu import Power, Vcpu

__all__ = [
    "CallResult",
    "Controller",
    "GicDriver",
    "Hypervisor",
    "Outcome",
    "Power",
    "RvicController",
    "Service",
    "Vcpu",
]
