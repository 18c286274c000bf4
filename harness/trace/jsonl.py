# SPDX-License-Identifier: MIT
"""Writer of one JSON object per event and line, for programs.

Keys come in the event's own order after ``event`` (the name of its type) and ``world_switch``; numbers are plain
integers, up to 64 bits.
"""

from __future__ import annotations

import json
from typing import TextIO

from harness.trace.events import TYPES, Event, PowerChange

_NAMES = {**{kind: kind.__name__ for kind in TYPES}, PowerChange: "Power"}  # what programs know it by


def encode_event(event: Event) -> str:
    """Returns the event as one line of JSON, without its newline."""
    head = {"event": _NAMES[type(event)], "world_switch": event.world_switch}
    return json.dumps(head | event._asdict(), separators=(",", ":"))


class JsonLinesWriter:
    """Listener that writes each event to ``stream``."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def __call__(self, event: Event) -> None:
        """Writes one event."""
        self._stream.write(encode_event(event) + "\n")
