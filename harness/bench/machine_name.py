# SPDX-License-Identifier: MIT
"""Computer that figures were measured on, in one line."""

from __future__ import annotations

import os
import platform
from importlib.metadata import version
from pathlib import Path

from harness.wording import plural

_CPU_INFO = Path("/proc/cpuinfo")


def machine_name() -> str:
    """Returns CPU model, number of CPUs, operating system, versions of Python and Unicorn; no name of a host."""
    cpus = plural(os.cpu_count() or 1, "CPU")
    python = f"{platform.python_implementation()} {platform.python_version()}"
    return (
        f"{_cpu_model()} ({cpus}, {platform.machine()}),"
        f" {platform.system()}, {python}, Unicorn {version('unicorn')}"
    )


def _cpu_model() -> str:
    try:
        lines = _CPU_INFO.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    for line in lines:
        key, _, value = line.partition(":")
        if key.strip() == "model name" and value.strip():
            return value.strip()
    return platform.processor() or "unknown CPU"
