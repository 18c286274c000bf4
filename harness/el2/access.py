# SPDX-License-Identifier: MIT
"""Accesses of a guest to device addresses, as a controller sees them."""

from __future__ import annotations

from typing import NamedTuple


class Reach(NamedTuple):
    """Place that an access of a guest reaches.

    ``address`` is physical. ``is_exit``: it traps on hardware too; otherwise stage 2 maps the device through.
    ``emulated``: EL2 itself serves it, not a device on the bus.
    """

    address: int
    is_exit: bool = True
    emulated: bool = False


class Emulated(NamedTuple):
    """Access that EL2 served: the value loaded or stored, the register, and the interrupt it was about."""

    value: int
    register: str | None = None
    intid: int | None = None
    target: int | None = None
