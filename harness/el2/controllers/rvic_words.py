# SPDX-License-Identifier: MIT
"""State of an RVIC in words, for people."""

from __future__ import annotations

from harness.rvic import Rvic


def delivery(rvic: Rvic, intid: int) -> str:
    """Returns why an interrupt is, or is not, being delivered: ``pending but masked``."""
    masked = rvic.masked[intid]
    if not rvic.pending[intid]:
        text = "not pending, and masked" if masked else "not pending"
    elif masked:
        text = "pending but masked"
    elif intid not in rvic.queue:
        text = "pending and not masked, but missed by ClearMasked on the disabled instance (kvm profile)"
    elif rvic.enabled:
        return "deliverable"
    else:
        text = "pending and not masked"
    return text if rvic.enabled else f"{text}; the instance is disabled"
