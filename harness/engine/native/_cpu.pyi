# SPDX-License-Identifier: MIT
"""CPU in C (cpu.c)."""
