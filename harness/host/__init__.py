# SPDX-License-Identifier: MIT
"""The host's side of a run: semihosting, a terminal, signals, what is typed."""
