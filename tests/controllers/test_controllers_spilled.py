# SPDX-License-Identifier: MIT
"""More active interrupts than list registers: each is ended by its own GICC_DIR (IHI 0048B, 3.2.1, 4.4.15)."""

from __future__ import annotations

import pytest
from el2_invariants import check
from gic_guest import DIR, GICC_CTLR, ISACTIVER, GicGuest

SPIS = range(40, 44)
EVERY = pytest.mark.parametrize(
    ("controller", "list_registers"), [("vgic", 1), ("vgic", 2), ("vgic", 4), ("trap", 4), ("gicv2", 4)]
)


def active(guest: GicGuest) -> list[int]:
    word = guest.load(ISACTIVER + 4)
    return [intid for intid in SPIS if word >> intid % 32 & 1]


def make(controller: str, list_registers: int) -> GicGuest:
    """EOImode is set; four edges have been taken, and their priorities dropped."""
    guest = GicGuest(controller, 1, list_registers=list_registers)
    guest.store(GICC_CTLR, 0x207)
    for intid in SPIS:
        guest.configure(intid, edge=True)
        guest.pulse(intid)
    assert guest.drain() == list(SPIS)
    assert active(guest) == list(SPIS)
    return guest


def finish(guest: GicGuest) -> None:
    if guest.controller != "gicv2":
        check(guest.machine)


@EVERY
@pytest.mark.parametrize("order", [SPIS, tuple(reversed(SPIS)), (41, 43, 40, 42)])
def test_they_end_in_any_order(controller: str, list_registers: int, order: tuple[int, ...]) -> None:
    guest, left = make(controller, list_registers), list(SPIS)
    for intid in order:
        guest.store(DIR, intid)
        left.remove(intid)
        assert active(guest) == left
    finish(guest)


@EVERY
def test_the_end_of_one_that_is_not_active_ends_no_other(controller: str, list_registers: int) -> None:
    guest = make(controller, list_registers)
    for intid in (50, SPIS[0], SPIS[0], 1019, 3):
        guest.store(DIR, intid)
        assert active(guest) == [n for n in SPIS if intid == 50 or n != SPIS[0]]
    finish(guest)
