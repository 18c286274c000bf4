# SPDX-License-Identifier: MIT
"""``rvic list``."""

from __future__ import annotations

from harness.cli.screen import Screen
from harness.library import firmware_dir
from harness.scenario.find import MANIFEST_NAME, firmware_names
from harness.scenario.reading import read_manifest


def list_firmware() -> int:
    """Print every firmware with the vCPUs it is written for and what it shows."""
    screen = Screen.of_stdout()
    manifests = [read_manifest(firmware_dir() / name / MANIFEST_NAME) for name in firmware_names()]
    width = max((len(manifest.name) for manifest in manifests), default=0)
    for manifest in manifests:
        cpus = sorted({manifest.machine.cpus or 1, *manifest.machine.cpus_allowed})
        counts = ",".join(map(str, cpus))
        screen.line(
            (f"{manifest.name:<{width}}", "bold cyan"),
            (f"  {counts + ' vCPU' + ('' if cpus == [1] else 's'):<14}", "dim"),
            (f"  {manifest.description}", ""),
        )
    return 0
