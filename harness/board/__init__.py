# SPDX-License-Identifier: MIT
"""The board: devices at their addresses, their wires, the clock, and the device tree that tells of it all."""
