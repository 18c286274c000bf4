# SPDX-License-Identifier: MIT
"""Commands and their options; the code behind one is imported when it is asked for."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperCommand

from harness.cli.given import given_options
from harness.cli.parameters import marker, takes
from harness.cli.run_options import RunOptions
from harness.declaration import declared
from harness.options import MachineOptions

# The usage error of click, or of typer's own copy of it, whichever this typer has: BadParameter's base.
if TYPE_CHECKING:
    UsageError = typer.BadParameter
else:
    UsageError = typer.BadParameter.__mro__[1]

Abort = typer.Abort

app = typer.Typer(
    name="rvic",
    help="Run AArch64 guests below a hypervisor written in Python, and see their interrupts flow.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


GUEST = typer.Argument(
    metavar="NAME|PATH", help="A firmware (rvic list), a directory, .S, .c, ELF, Image or .bin."
)
JSON = typer.Option("--json", help="Print one JSON object.")
_LIST_REGISTERS = declared(MachineOptions)["list_registers"]


class Sections(TyperCommand):
    """Command whose help has its options in sections."""

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Writes the arguments, then each section."""
        sections: dict[str, list[tuple[str, str]]] = {}
        for one in self.get_params(ctx):
            record = one.get_help_record(ctx)
            if record is not None:
                title = (
                    "Arguments"
                    if one.param_type_name == "argument"
                    else getattr(one, "rich_help_panel", None)
                )
                sections.setdefault(title or "Other options", []).append(record)
        for title, records in sections.items():
            with formatter.section(title):
                formatter.write_dl(records)


@app.command(cls=Sections)
@takes(Run=RunOptions, Machine=MachineOptions)
def run(guest: Annotated[str | None, GUEST] = None, **given: Any) -> int:
    """Run a guest. The exit status is 0 only where it met its expectations.

    Without a guest.toml, it has to power off or to exit with code 0. Another exit code is the exit status.
    """
    from harness.cli.run import run_command

    return run_command(guest, given)


@app.command("list")
def list_firmware() -> int:
    """List the firmware that comes with this package."""
    from harness.cli.listing import list_firmware

    return list_firmware()


@app.command()
def new(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The directory to make.")],
    in_c: Annotated[bool, typer.Option("--c", help="In C instead of assembly.")] = False,
) -> int:
    """Make a guest that runs at once, with a test beside it."""
    from harness.cli.new import new_guest

    return new_guest(Path(name), in_c=in_c)


@app.command()
def disasm(guest: Annotated[str, GUEST]) -> int:
    """Disassemble a guest's code, with its symbols."""
    from harness.cli.disasm import disassemble_guest

    return disassemble_guest(guest)


@app.command()
def bench(
    only: Annotated[
        list[str] | None,
        typer.Option("--only", metavar="ROW", help="This row, or all whose names begin so. Repeatable."),
    ] = None,
    as_json: Annotated[bool, JSON] = False,
    save: Annotated[str | None, typer.Option("--save", metavar="FILE", help="Keep the JSON object.")] = None,
    against: Annotated[
        str | None, typer.Option("--against", metavar="FILE", help="Show changes since one that was kept.")
    ] = None,
    check: Annotated[bool, typer.Option("--check", help="Exit with 1 where a target is missed.")] = False,
    short: Annotated[bool, typer.Option("--short", help="A quarter of the time, with more spread.")] = False,
    linux: Annotated[
        str | None,
        typer.Option("--linux", metavar="IMAGE", envvar="RVIC_BENCH_LINUX", help="Kernel of the row linux."),
    ] = None,
) -> int:
    """Measure what the harness costs, against bare Unicorn and QEMU in the same run."""
    from harness.bench.sampling import FULL, SHORT
    from harness.cli.bench import bench

    effort = SHORT if short else FULL
    return bench(
        only=only or (), as_json=as_json, save=save, against=against, check=check, effort=effort, linux=linux
    )


@app.command()
def compare(
    workload: Annotated[
        str | None, typer.Argument(metavar="WORKLOAD", help="One workload, such as edge; all without it.")
    ] = None,
    as_json: Annotated[bool, JSON] = False,
    as_markdown: Annotated[
        bool, typer.Option("--markdown", help="Print tables; of all workloads, docs/world-switches.md.")
    ] = False,
    list_registers: Annotated[str | None, marker(_LIST_REGISTERS)] = None,
) -> int:
    """Run the same workload under every interrupt controller, and count its world switches."""
    from harness.cli.compare import compare_workloads

    given = given_options(MachineOptions, {"list_registers": list_registers})
    return compare_workloads(workload, as_json=as_json, as_markdown=as_markdown, **given)


@app.command()
def version() -> int:
    """Print the versions of this package, of Python and of Unicorn, and what of it is compiled."""
    from harness.cli.version import show_version

    return show_version()
