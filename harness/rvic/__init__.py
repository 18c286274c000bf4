# SPDX-License-Identifier: MIT
"""The Reduced Virtual Interrupt Controller and its distributor (DEN0103) as a pure model.

Read ``state``, then ``calls``, then ``distributor``; ``vm`` is what EL2 holds of them.
"""

from harness.rvic.calls import LineLevel, Rvic
from harness.rvic.config import Config, Defects, Order, Profile
from harness.rvic.describe import call_name, status_text, why
from harness.rvic.distributor import Distributor
from harness.rvic.reply import Edge, Effect, EffectKind, Outcome, Reply, Signalled, Target
from harness.rvic.state import Instance

__all__ = [
    "Config",
    "Defects",
    "Distributor",
    "Edge",
    "Effect",
    "EffectKind",
    "Instance",
    "LineLevel",
    "Order",
    "Outcome",
    "Profile",
    "Reply",
    "Rvic",
    "Signalled",
    "Target",
    "call_name",
    "status_text",
    "why",
]
