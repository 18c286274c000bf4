# SPDX-License-Identifier: MIT
"""Make the tables of docs/performance.md: ``python docs/make_performance.py NOW.json [WHEEL.json]``.

The figures come from that report of ``rvic bench --save``, beside those of bench/before.json; the counts of Python
calls from runs that are made here. A second report, of a wheel with compiled modules, makes its table anew.
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
# The row of the benchmark whose cost is that of the operation, its guest, and the machine's options.
OPERATIONS: Final[dict[str, tuple[str, Callable[[], guests.Guest], dict[str, Any]]]] = {
    "SVC and ERET": ("svc", guests.svc, _RVIC),
    "MRS CNTVCT_EL0": ("counter_read", guests.counter, _RVIC),
    "load of UARTFR": ("mmio", guests.uart_flag, _RVIC),
    "SMCCC_VERSION": ("hypercall", guests.smccc_version, _RVIC),
    "self interrupt, rvic": ("irq_round_trip", guests.rvic_irq, _RVIC),
    "the same, ledger on": ("irq_ledger", guests.rvic_irq, _LEDGER),
    "self-SGI, gicv2": ("gicv2_vs_qemu", guests.gicv2_sgi, {"controller": "gicv2"}),
    "self-SGI, trap": ("trap_vs_qemu", guests.gicv2_sgi, {"controller": "trap"}),
    "self-SGI, vgic": ("vgic_vs_qemu", guests.gicv2_sgi, {"controller": "vgic"}),
    "timer, rvic": ("timer_vs_qemu", guests.rvic_timer, _RVIC),
    "timer, gicv2": ("timer_gicv2", guests.gicv2_timer, {"controller": "gicv2"}),
    "timer, trap": ("timer_trap", guests.gicv2_timer, {"controller": "trap"}),
    "timer, vgic": ("timer_vgic", guests.gicv2_timer, {"controller": "vgic"}),
}
_BARE: Final = "bare Unicorn"
# By row: the least that was measured for it, by what experiment, and what takes the rest of the time.
FLOORS: Final[dict[str, str]] = {
    "guest_free_icount": (
        "0.54: bare Unicorn that counts nothing, against QEMU with -icount, so the target is beyond any "
        "count. Unicorn looks for a stop after each access to memory, a tenth of this loop, and QEMU does not"
    ),
    "vcpus": (
        "0.83: eight bare instances that C starts in turn, for 1,000 instructions each, lose 0.46 µs a turn "
        "against one long run of one. The rest is the clock, and what `run()` does once"
    ),
    "machines": (
        "1.7: a CPU alone, its maps, stage 2, registers and the state that a reset restores, without a board "
        "or EL2 (1.15 ms), and its run (0.5 ms). The rest is Python: the board, EL2's start of its GIC, 14 "
        "functions a vCPU; and a machine is one graph of objects, which Python's collector takes 0.4 ms to "
        "find unused"
    ),
    "start": (
        "0.6: Python and the import of Unicorn alone, 90 ms of CPU time. The rest is the import of our "
        "modules, 30 ms of it the making of 41 dataclasses, and the run"
    ),
    "timer_vs_qemu": (
        "0.4: a tenth of the time is the emulator's and the C core's. The rest is Python, 118 calls through "
        "timer, GIC, EL2 and RVIC, of which mypyc compiles the GIC's, RVIC's and most of EL2's; timers, the "
        "loop and PEs stay plain"
    ),
    "irq_ledger": (
        "1.4: the three exits recorded and not attributed, 0.2 µs each. mypyc halves what it is compared "
        "with, and cannot compile the ledger's own classes"
    ),
    "growth_lrs": (
        "1.0: 1 register against 32. A bit for each of 64 is more than mypyc's ints of 62 bits hold, and is "
        "worked on as an object"
    ),
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


def wheel(report: Report) -> str:
    """The table of a wheel with compiled modules: the rows that have a target."""
    rows = [
        f"{'. '.join(report.compiled)}; else as above.",
        "",
        "| row | against | theirs | ours | ratio | quartiles | target | |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for result in report.results:
        if result.target is not None:
            cells = _row(None, result).split(" | ")
            rows.append(" | ".join((*cells[:3], cells[4], *cells[6:])))
    return "\n".join(rows)


def calls(report: Report | None = None) -> str:
    """The table of where an operation's time goes: in all, in bare Unicorn, and the Python calls that it makes.

    They are told by the rooms of the house in which they are. Without a report there are calls alone.
    """
    rows = [
        f"| operation | time | of it {_BARE} | Python calls | ns a call | {' | '.join(ROOMS)} | other |",
        "|---|---|---|---|---|" + "---|" * (len(ROOMS) + 1),
    ]
    costs = {} if report is None else {result.name: result for result in report.results}
    for name, (row, guest, options) in OPERATIONS.items():
        counted = _calls(guest(), options)
        shares = [sum(counted[room] for room in rooms) for rooms in ROOMS.values()]
        total = sum(counted.values())
        result = costs.get(row)
        ours = None if result is None else result.ours
        bare = None if result is None or result.against != _BARE else result.theirs
        each = f"{(ours - (bare or 0.0)) / total * 1e9:.0f}" if ours is not None and total >= 1 else ""
        counts = [f"{share:.0f}" for share in (*shares, total - sum(shares))]
        cells = (name, time_text(ours), time_text(bare), f"{total:.0f}", each, *counts)
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows)


def missed(reports: Iterable[Report]) -> str:
    """The table of the targets that are missed, with the floor of each: what FLOORS says was measured."""
    rows = ["| row | install | ratio | target | floor, and what the rest is |", "|---|---|---|---|---|"]
    for report in reports:
        for result in report.missed:
            cells = (f"`{result.name}`", report.install, number(result.ratio), target_text(result))
            rows.append(f"| {' | '.join(cells)} | {FLOORS.get(result.name, 'not measured yet')} |")
    return "\n".join(rows) if len(rows) > 2 else "None."


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
    reports = [read_report(name) for name in sys.argv[1:]]
    made = [("figures", figures(read_report(BEFORE), reports[0])), ("calls", calls(reports[0]))]
    made += [("wheel", wheel(report)) for report in reports[1:]]
    made.append(("missed", missed(reports)))
    PAGE.write_text(with_tables(PAGE.read_text(encoding="utf-8"), made), encoding="utf-8")
