# SPDX-License-Identifier: MIT
"""List of the firmware that comes with this package: ``rvic list``."""

from __future__ import annotations

from rich.text import Text

from harness.cli.screen import Screen, new_table
from harness.library import firmware_dir
from harness.scenario.find import MANIFEST_NAME, firmware_names
from harness.scenario.reading import read_manifest


def list_firmware() -> int:
    """Prints every firmware with the vCPUs it is written for and what it shows."""
    screen = Screen.of_stdout()
    table = new_table("name", "vCPUs", "purpose", left=("name", "vCPUs", "purpose"), header=False)
    for name in firmware_names():
        manifest = read_manifest(firmware_dir() / name / MANIFEST_NAME)
        cpus = sorted({manifest.machine.cpus, *manifest.machine.cpus_allowed})
        counts = "1 vCPU" if cpus == [1] else f"{','.join(map(str, cpus))} vCPUs"
        table.add_row(Text(name, "bold cyan"), Text(counts, "dim"), manifest.description)
    screen.table(table)
    return 0
