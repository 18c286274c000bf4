# SPDX-License-Identifier: MIT
"""Make the wheels of a release in a directory, and check each: ``python .ci/wheels.py DIRECTORY``.

One for each platform that hatch_build.py knows, all by ziglang, so that one computer makes them; one without
anything compiled, for every other; and for Linux on x86-64 one for each Python given by ``--python``, with the
modules compiled by mypyc that pyproject.toml lists. It runs with the package's tools (``pip install -e '.[dev]'``).
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterable
from pathlib import Path

from wheel_checks import faults

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
from hatch_build import MYPYC, TARGETS, ZIGLANG  # noqa: E402 # it lies at the top of the checkout

OF_MYPYC = "x86_64-linux"


def build_environment(python: str, place: Path, needs: Iterable[str]) -> Path:
    """Makes a virtual environment that has what a build needs, once for many builds; returns its Python."""
    subprocess.run([python, "-m", "venv", place], check=True)
    subprocess.run([place / "bin/pip", "install", "-q", *needs], check=True)
    return place / "bin/python"


def make(python: Path, directory: Path, cache: Path, **environment: str) -> None:
    """Makes one wheel, as hatch_build.py's variables say; what zig keeps for the next one is in ``cache``."""
    print("wheel:", " ".join(f"{name}={value}" for name, value in environment.items()), flush=True)
    command = [python, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", directory, ROOT]
    given = {name: value for name, value in os.environ.items() if not name.startswith("RVIC_")}
    subprocess.run(command, env={**given, **environment, "ZIG_GLOBAL_CACHE_DIR": str(cache)}, check=True)


def main() -> int:
    """Makes and checks; the status is 1 where a wheel has a fault."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("directory", type=Path)
    parser.add_argument("--python", action="append", default=[], help="one that compiled modules are for")
    given = parser.parse_args()
    given.directory.mkdir(parents=True, exist_ok=True)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    needs = [*project["build-system"]["requires"], ZIGLANG]
    with tempfile.TemporaryDirectory() as scratch:
        python, cache = build_environment(sys.executable, Path(scratch, "core"), needs), Path(scratch, "zig")
        for target in TARGETS:
            make(python, given.directory, cache, RVIC_TARGET=target)
        make(python, given.directory, cache, RVIC_CORE="0")
        for number, of_python in enumerate(given.python):
            python = build_environment(of_python, Path(scratch, str(number)), [*needs, *MYPYC])
            make(python, given.directory, cache, RVIC_TARGET=OF_MYPYC, RVIC_MYPYC="1")
    status = 0
    for wheel in sorted(given.directory.glob("*.whl")):
        found = faults(wheel)
        print(wheel.name, "is as it should be" if not found else "")
        for fault in found:
            print("   ", fault)
        status |= bool(found)
    return status


if __name__ == "__main__":
    sys.exit(main())
