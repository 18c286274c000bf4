# SPDX-License-Identifier: MIT
"""Controllers of interrupts that a guest can have, all four, as EL2 serves them."""
