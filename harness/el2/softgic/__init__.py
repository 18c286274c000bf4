# SPDX-License-Identifier: MIT
"""A guest's GICv2 as software state of EL2, and the physical interrupts linked to its own."""
