# SPDX-License-Identifier: MIT
"""The command line: what may be said. What is done about it is imported when it is asked for."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

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


class Profile(StrEnum):
    """RVIC as its specification has it, or as KVM's code does it."""

    SPEC = "spec"
    KVM = "kvm"


class Order(StrEnum):
    """Which deliverable interrupt Acknowledge takes."""

    FIFO = "fifo"
    LOWEST = "lowest"
    RANDOM = "random"


class Controller(StrEnum):
    """What the guest sees as its interrupt controller."""

    RVIC = "rvic"
    VGIC = "vgic"
    TRAP = "trap"
    GICV2 = "gicv2"


class Toolchain(StrEnum):
    """Who compiles C, and assembly if asked to: the first of them that is here, or one."""

    AUTO = "auto"
    ZIG = "zig"
    GCC = "gcc"
    CLANG = "clang"


class Uart(StrEnum):
    """When the UART raises its receive interrupt: as its manual says, or at each character as QEMU's does."""

    PL011 = "pl011"
    QEMU = "qemu"


class Virtio(StrEnum):
    """Version of the virtio transport: 2, or 1 as QEMU's board has it by default."""

    MODERN = "modern"
    LEGACY = "legacy"


class Conduit(StrEnum):
    """The instruction by which PSCI is called."""

    HVC = "hvc"
    SMC = "smc"


class Backend(StrEnum):
    """How the registers of the emulated CPU are reached."""

    VIEW = "view"
    API = "api"


Guest = Annotated[
    str,
    typer.Argument(
        metavar="NAME|PATH", help="A firmware (rvic list), a directory, .S, .c, ELF, Image or .bin."
    ),
]
At = Annotated[
    list[str] | None,
    typer.Option(
        "--at",
        metavar="TICK:STIMULUS",
        help="At that tick: spi=N[:high|:low], line=INTID, uart=TEXT. Repeatable.",
    ),
]


@app.command()
def run(
    guest: Annotated[
        str | None,
        typer.Argument(
            metavar="NAME|PATH", help="A firmware (rvic list), a directory, .S, .c, ELF, Image, .bin."
        ),
    ] = None,
    cpus: Annotated[int | None, typer.Option(metavar="N", help="vCPUs, 1 to 8.")] = None,
    cpu: Annotated[
        str | None,
        typer.Option(metavar="MODEL", help="cortex-a53, -a57, -a72, or max: with LSE.  [cortex-a72]"),
    ] = None,
    controller: Annotated[Controller | None, typer.Option(help="The guest's interrupt controller.")] = None,
    trusted: Annotated[int | None, typer.Option(metavar="T", help="RVIC: trusted interrupts.")] = None,
    untrusted: Annotated[int | None, typer.Option(metavar="U", help="RVIC: untrusted interrupts.")] = None,
    list_registers: Annotated[
        int | None, typer.Option(metavar="N", help="The GIC: list registers of a CPU, 1 to 64.  [4]")
    ] = None,
    priority_bits: Annotated[
        int | None, typer.Option(metavar="N", help="The GIC: bits of a priority, 4 to 8.  [5]")
    ] = None,
    profile: Annotated[Profile | None, typer.Option(help="RVIC as specified, or as KVM has it.")] = None,
    ack_order: Annotated[Order | None, typer.Option(help="Which interrupt Acknowledge takes.")] = None,
    seed: Annotated[int | None, typer.Option(metavar="N", help="Of everything random.")] = None,
    ticks_per_instruction: Annotated[
        int | None,
        typer.Option(metavar="N", help="How fast time goes: for guests that wait in loops.  [1]"),
    ] = None,
    toolchain: Annotated[Toolchain | None, typer.Option(help="Who builds a source, .S or .c.")] = None,
    cc: Annotated[str | None, typer.Option(metavar="PATH", help="The same: a gcc, clang or zig.")] = None,
    limit: Annotated[
        int | None, typer.Option(metavar="INSTRUCTIONS", min=1, help="Stop after so many.")
    ] = None,
    at: At = None,
    memory: Annotated[
        str | None, typer.Option(metavar="SIZE", help="RAM: bytes, or with K, M or G.  [128M]")
    ] = None,
    initrd: Annotated[Path | None, typer.Option(metavar="FILE", help="Initial RAM disk.")] = None,
    append: Annotated[
        str | None, typer.Option(metavar="TEXT", help="Command line, in the device tree's /chosen.")
    ] = None,
    dtb: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Device tree in place of the board's own.")
    ] = None,
    dump_dtb: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the guest's device tree, and do not run.")
    ] = None,
    psci: Annotated[Conduit | None, typer.Option(help="Conduit that the device tree names.  [hvc]")] = None,
    bios: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Firmware for the flash at 0, in place of a guest.")
    ] = None,
    flash: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="With --bios: the second bank of flash, kept in this file."),
    ] = None,
    serial: Annotated[
        str | None,
        typer.Option(
            metavar="stdio|file:PATH|string:TEXT",
            help="What is typed to the UART; stdio also prints as the guest does (Ctrl-A x ends).",
        ),
    ] = None,
    uart: Annotated[
        Uart | None, typer.Option(help="When it interrupts: by its manual, or as QEMU's.  [pl011]")
    ] = None,
    drive: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FILE[,ro|rw|snapshot][,slot=N]",
            help="A virtio disk; read-only unless rw, or snapshot, which keeps writes in memory; in the last free"
            " virtio slot, or N. Repeatable.",
        ),
    ] = None,
    virtconsole: Annotated[bool, typer.Option("--virtconsole", help="Add a virtio console.")] = False,
    virtio: Annotated[Virtio | None, typer.Option(help="Transport of virtio devices.  [modern]")] = None,
    like_qemu: Annotated[
        bool | None,
        typer.Option(
            "--like-qemu/--no-like-qemu",
            help="--uart qemu --virtio legacy --priority-bits 8, unless given.  [a binary under gicv2: yes]",
        ),
    ] = None,
    semihosting_dir: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Let semihosting use files below it, and nowhere else."),
    ] = None,
    no_reboot: Annotated[
        bool, typer.Option("--no-reboot", help="Stop at PSCI SYSTEM_RESET instead of starting anew.")
    ] = False,
    trace: Annotated[bool, typer.Option("--trace", help="Show every event.")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object; a trace goes to stderr.")
    ] = False,
    backend: Annotated[Backend | None, typer.Option(hidden=True)] = None,
) -> int:
    """Run a guest. The exit status is 0 only where it met its expectations.

    Without a guest.toml, it has to power off or to exit with code 0. Another exit code is the exit status.
    """
    from harness.cli.run import dump_device_tree, find, run_guest
    from harness.cli.serial import STDIO

    manifest = find(guest, bios).with_machine(
        cpus=cpus,
        cpu=cpu,
        controller=controller and controller.value,
        trusted=trusted,
        untrusted=untrusted,
        list_registers=list_registers,
        priority_bits=priority_bits,
        profile=profile and profile.value,
        ack_order=ack_order and ack_order.value,
        seed=seed,
        ticks_per_instruction=ticks_per_instruction,
        memory=memory,
        psci=psci and psci.value,
        uart=uart and uart.value,
        like_qemu=like_qemu,
        serial=None if serial == STDIO else serial,
        drives=tuple(drive) if drive else None,
        virtconsole=virtconsole or None,
        virtio=virtio and virtio.value,
        semihosting_dir=semihosting_dir and str(semihosting_dir),
        on_reset="stop" if no_reboot else None,
    )
    if cc is not None and toolchain is not None:
        raise typer.BadParameter("--toolchain and --cc both say who builds the guest: give one of them")
    manifest = manifest.with_toolchain(cc or (toolchain and toolchain.value)).with_limit(limit)
    manifest = manifest.with_start(initrd=initrd, append=append, dtb=dtb, flash=flash)
    if dump_dtb is not None:
        return dump_device_tree(manifest, dump_dtb)
    return run_guest(
        manifest,
        at=at or (),
        trace=trace,
        as_json=as_json,
        backend=backend and backend.value,
        stdio=serial == STDIO,
    )


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
def disasm(guest: Guest) -> int:
    """Disassemble a guest's code, with its symbols."""
    from harness.cli.disasm import disassemble_guest

    return disassemble_guest(guest)


@app.command()
def bench(
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> int:
    """Measure what the harness costs, against bare Unicorn in the same run."""
    from harness.cli.bench import bench

    return bench(as_json=as_json)


@app.command()
def compare(
    workload: Annotated[
        str | None, typer.Argument(metavar="WORKLOAD", help="One workload, such as edge; all without it.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    as_markdown: Annotated[
        bool, typer.Option("--markdown", help="Print tables; of all workloads, docs/world-switches.md.")
    ] = False,
    list_registers: Annotated[
        int | None, typer.Option(metavar="N", help="List registers of a CPU, for vgic: 1 to 64.  [4]")
    ] = None,
) -> int:
    """Run the same workload under every interrupt controller, and count its world switches."""
    from harness.cli.compare import compare_workloads

    return compare_workloads(
        workload, as_json=as_json, as_markdown=as_markdown, list_registers=list_registers
    )


@app.command()
def version() -> int:
    """Print the version."""
    from importlib.metadata import version

    print(f"rvic {version('rvic-harness')}")
    return 0
