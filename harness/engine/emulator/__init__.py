# SPDX-License-Identifier: MIT
"""Emulator: Unicorn's functions, what the probe found of its state, and registers over both."""
