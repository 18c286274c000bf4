# SPDX-License-Identifier: MIT
"""Stimuli as text."""

from __future__ import annotations

import pytest

from harness import Machine
from harness.errors import ConfigError
from harness.run.stimulus import LineDrive, LineStimulus, Stimulus, UartStimulus, parse_at, parse_stimulus


@pytest.mark.parametrize(
    ("text", "stimulus"),
    [
        ("spi=1", LineStimulus(33, LineDrive.PULSE)),
        ("spi=0:pulse", LineStimulus(32, LineDrive.PULSE)),
        ("spi=1:high", LineStimulus(33, LineDrive.HIGH)),
        ("line=33:low", LineStimulus(33, LineDrive.LOW)),
        ("uart=hello", UartStimulus(b"hello")),
        ("uart=a=b:c", UartStimulus(b"a=b:c")),
        ("uart=one\ntwo\\n", UartStimulus(b"one\ntwo\n")),
        (r"uart=\r\t\0\\n\x1b\\q", UartStimulus(b"\r\t\0\\n\x1b\\q")),
        ("uart=ä", UartStimulus("ä".encode())),
        ("uart=", UartStimulus(b"")),
    ],
)
def test_a_text_means_a_stimulus(text: str, stimulus: Stimulus) -> None:
    assert parse_stimulus(text) == stimulus


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no stimulus ``: it is spi=N, line=INTID"),
        ("spi", "no stimulus `spi`"),
        ("uart", "no stimulus `uart`"),
        ("gpio=3", "no stimulus `gpio=3`"),
        ("spi=one", "`spi=one`: `one` is not a number"),
        (r"uart=h\q", r"`h\q`: no escape `\q`; there are"),
        ("uart=h\\ä", "no escape"),
        (r"virtconsole=\x1", r"no escape `\x`"),
        ("spi=-1", "`-1` is not a number"),
        ("spi=1:up", "a line can do pulse, high, low, not `up`"),
        ("spi=988", "spi is 0 to 987, not 988"),
        ("line=27", "line is 32 to 1019, not 27"),
    ],
)
def test_what_is_no_stimulus_is_refused(text: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_stimulus(text)
    assert message in str(caught.value)


def test_at_is_a_tick_and_a_stimulus() -> None:
    assert parse_at("5000:spi=1:high") == (5000, "spi=1:high")
    assert parse_at("5_000:uart=a:b") == (5000, "uart=a:b")


@pytest.mark.parametrize("text", ["", "5000", "spi=1", "-3:spi=1", "soon:spi=1"])
def test_what_is_no_tick_and_stimulus_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="is not TICK:STIMULUS, as in 5000:spi=1"):
        parse_at(text)


def test_the_stimulus_after_a_tick_is_checked() -> None:
    with pytest.raises(ConfigError, match="no stimulus `gpio=1`"):
        parse_at("5:gpio=1")


def test_an_input_that_the_rvid_has_not_is_refused() -> None:
    """DEN0103: an RVID has as many inputs as there are untrusted interrupts; what comes to no input is lost."""
    with Machine(controller="rvic", untrusted=64) as machine:
        machine.at(1, "spi=63")
        with pytest.raises(
            ConfigError, match=r"SPI 64 reaches no guest: .* SPI 0 to 63 \(untrusted=96 has it\)"
        ):
            machine.at(1, "spi=64")
    with Machine(controller="gicv2") as machine:
        machine.at(1, "spi=64")
