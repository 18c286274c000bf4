# SPDX-License-Identifier: MIT
"""The emulator: Unicorn's functions, what the probe found of its state, and registers over both."""
