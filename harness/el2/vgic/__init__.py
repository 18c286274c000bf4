# SPDX-License-Identifier: MIT
"""A vCPU's virtual CPU interface: list registers, what does not fit into them, and where it is kept."""
