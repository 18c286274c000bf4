# SPDX-License-Identifier: MIT
from __future__ import annotations

import os
import signal
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import settings

from harness.engine.backends import BACKENDS, absence, default_backend

pytest_plugins = ("pytester",)

# The same examples in every run and on every worker.
settings.register_profile("fixed", derandomize=True, deadline=None)
settings.load_profile("fixed")

# Sources are assembled, whatever the user's cache has.
os.environ["RVIC_CACHE"] = ""

BACKEND = os.environ.get("RVIC_BACKEND")


def pytest_configure() -> None:
    """With RVIC_BACKEND=api every machine that does not ask for a register backend gets that one.

    A shell starts what it does in the background with SIGINT ignored; the tests of Ctrl-C need it.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if BACKEND is None:
        return
    from harness import declaration

    checked = declaration.checked

    def with_backend(struct: Any, given: Mapping[str, Any]) -> Any:
        default = {"backend": BACKEND} if "backend" in declaration.declared(struct) else {}
        return checked(struct, default | dict(given))

    declaration.checked = with_backend


def pytest_report_header(config: pytest.Config) -> str:
    return f"register backend: {BACKEND or default_backend()}"


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skips a test of the C core where that has not been compiled."""
    backend = item.callspec.params.get("backend") if hasattr(item, "callspec") else None
    missing = absence(backend) if backend in BACKENDS else None
    if missing is not None:
        pytest.skip(missing)
