# SPDX-License-Identifier: MIT
"""Cost of the harness, as ratios to bare Unicorn and to QEMU that are measured in the same run."""
