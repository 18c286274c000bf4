# SPDX-License-Identifier: MIT
"""Objects that a user holds: :class:`Machine`, its CPUs, their registers, its memory."""

from harness.machine.machine import Machine

__all__ = ["Machine"]
