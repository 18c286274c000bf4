# SPDX-License-Identifier: MIT
"""Make the tables of docs/performance.md: ``python docs/make_performance.py NOW.json``.

The figures come from that report of ``rvic bench --save``, beside those of bench/before.json; the counts of Python
calls from runs that are made here.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path
from types import FrameType
from typing import Any, Final

import harness
from harness.bench import guests
from harness.bench.in_harness import InHarness
from harness.bench.report import Report, read_report
from harness.bench.row import Result
from harness.bench.rows import ROWS
from harness.cli.bench_tables import number, target_text, time_text

ROOT: Final = Path(__file__).resolve().parent.parent
PAGE: Final = ROOT / "docs" / "performance.md"
BEFORE: Final = ROOT / "bench" / "before.json"
TURNS: Final = 200
ROOMS: Final = {
    "engine": ("engine",),
    "el2": ("el2",),
    "rvic, gic": ("rvic", "gic"),
    "board, devices": ("board", "devices", "wires.py"),
    "run": ("run",),
    "trace": ("trace",),
}
_RVIC: Final[dict[str, Any]] = {}
_LEDGER: Final[dict[str, Any]] = {"ledger": True}
OPERATIONS: Final[dict[str, tuple[Callable[[], guests.Guest], dict[str, Any]]]] = {
    "SVC and ERET": (guests.svc, _RVIC),
    "MRS CNTVCT_EL0": (guests.counter, _RVIC),
    "load of UARTFR": (guests.uart_flag, _RVIC),
    "SMCCC_VERSION": (guests.smccc_version, _RVIC),
    "self interrupt, rvic": (guests.rvic_irq, _RVIC),
    "the same, ledger on": (guests.rvic_irq, _LEDGER),
    "self-SGI, gicv2": (guests.gicv2_sgi, {"controller": "gicv2"}),
    "self-SGI, trap": (guests.gicv2_sgi, {"controller": "trap"}),
    "self-SGI, vgic": (guests.gicv2_sgi, {"controller": "vgic"}),
    "timer, rvic": (guests.rvic_timer, _RVIC),
    "timer, gicv2": (guests.gicv2_timer, {"controller": "gicv2"}),
    "timer, trap": (guests.gicv2_timer, {"controller": "trap"}),
    "timer, vgic": (guests.gicv2_timer, {"controller": "vgic"}),
}


def figures(before: Report, now: Report) -> str:
    """The table of figures: a row of the benchmark each."""
    where = f"{now.machine}; backend {now.backend}, {now.qemu or 'QEMU absent'}"
    rows = [
        f"Measured on {where}. {'. '.join(now.compiled)}.",
        "",
        "| row | against | theirs | ours before | ours | ratio before | ratio | quartiles | target | |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    old = {result.name: result for result in before.results}
    new = {result.name: result for result in now.results}
    rows += [_row(old.get(row.name), new[row.name]) for row in ROWS if row.name in new]
    return "\n".join(rows)


def _row(old: Result | None, new: Result) -> str:
    verdict = {True: "met", False: "missed", None: ""}[new.met]
    earlier = (time_text(old.ours), number(old.ratio)) if old is not None else ("", "")
    spread = f"{number(new.low)} to {number(new.high)}" if new.low is not None else ""
    cells = (
        *(
            f"`{new.name}`",
            new.missing or new.against,
            time_text(new.theirs),
            earlier[0],
            time_text(new.ours),
        ),
        *(earlier[1], number(new.ratio), spread, target_text(new), verdict),
    )
    return "| " + " | ".join(cells) + " |"


def calls() -> str:
    """The table of Python calls that an operation makes, by the rooms of the house in which they are."""
    rows = [f"| operation | calls | {' | '.join(ROOMS)} | other |", "|---|---|" + "---|" * (len(ROOMS) + 1)]
    for name, (guest, options) in OPERATIONS.items():
        counted = _calls(guest(), options)
        shares = [sum(counted[room] for room in rooms) for rooms in ROOMS.values()]
        total = sum(counted.values())
        rows.append(
            f"| {name} | {total:.0f} | {' | '.join(f'{n:.0f}' for n in shares)} | {total - sum(shares):.0f} |"
        )
    return "\n".join(rows)


def _calls(guest: guests.Guest, options: dict[str, Any]) -> dict[str, float]:
    seen: dict[str, float] = defaultdict(float)
    package = str(Path(harness.__file__).parent) + "/"

    def on_call(frame: FrameType, event: str, _argument: object) -> None:
        if event == "call":
            file = frame.f_code.co_filename
            seen[file.removeprefix(package).split("/")[0] if file.startswith(package) else ""] += 1

    subject = InHarness(guest, **options)
    sys.setprofile(on_call)
    operations = subject.run(TURNS).operations
    sys.setprofile(None)
    subject.close()
    return defaultdict(float, {room: count / operations for room, count in seen.items()})


def with_tables(page: str, tables: Iterable[tuple[str, str]]) -> str:
    """The page, with each table between its markers."""
    for name, table in tables:
        start, end = f"<!-- {name} -->\n", f"<!-- end of {name} -->"
        before, _, rest = page.partition(start)
        page = f"{before}{start}{table}\n{end}{rest.partition(end)[2]}"
    return page


if __name__ == "__main__":
    made = ("figures", figures(read_report(BEFORE), read_report(sys.argv[1]))), ("calls", calls())
    PAGE.write_text(with_tables(PAGE.read_text(encoding="utf-8"), made), encoding="utf-8")
