# SPDX-License-Identifier: MIT
"""Words for a person on a run: one interrupt's life, what it all cost, and if it came out as it had to."""

from __future__ import annotations

from typing import Final

from harness.arch.virt import CNTFRQ
from harness.cli.life import FirstLife
from harness.cli.screen import GLUE, Screen, Span, new_table
from harness.cli.tracing import Formatter, style_of
from harness.engine import DEVIATIONS
from harness.run.stop import StopReason
from harness.scenario.manifest import Manifest
from harness.scenario.report import Report
from harness.trace.ledger import Ledger
from harness.trace.names import Names
from harness.wording import plural

LABEL: Final = 10
MOST_INTERRUPTS: Final = 24
MOST_KINDS: Final = 5
MOST_UNMET: Final = 20
_EXITS: Final = "exits per interrupt"


def show_title(screen: Screen, manifest: Manifest) -> None:
    """Shows the guest's name and what it is for."""
    screen.line((manifest.name, "bold cyan"), (f"  {manifest.description}", "dim"))


def show_summary(screen: Screen, report: Report, names: Names) -> None:
    """Shows why the run stopped, its length, its world switches and interrupts, and its expectations."""
    screen.line()
    good = "bold green" if report.met else "bold red"
    detail = report.stop.detail.splitlines() or [report.stop.reason.value]
    _row(screen, "stopped", (report.stop.reason.value.replace("_", " "), good), (f"  {detail[0]}", ""))
    for line in detail[1:]:
        _row(screen, "", (line, ""))
    time = f"{_duration(report.ticks)} of virtual time ({plural(report.ticks, 'tick')})"
    _row(screen, "ran", (plural(report.instructions, "instruction"), "bold"), (f", {time}", ""))
    if report.random_order:
        _row(screen, "seed", (str(report.seed), "bold"), (", of the random acknowledge order", ""))
    _row(screen, "exits", *_switches(report.ledger))
    _dropped(screen, report)
    _deviations(screen, report.deviations)
    _interrupts(screen, report.ledger, names)
    if report.stop.reason is not StopReason.INTERRUPTED:  # it had no time to do what it had to
        _verdict(screen, report)


def show_life(screen: Screen, life: FirstLife, formatter: Formatter) -> None:
    """Shows the events of one interrupt's life, in order."""
    assert life.intid is not None
    which = f"INTID {life.intid} ({formatter.names.intid(life.intid)}) on CPU{life.cpu}"
    switches = plural(life.world_switches, "world switch")
    if not life.ended:
        switches += ", cut here" if life.done else " so far: it had not ended when the run stopped"
    screen.heading(f"the first interrupt: {which}", switches)
    screen.line((formatter.header, "dim"))
    for event in life.events:
        screen.line((formatter.line(event), style_of(event)))
    if life.passed_over:
        passed_over = plural(life.passed_over, "access")
        screen.line((f"{'':18}(its handler's own {passed_over} to devices left out)", "dim"))


def _dropped(screen: Screen, report: Report) -> None:
    """Says what the harness no longer has of what the guest printed."""
    for name, dropped in (("console", report.console_dropped), ("virtio", report.virtconsole_dropped)):
        if dropped:
            kept = (
                f"the first {plural(dropped, 'byte')} printed are no longer kept: expectations see the rest"
            )
            _row(screen, name, (kept, ""))


def _row(screen: Screen, label: str, *spans: Span) -> None:
    screen.line((f"{label:<{LABEL}}", "cyan"), *spans)


def _duration(ticks: int) -> str:
    seconds = ticks / CNTFRQ
    for unit, scale in (("s", 1), ("ms", 1_000), ("us", 1_000_000)):
        if seconds * scale >= 1 or unit == "us":
            return f"{seconds * scale:.3f} {unit}"
    raise AssertionError


def _switches(ledger: Ledger) -> list[Span]:
    kinds = sorted(ledger.by_kind.items(), key=lambda item: (-item[1], item[0]))
    text = ", ".join(f"{count:,} {kind}" for kind, count in kinds)
    return [(plural(ledger.total, "world switch"), "bold"), (f": {text}" if text else "", "")]


def _deviations(screen: Screen, met: dict[str, int]) -> None:
    """Shows what the guest found to be unlike the architecture."""
    for deviation in DEVIATIONS:
        if deviation.name in met:
            times = f", {plural(met[deviation.name], 'time')} (DDI 0487, {deviation.section})"
            _row(screen, "deviation", (deviation.name, "bold red"), (times, ""))
            _row(screen, "", (deviation.what, ""))


def _interrupts(screen: Screen, ledger: Ledger, names: Names) -> None:
    rows = ledger.summary()
    if not rows:
        return
    screen.heading(
        "interrupts", "world switches each, from the exit that brings one to the call that ends it"
    )
    table = new_table("INTID", "name", "count", "min", "median", "max", _EXITS, left=("name", _EXITS))
    for row in rows[:MOST_INTERRUPTS]:
        cost = ledger.per_interrupt(row.intid)
        counts = (f"{cost.count:,}", str(cost.min), f"{cost.median:g}", str(cost.max))
        exits = _per_interrupt(cost.by_exit, cost.count)
        table.add_row(str(row.intid), names.intid(row.intid), *counts, exits)
    screen.table(table)
    if len(rows) > MOST_INTERRUPTS:
        screen.line((f"and {len(rows) - MOST_INTERRUPTS} more (--json has them all)", "dim"))


def _per_interrupt(by_exit: dict[str, int], count: int) -> str:
    """Returns the mean number of exits of each kind, the commonest first."""
    if not count:
        return ""
    kinds = sorted(by_exit.items(), key=lambda item: (-item[1], item[0]))
    # No fold between the number and its kind.
    shown = [f"{round(number / count, 2):g}{GLUE}{kind}" for kind, number in kinds[:MOST_KINDS]]
    return ", ".join(shown) + (", ..." if len(kinds) > MOST_KINDS else "")


def _verdict(screen: Screen, report: Report) -> None:
    screen.line()
    total, unmet = len(report.expectations), report.unmet
    if not unmet:
        what = "what it had to do came out" if total == 1 else f"all {total} expectations met"
        screen.line(("ok", "bold green"), (f"  {what}", ""))
        return
    screen.line(("FAILED", "bold red"), (f"  {len(unmet)} of {plural(total, 'expectation')} not met", ""))
    for expectation in unmet[:MOST_UNMET]:
        screen.line(("  ", ""), (expectation.what, "bold"), (f": expected {expectation.wanted}", ""))
        screen.line((f"  {'':{len(expectation.what)}}       got {expectation.got}", ""))
