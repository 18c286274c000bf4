# SPDX-License-Identifier: MIT
"""Guards on pages: rights that stage 2 withholds although the page is RAM, so that an access there is seen.

Stage 2 is one for all PEs, so a page is guarded for all while any of them asks for it. The PE whose access is
stopped decides what becomes of it; to let it through, it opens the page for one instruction.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Final, NamedTuple

from harness.arch.hyp import S2_READ, S2_WRITE
from harness.engine.memory.stage2 import PAGE_SHIFT, Stage2

READ, WRITE = S2_READ, S2_WRITE
EVERY_PAGE: Final = -1
"""Page number that stands for all pages."""


class _Owner(NamedTuple):
    """Guards of one owner: rights by page number, and its tables, of whose changes it is told."""

    pages: Mapping[int, int]
    tables: frozenset[int]
    changed: Callable[[], object]


class Guards:
    """Guards of one machine. ``active`` says that there are any."""

    def __init__(self, stage2: Stage2) -> None:
        self._stage2 = stage2
        self._owners: dict[object, _Owner] = {}
        self._withheld: dict[int, int] = {}
        self.active = False

    def set(
        self, owner: object, pages: Mapping[int, int], tables: Collection[int], changed: Callable[[], object]
    ) -> bool:
        """Guards these pages (number -> READ, WRITE) for an owner, and no others; says if a right was taken away.

        ``tables`` are page numbers, too: stores there are stopped, and ``changed`` is called when one is done.
        """
        self._owners.pop(owner, None)
        if pages or tables:
            self._owners[owner] = _Owner(pages, frozenset(tables), changed)
        self.active = bool(self._owners)
        return self._follow()

    def withholds(self, ipa: int, right: int) -> bool:
        """Says whether an access to a page needs a right that is withheld."""
        withheld = self._withheld
        return bool((withheld.get(ipa >> PAGE_SHIFT, 0) | withheld.get(EVERY_PAGE, 0)) & right)

    def open(self, ipa: int) -> None:
        """Gives all rights to a page for a while."""
        self._stage2.withhold(ipa >> PAGE_SHIFT, 0)

    def shut(self, pages: Iterable[int]) -> None:
        """Ends what :meth:`open` did to these pages, by number. The caller flushes its TLB."""
        everywhere = self._withheld.get(EVERY_PAGE, 0)
        for number in pages:
            self._stage2.withhold(number, self._withheld.get(number, 0) | everywhere)

    def written(self, pages: Iterable[int]) -> None:
        """Tells owners whose tables were stored to."""
        stored = set(pages)
        for owner in list(self._owners.values()):
            if not stored.isdisjoint(owner.tables):
                owner.changed()

    def _follow(self) -> bool:
        old, new = self._withheld, self._union()
        self._withheld = new
        if old == new:
            return False
        if old.get(EVERY_PAGE, 0) != new.get(EVERY_PAGE, 0):
            self._stage2.withhold_everywhere(new)
        else:
            everywhere = new.get(EVERY_PAGE, 0)
            for number in old.keys() | new.keys():
                if number != EVERY_PAGE:
                    self._stage2.withhold(number, new.get(number, 0) | everywhere)
        return any(bits & ~old.get(number, 0) for number, bits in new.items())

    def _union(self) -> dict[int, int]:
        union: dict[int, int] = {}
        for owner in self._owners.values():
            for number, bits in owner.pages.items():
                union[number] = union.get(number, 0) | bits
            for number in owner.tables:
                union[number] = union.get(number, 0) | WRITE
        return union
