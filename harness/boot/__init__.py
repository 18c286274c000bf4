# SPDX-License-Identifier: MIT
"""Placement of a guest, its RAM disk and its device tree, and the loader that puts them there."""
