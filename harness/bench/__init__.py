# SPDX-License-Identifier: MIT
"""Cost of the harness, as ratios to bare Unicorn that are measured in the same run."""

from harness.bench.figure import Effort, Figure, to_json
from harness.bench.figures import all_figures
from harness.bench.machine_name import machine_name

__all__ = ["Effort", "Figure", "all_figures", "machine_name", "to_json"]
