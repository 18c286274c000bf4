# SPDX-License-Identifier: MIT
"""guest.toml: what a guest's manifest asks for, its run, and whether what must come out did."""
