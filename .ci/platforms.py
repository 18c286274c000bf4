# SPDX-License-Identifier: MIT
"""Show that all that this package needs is there as wheels for each platform: pip downloads, and builds nothing."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

from packaging.requirements import Requirement

PYTHON = "3.12"
# A name, what markers see there, pip's tags, and what no marker can tell: that a libc is musl.
PLATFORMS = {
    "Linux on x86-64": ("linux", "x86_64", ("manylinux_2_28", "manylinux_2_17", "manylinux1"), ()),
    "Linux on arm64": ("linux", "aarch64", ("manylinux_2_28", "manylinux_2_17", "manylinux2014"), ()),
    "Linux with musl on arm64": ("linux", "aarch64", ("musllinux_1_2", "musllinux_1_1"), ()),
    "Linux with musl on x86-64": (
        "linux",
        "x86_64",
        ("musllinux_1_2", "musllinux_1_1"),
        ("keystone-engine", "ziglang>=0.13"),
    ),
    "macOS on arm64": ("darwin", "arm64", ("macosx_13_0", "macosx_12_0", "macosx_11_0"), ()),
    "macOS on x86-64": ("darwin", "x86_64", ("macosx_13_0", "macosx_12_0", "macosx_10_14"), ()),
}


def requirements(system: str, machine: str) -> list[str]:
    """The requirements that markers choose on a platform."""
    project = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))["project"]
    environment = {"sys_platform": system, "platform_machine": machine, "python_version": PYTHON}
    chosen = []
    for line in project["dependencies"]:
        requirement = Requirement(line)
        if requirement.marker is None or requirement.marker.evaluate(environment):
            chosen.append(f"{requirement.name}{requirement.specifier}")
    return chosen


def main() -> int:
    """Returns how many platforms lack one; prints what each has."""
    failed = 0
    for name, (system, machine, tags, exchanged) in PLATFORMS.items():
        wanted = requirements(system, machine)
        if exchanged:
            gone, instead = exchanged
            wanted = [*(line for line in wanted if not line.startswith(gone)), instead]
        platforms = [option for tag in tags for option in ("--platform", f"{tag}_{machine}")]
        with tempfile.TemporaryDirectory() as scratch:
            command = [sys.executable, "-m", "pip", "download", "-q", "--only-binary=:all:", *platforms]
            command += ["--python-version", PYTHON, "-d", scratch, *wanted]
            code = subprocess.run(command, check=False).returncode
            wheels = sorted(path.name.split("-")[0] for path in Path(scratch).iterdir())
        print(f"{name}: {'wheels of ' + ', '.join(wheels) if code == 0 else 'NOT to be had as wheels'}")
        failed += code != 0
    return failed


if __name__ == "__main__":
    sys.exit(main())
