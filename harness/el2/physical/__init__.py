# SPDX-License-Identifier: MIT
"""Physical side of EL2: its driver of the GICv2, forwarding of interrupts, timer traps."""
