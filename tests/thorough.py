# SPDX-License-Identifier: MIT
"""How much is tested: with RVIC_TEST_ALL set, as in CI, every combination, and otherwise some of each kind."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Final, TypeVar

ALL: Final = "RVIC_TEST_ALL" in os.environ
T = TypeVar("T")


def every(items: Sequence[T], step: int) -> list[T]:
    """All of them, or each ``step``-th: choose one that no period of the items divides."""
    return list(items[:: 1 if ALL else step])
