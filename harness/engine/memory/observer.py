# SPDX-License-Identifier: MIT
"""Interface by which memory tells each PE of a change of the map."""

from __future__ import annotations

from typing import Protocol


class Observer(Protocol):
    """PE, as memory sees it: it must hear of a change of the map."""

    def map_buffer(self, base: int, size: int, address: int) -> None:
        """Makes a host buffer visible at a physical address."""

    def flush_addresses(self) -> None:
        """Forgets cached address translations: a right was taken away."""

    def flush_code(self) -> None:
        """Forgets translated code: somebody else changed it."""

    def flush_code_at(self, ipa: int, size: int) -> None:
        """Forgets what was translated from some bytes of one page."""

    def trap_tlb_maintenance(self) -> None:
        """Leaves what TLBI does to the memory from now on: there is more than one PE."""
