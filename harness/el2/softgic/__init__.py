# SPDX-License-Identifier: MIT
"""GICv2 of a guest as software state of EL2, and the physical interrupts linked to its own."""
