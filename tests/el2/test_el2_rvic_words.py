# SPDX-License-Identifier: MIT
"""Why an interrupt of an RVIC is not delivered, in words."""

from __future__ import annotations

from harness.el2.controllers.rvic_words import delivery
from harness.rvic import Rvic


def test_delivery_in_words() -> None:
    rvic = Rvic(3, missed_unmask=True)
    assert delivery(rvic, 1) == "not pending, and masked; the instance is disabled"
    rvic.enabled = True
    rvic.signal(1)
    assert delivery(rvic, 1) == "pending but masked"
    rvic.clear_masked(1)
    assert delivery(rvic, 1) == "deliverable"
    rvic.enabled = False
    assert delivery(rvic, 1) == "pending and not masked; the instance is disabled"
    rvic.set_masked(1)
    rvic.clear_masked(1)
    rvic.enabled = True
    assert delivery(rvic, 1).startswith("pending and not masked, but missed")
    rvic.clear_pending(1)
    assert delivery(rvic, 1) == "not pending"
