# SPDX-License-Identifier: MIT
"""Names and reasons for traces and diagnostics."""

from __future__ import annotations

import pytest

from harness.arch.rvic import RVIC_BASE, RVID_BASE
from harness.rvic import Config, Instance, call_name, status_text, why


@pytest.mark.parametrize(
    ("function", "name"),
    [
        (RVIC_BASE, "RVIC.Version"),
        (RVIC_BASE + 1, "RVIC.Info"),
        (RVIC_BASE + 2, "RVIC.Enable"),
        (RVIC_BASE + 3, "RVIC.Disable"),
        (RVIC_BASE + 4, "RVIC.SetMasked"),
        (RVIC_BASE + 5, "RVIC.ClearMasked"),
        (RVIC_BASE + 6, "RVIC.IsPending"),
        (RVIC_BASE + 7, "RVIC.Signal"),
        (RVIC_BASE + 8, "RVIC.ClearPending"),
        (RVIC_BASE + 9, "RVIC.Acknowledge"),
        (RVIC_BASE + 10, "RVIC.Resample"),
        (RVIC_BASE + 11, None),
        (RVID_BASE, "RVID.Version"),
        (RVID_BASE + 1, "RVID.Map"),
        (RVID_BASE + 2, "RVID.Unmap"),
        (RVID_BASE + 3, None),
        (0x8400_0000, None),
    ],
)
def test_call_name(function: int, name: str | None) -> None:
    assert call_name(function, Config()) == name


def test_call_name_follows_the_bases() -> None:
    config = Config(rvic_base=0xC600_0000)
    assert call_name(0xC600_0009, config) == "RVIC.Acknowledge"
    assert call_name(RVIC_BASE + 9, config) is None


@pytest.mark.parametrize(
    ("x0", "text"),
    [
        (0, "SUCCESS"),
        (0x001, "ERROR_PARAMETER x1"),
        (0x201, "ERROR_PARAMETER x3"),
        (0x102, "INVALID_CPU x2"),
        (0x003, "DISABLED"),
        (0x004, "NO_INTERRUPTS"),
        (2**64 - 1, "NOT_SUPPORTED"),
        (0x005, "0x5"),
        (0x1_0001, "0x10001"),
    ],
)
def test_status_text(x0: int, text: str) -> None:
    assert status_text(x0) == text


def test_why() -> None:
    instance = Instance(3, missed_unmask=True)
    assert why(instance, 1) == "not pending, and masked; the instance is disabled"
    instance.enable()
    instance.signal(1)
    assert why(instance, 1) == "pending but masked"
    instance.clear_masked(1)
    assert why(instance, 1) == "deliverable"
    instance.disable()
    assert why(instance, 1) == "pending and not masked; the instance is disabled"
    instance.set_masked(1)
    instance.clear_masked(1)
    instance.enable()
    assert why(instance, 1).startswith("pending and not masked, but missed")
    instance.clear_pending(1)
    assert why(instance, 1) == "not pending"
    with pytest.raises(ValueError, match="no INTID 3"):
        why(instance, 3)
