# SPDX-License-Identifier: MIT
"""What the architecture has and Unicorn leaves out, one file each."""
