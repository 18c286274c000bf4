# SPDX-License-Identifier: MIT
"""Board: devices at their addresses, their wires, the clock, and the device tree that tells of it all."""
