# SPDX-License-Identifier: MIT
"""Output of a device: the last bytes are kept, and those before are counted."""

from __future__ import annotations

from unittest.mock import patch

from hypothesis import given
from hypothesis import strategies as st

from harness.board.console import Console
from harness.devices import Output, Pl011
from harness.devices import output as module

PIECES = st.lists(st.one_of(st.binary(max_size=20), st.integers(0, 255)), max_size=30)


@given(PIECES, st.integers(1, 16), st.integers(0, 400))
def test_it_is_the_end_of_what_was_printed(pieces: list[bytes | int], kept: int, start: int) -> None:
    printed = b""
    with patch.object(module, "KEPT", kept):
        output = Output()
        for piece in pieces:
            if isinstance(piece, int):
                output.append(piece)
                printed += bytes([piece])
            else:
                output += piece
                printed += piece
            assert len(output) <= kept
    assert output == printed[-kept:]
    assert (output.total, output.dropped) == (len(printed), max(0, len(printed) - kept))
    assert output.since(start) == printed[max(start, output.dropped) :]


def test_a_console_says_how_much_it_no_longer_has() -> None:
    uart = Pl011()
    console = Console(uart)
    console.write(bytes(module.KEPT))
    for character in b"end":
        uart.write(0, 0, 4, character)
    assert (len(console), console.dropped) == (module.KEPT + 3, 3)
    assert console.data == bytes(module.KEPT - 3) + b"end"
