# SPDX-License-Identifier: MIT
"""Writer of one JSON object per event and line, for programs.

Keys come in the event's own order after ``event`` (the name of its type) and ``world_switch``; numbers are plain
integers, up to 64 bits.
"""

from __future__ import annotations

from typing import TextIO

from msgspec import Struct, defstruct
from msgspec.json import Encoder

from harness.trace.events import Event, PowerChange


class _Lines(dict[type[Event], type[Struct]]):
    """Types of the lines by those of the events, made when first met: msgspec writes the tag, then the fields."""

    def __missing__(self, kind: type[Event]) -> type[Struct]:
        name = "Power" if kind is PowerChange else kind.__name__  # what programs know it by
        self[kind] = defstruct(name, ["world_switch", *kind._fields], tag_field="event", tag=name)
        return self[kind]


_LINES = _Lines()
_ENCODE = Encoder().encode


def encode_event(event: Event) -> str:
    """Returns the event as one line of JSON, without its newline."""
    return _ENCODE(_LINES[type(event)](event.world_switch, *event)).decode()


class JsonLinesWriter:
    """Listener that writes each event to ``stream``."""

    def __init__(self, stream: TextIO) -> None:
        self._write = stream.write

    def __call__(self, event: Event) -> None:
        """Writes one event."""
        self._write(encode_event(event) + "\n")
