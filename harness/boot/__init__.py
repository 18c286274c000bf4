# SPDX-License-Identifier: MIT
"""Where a guest, its RAM disk and its device tree go, and how they get there."""
