# SPDX-License-Identifier: MIT
"""Writers of a trace, on the events of interrupts through RVIC."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from functools import cache
from typing import Any

import msgspec

from harness.bench import guests
from harness.bench.in_harness import InHarness
from harness.bench.subject import Sample, Subject
from harness.trace import JsonLinesWriter

_TURNS = 100


class JsonLines(Subject):
    """The harness's writer of JSON Lines; an operation is an event."""

    def __init__(self) -> None:
        self._stream = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 - closed by close()
        self._writer = JsonLinesWriter(self._stream)

    def run(self, turns: int) -> Sample:
        """Writes all events so many times."""
        return _each(events(), self._writer, turns)

    def close(self) -> None:
        """Closes the stream."""
        self._stream.close()


class Msgspec(Subject):
    """msgspec's encoder of JSON, on structs with the same fields and values."""

    def __init__(self) -> None:
        self._structs = [_struct(event) for event in events()]

    def run(self, turns: int) -> Sample:
        """Encodes all of them so many times."""
        return _each(self._structs, msgspec.json.Encoder().encode, turns)


class Traced(InHarness):
    """Guest on a machine whose every event is written as a line of JSON."""

    def __init__(self, guest: guests.Guest, **options: Any) -> None:
        super().__init__(guest, **options)
        self._stream = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 - closed by close()
        self.machine.listen(JsonLinesWriter(self._stream))

    def close(self) -> None:
        """Closes the machine and the stream."""
        super().close()
        self._stream.close()


@cache
def events() -> list[Any]:
    """Returns the events of a hundred self interrupts, without the first: their guest enables nothing any more."""
    subject = InHarness(guests.rvic_irq())
    seen: list[Any] = []
    subject.machine.listen(seen.append)
    subject.run(_TURNS)
    subject.close()
    return seen


def _each(values: list[Any], function: Callable[[Any], object], turns: int) -> Sample:
    begin = time.process_time()
    for _ in range(turns):
        for value in values:
            function(value)
    return Sample(time.process_time() - begin, turns * len(values))


def _struct(event: Any) -> Any:
    """Returns a struct with the fields of an event, and the two that its line has before them."""
    fields = {"event": type(event).__name__, "world_switch": event.world_switch} | event._asdict()
    return msgspec.defstruct(type(event).__name__, [(name, Any) for name in fields], gc=False)(**fields)
