# SPDX-License-Identifier: MIT
"""RVIC and RVID in words, for traces and diagnostics."""

from __future__ import annotations

from harness.arch.rvic import Status
from harness.arch.smccc import NOT_SUPPORTED
from harness.rvic.calls import RVIC_CALLS, RVID_CALLS
from harness.rvic.config import Config
from harness.rvic.state import Instance


def call_name(function: int, config: Config) -> str | None:
    """``RVIC.Acknowledge``, ``RVID.Map``; None for a function that belongs to neither component."""
    if function in config.rvic_functions:
        return f"RVIC.{RVIC_CALLS[function - config.rvic_base].name}"
    if function in config.rvid_functions:
        return f"RVID.{RVID_CALLS[function - config.rvid_base].name}"
    return None


def status_text(x0: int) -> str:
    """x0 of a call: ``SUCCESS``, ``ERROR_PARAMETER x2``, ``NOT_SUPPORTED``; hexadecimal if it is no status.

    The register is the argument at fault, so index 1 reads ``x2``. DISABLED and NO_INTERRUPTS concern none.
    """
    if x0 == NOT_SUPPORTED:
        return "NOT_SUPPORTED"
    index, reason = x0 >> 8, x0 & 0xFF
    if reason >= len(Status) or index > 0xFF:
        return f"{x0:#x}"
    name = Status(reason).name
    at_fault = reason in (Status.ERROR_PARAMETER, Status.INVALID_CPU)
    return f"{name} x{index + 1}" if at_fault or index else name


def why(instance: Instance, intid: int) -> str:
    """Why an interrupt is, or is not, being delivered: ``pending but masked``. ValueError if out of range."""
    if not 0 <= intid < instance.intids:
        raise ValueError(f"no INTID {intid}: there are {instance.intids}")
    if not instance.is_pending(intid):
        text = "not pending, and masked" if instance.masked >> intid & 1 else "not pending"
    elif instance.masked >> intid & 1:
        text = "pending but masked"
    elif intid not in instance.queue:
        text = "pending and not masked, but missed by ClearMasked on the disabled instance (kvm profile)"
    elif instance.enabled:
        return "deliverable"
    else:
        text = "pending and not masked"
    return text if instance.enabled else f"{text}; the instance is disabled"
