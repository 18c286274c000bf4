# SPDX-License-Identifier: MIT
"""Processes that are measured: CPU time, status and last words of a child, and none of them stays behind."""

from __future__ import annotations

import os
import sys

import pytest

from harness.bench import children
from harness.bench.children import run_child, run_until

SPIN = "sum(range(3_000_000))"
FOR_EVER = "import time\nwhile True: time.sleep(0.1)"


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def test_a_childs_own_cpu_time_is_told() -> None:
    idle, busy = run_child(python("")), run_child(python(f"{SPIN}; {SPIN}; {SPIN}"))
    assert 0 < idle.seconds < busy.seconds


def test_a_child_that_fails_has_its_status_and_last_words() -> None:
    end = run_child(python("import sys; print('first\\nlast', file=sys.stderr); sys.exit(3)"))
    assert (end.status, end.words) == (3, "last")


def test_a_child_gets_the_environment_that_is_given() -> None:
    code = "import os, sys; sys.exit(int(os.environ['WITH']))"
    assert run_child(python(code), os.environ | {"WITH": "7"}).status == 7


def test_a_child_is_killed_at_the_line_that_was_waited_for() -> None:
    end = run_until(python(f"print('a\\nb\\nc', flush=True)\n{FOR_EVER}"), lambda line: line == b"b\n")
    assert end is not None
    assert end.status == -9
    assert end.seconds > 0


def test_a_child_that_never_says_the_line_is_none() -> None:
    assert run_until(python("print('a')"), lambda line: line == b"b\n") is None


def test_patience_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(children, "PATIENCE", 0.2)
    assert run_child(python(FOR_EVER)).status == -9
    assert run_until(python(FOR_EVER), lambda _: True) is None


def test_no_child_stays_behind_when_whoever_waits_gives_up() -> None:
    pids: list[int] = []

    def give_up(line: bytes) -> bool:
        pids.append(int(line))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_until(python(f"import os; print(os.getpid(), flush=True)\n{FOR_EVER}"), give_up)
    with pytest.raises(ProcessLookupError):
        os.kill(pids[0], 0)
