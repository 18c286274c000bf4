# SPDX-License-Identifier: MIT
"""Completions of what Unicorn leaves out of the architecture, one file each."""
