# SPDX-License-Identifier: MIT
"""``rvic bench``."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

from harness.arguments import check_path
from harness.bench import in_qemu
from harness.bench.installation import backend, install
from harness.bench.machine_name import machine_name
from harness.bench.measure import measure
from harness.bench.report import Report, read_report
from harness.bench.row import Row
from harness.bench.rows import chosen
from harness.bench.sampling import FULL, Effort
from harness.cli.bench_tables import show, show_changes
from harness.cli.progress import ERASE, terminal_for_progress
from harness.cli.screen import Screen
from harness.compiled import compiled_line
from harness.engine.backends import core_line
from harness.errors import ConfigError, GuestError
from harness.files import is_file


def bench(
    *,
    only: Sequence[str] = (),
    as_json: bool = False,
    save: str | None = None,
    against: str | None = None,
    check: bool = False,
    effort: Effort = FULL,
    linux: str | None = None,
) -> int:
    """Measures and prints. The status is 0 whatever the figures are; 1 where ``check`` finds a target missed."""
    rows = chosen(only)
    before = None if against is None else read_report(against)
    image = None if linux is None else _image(linux)
    if save is not None:
        _save(save, None)  # before minutes of work are lost
    report = _measured(rows, effort, image)
    if save is not None:
        _save(save, report.to_json())
    if as_json:
        print(report.to_json(before))
    else:
        screen = Screen.of_stdout()
        show(screen, report)
        if before is not None:
            show_changes(screen, before, report)
    return _status(report) if check else 0


def _measured(rows: Sequence[Row], effort: Effort, linux: Path | None) -> Report:
    stream = terminal_for_progress()
    kind = install()

    def announce(row: Row) -> None:
        _progress(stream, f"{row.name} ({rows.index(row) + 1} of {len(rows)})")

    try:
        results = list(measure(rows, effort, kind, linux, announce))
    finally:
        _progress(stream, "")
    compiled = [core_line(), compiled_line()]
    return Report(machine_name(), kind, compiled, backend(), in_qemu.version(), results)


def _progress(stream: TextIO | None, words: str) -> None:
    if stream is not None:
        stream.write(ERASE + words[: shutil.get_terminal_size().columns - 1])
        stream.flush()


def _status(report: Report) -> int:
    if all(result.met is None for result in report.results):
        raise ConfigError("--check: no row with a target could be measured")
    return 1 if report.missed else 0


def _image(path: str) -> Path:
    check_path("--linux", path)
    if not is_file(path):
        raise GuestError("no such file", file=path)
    return Path(path)


def _save(path: str, text: str | None) -> None:
    """Writes a file; with None it only sees that it can be written."""
    check_path("--save", path)
    try:
        with open(path, "a" if text is None else "w", encoding="utf-8") as file:
            file.write("" if text is None else f"{text}\n")
    except OSError as error:
        raise GuestError(f"cannot be written: {error.strerror}", file=path) from None
