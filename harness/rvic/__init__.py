# SPDX-License-Identifier: MIT
"""Reduced Virtual Interrupt Controller and its distributor (DEN0103) as a pure model.

Read ``state`` (one vCPU's RVIC), ``vm`` (the RVID, and all of a VM's as EL2 holds them), then ``calls`` of guests.
"""

from harness.rvic.calls import NOBODY, Call, Calls, LineLevel
from harness.rvic.config import Config, Order, Profile
from harness.rvic.signalled import Edge, Signalled, Target
from harness.rvic.state import Rvic
from harness.rvic.vm import VmInterrupts

__all__ = ["Config", "Order", "Profile", "Rvic", "VmInterrupts"]
__all__ += ["NOBODY", "Call", "Calls", "Edge", "LineLevel", "Signalled", "Target"]
