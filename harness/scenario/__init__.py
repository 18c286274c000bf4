# SPDX-License-Identifier: MIT
"""Scenarios: a guest's ``guest.toml``, the machine that it asks for, its run, and whether it did what it had to."""
