# SPDX-License-Identifier: MIT
"""Controls of EL2, as every PE has them from the beginning."""

from __future__ import annotations

from typing import Final

from harness.arch import hyp

MPIDR_RES1: Final = 1 << 31
# Pointer authentication is EL1's own, with its keys, where the model has it: API and APK do nothing elsewhere.
SCR: Final = hyp.SCR_RW | hyp.SCR_HCE | hyp.SCR_NS | hyp.SCR_APK | hyp.SCR_API
HCR: Final = hyp.HCR_RW | hyp.HCR_IMO | hyp.HCR_FMO | hyp.HCR_VM | hyp.HCR_TWI | hyp.HCR_TSC | hyp.HCR_TPU
CONTROLS: Final = (
    "VPIDR_EL2",
    "VMPIDR_EL2",
    "MDCR_EL2",
    "CPTR_EL2",
    "HSTR_EL2",
    "CNTVOFF_EL2",
    "CNTHCTL_EL2",
)
"""Registers that a reset of the PE leaves alone."""
