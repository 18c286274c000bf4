# SPDX-License-Identifier: MIT
"""A terminal that goes away while it is in raw mode."""

from __future__ import annotations

import os
import termios

import pytest

from harness import Machine
from harness.host.terminal import Terminal


def test_a_terminal_that_has_gone_need_not_be_restored() -> None:
    ours, theirs = os.openpty()
    try:
        with Machine(memory="1M") as machine, Terminal(machine.console, theirs, None):
            os.close(ours)
        with pytest.raises(termios.error):
            termios.tcgetattr(theirs)
    finally:
        os.close(theirs)
