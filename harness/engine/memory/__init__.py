# SPDX-License-Identifier: MIT
"""Memory as a PE reaches it: RAM, its stage-2 map, and the stage-1 walk in software."""
