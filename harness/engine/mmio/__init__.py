# SPDX-License-Identifier: MIT
"""Device accesses: decoded from the syndrome or the instruction, and completed."""
