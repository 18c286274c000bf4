# SPDX-License-Identifier: MIT
from __future__ import annotations

from hypothesis import settings

pytest_plugins = ("pytester",)

# The same examples in every run and on every worker.
settings.register_profile("fixed", derandomize=True, deadline=None)
settings.load_profile("fixed")
