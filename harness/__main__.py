# SPDX-License-Identifier: MIT
"""Command ``rvic`` as ``python -m harness``, for where no script is on PATH."""

from harness.cli import main

main()
