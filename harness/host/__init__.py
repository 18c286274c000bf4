# SPDX-License-Identifier: MIT
"""Host's side of a run: semihosting, a terminal, signals, typed input."""
