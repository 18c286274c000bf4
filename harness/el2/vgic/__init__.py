# SPDX-License-Identifier: MIT
"""Virtual CPU interface of a vCPU: list registers, what does not fit into them, and where it is kept."""
