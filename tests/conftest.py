# SPDX-License-Identifier: MIT
from __future__ import annotations

import os

import pytest
from hypothesis import settings

pytest_plugins = ("pytester",)

# The same examples in every run and on every worker.
settings.register_profile("fixed", derandomize=True, deadline=None)
settings.load_profile("fixed")

BACKEND = os.environ.get("RVIC_BACKEND", "view")


def pytest_configure() -> None:
    """With RVIC_BACKEND=api every machine that does not ask for a register backend gets the fallback."""
    if BACKEND == "view":
        return
    from harness import Machine

    options = Machine.__init__.__kwdefaults__
    assert "backend" in options
    options["backend"] = BACKEND


def pytest_report_header(config: pytest.Config) -> str:
    return f"register backend: {BACKEND}"
