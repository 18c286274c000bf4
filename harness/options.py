# SPDX-License-Identifier: MIT
"""Options of a machine, each declared once: one field of :class:`MachineOptions`.

``Machine(...)``, the fixture ``machine``, ``[machine]`` of ``guest.toml``, ``rvic run`` with its help, and the
tables of docs/guide.md are made from these fields.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, TypeAlias

from msgspec import Meta, Struct

from harness.arch.rvic import GRANULE, MAX_INTIDS, RVIC_BASE, RVID_BASE
from harness.arch.virt import MAX_CPUS
from harness.arguments import check_path, decimal, integer, number_text
from harness.declaration import option
from harness.errors import ConfigError

if TYPE_CHECKING:
    from harness.devices import Disk

    Drive: TypeAlias = str | os.PathLike[str] | Disk
else:
    Drive = str | os.PathLike[str]
"""A file, with ``,rw`` or ``,snapshot`` after its name if the guest may write it, or any other disk.

``,slot=N`` at the end of a file's is the virtio slot for it.
"""

PAGE: Final = 4096
LARGEST_MEMORY: Final = 255 << 30  # what lies between RAM_BASE and the end of QEMU virt's RAM window
MOST_TICKS: Final = 1_000_000
_UNITS: Final = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30}

CpuModel: TypeAlias = Literal["cortex-a53", "cortex-a57", "cortex-a72", "max"]
ControllerName: TypeAlias = Literal["rvic", "vgic", "trap", "gicv2"]
ToolchainName: TypeAlias = Literal["auto", "zig", "gcc", "clang"]
Uart: TypeAlias = Literal["pl011", "qemu"]
Virtio: TypeAlias = Literal["modern", "legacy"]


class ControllerKind(StrEnum):
    """Interrupt controllers a guest can see."""

    RVIC = "rvic"
    """RVIC and RVID, by hypercalls."""
    VGIC = "vgic"
    """A GICv2 through its virtualization extensions: GICD trapped, GICV mapped through, list registers."""
    TRAP = "trap"
    """A GICv2 with GICD and GICC both trapped and emulated."""
    GICV2 = "gicv2"
    """The physical GICv2 itself, with no EL2 in an interrupt's path."""


class OnReset(StrEnum):
    """Outcomes of a run when the guest calls PSCI SYSTEM_RESET."""

    STOP = "stop"
    """It ends, with StopReason.RESET."""
    RESTART = "restart"
    """It goes on, with the guest started anew."""


class BoardChoices(Struct, frozen=True):
    """Choices that a board's maker has, and that QEMU made otherwise than the manuals."""

    uart: Uart
    virtio: Virtio
    priority_bits: int


MANUALS: Final = BoardChoices("pl011", "modern", 5)
QEMUS: Final = BoardChoices("qemu", "legacy", 8)


def check_memory(name: str, size: Any) -> int:
    """Returns bytes of RAM from a number or from text such as ``"64M"``; ConfigError unless whole pages."""
    if isinstance(size, str):
        match = re.fullmatch(r"\s*(\d+)\s*([KMG]?)(?:i?B)?\s*", size, re.IGNORECASE)
        if match is None:
            raise ConfigError(f"{name} {size!r}: a number of bytes, or one with K, M or G, is needed")
        size = (decimal(match[1]) or 0) * _UNITS[match[2].upper()]
    count = integer(name, size)
    if count < PAGE or count % PAGE or count > LARGEST_MEMORY:
        raise ConfigError(
            f"{name} of {number_text(count)} bytes: whole pages of {PAGE} bytes, at most 255G, are needed"
        )
    return count


def check_drives(name: str, drives: Any) -> tuple[Drive, ...]:
    """Returns drives as a tuple; ConfigError for anything that is no list of files and disks."""
    if isinstance(drives, (str, os.PathLike)) or not isinstance(drives, Iterable):
        raise ConfigError(f"{name}={drives!r}: a list of drives is needed")
    found = tuple(drives)
    for drive in found:
        if not isinstance(drive, (str, os.PathLike)) and not hasattr(drive, "read"):
            raise ConfigError(f"{name}: {drive!r} is no drive: a file's name or a disk is needed")
        if isinstance(drive, (str, os.PathLike)):
            check_path(name, drive)
    return found


def located_drives(drives: tuple[str, ...], where: Path) -> tuple[str, ...]:
    """Returns drives whose files are named from a directory."""
    return tuple(str(where / drive) for drive in drives)


def located_serial(serial: str, where: Path) -> str:
    """Returns typed input whose file, if it is one, is named from a directory."""
    kind, _, file = serial.partition(":")
    return f"file:{where / file}" if kind == "file" else serial


def _count(sentence: str, value: str) -> Meta:
    return option(sentence, value, ge=GRANULE, le=MAX_INTIDS - GRANULE, multiple_of=GRANULE)


class MachineOptions(Struct, kw_only=True, frozen=True):
    """Options of a machine; what is given for them was checked against the declarations (harness.declaration)."""

    cpus: Annotated[int, option("Number of vCPUs.", "N", ge=1, le=MAX_CPUS)] = 1
    cpu: Annotated[CpuModel, option("Model of the CPUs; max has LSE and PAN.")] = "cortex-a72"
    controller: Annotated[
        ControllerName,
        option(
            "Interrupt controller of the guest: RVIC; a GICv2 with list registers (vgic); one whose every access"
            " is an exit (trap); the physical one."
        ),
    ] = "rvic"
    trusted: Annotated[int, _count("RVIC: number of trusted interrupts.", "T")] = 32
    untrusted: Annotated[int, _count("RVIC: number of untrusted interrupts.", "U")] = 32
    profile: Annotated[
        Literal["spec", "kvm"], option("RVIC as specified, or with the defects of KVM's code.")
    ] = "spec"
    ack_order: Annotated[
        Literal["fifo", "lowest", "random"], option("RVIC: the deliverable interrupt that Acknowledge takes.")
    ] = "fifo"
    seed: Annotated[int, option("Seed of everything random.", "N")] = 0
    list_registers: Annotated[int, option("GIC: list registers of each CPU.", "N", ge=1, le=64)] = 4
    priority_bits: Annotated[
        int | None, option("GIC: bits of a priority.", "N", ge=4, le=8, shown=MANUALS.priority_bits)
    ] = None
    memory: Annotated[int | str, option("RAM in bytes, or with K, M or G.", "SIZE", check=check_memory)] = (
        "128M"
    )
    quantum: Annotated[int, option("Instructions between turns of the vCPUs.", "N", ge=1)] = 1000
    ticks_per_instruction: Annotated[
        int,
        option(
            "Ticks of 16 ns for each instruction: more for a guest that waits in loops.",
            "N",
            ge=1,
            le=MOST_TICKS,
        ),
    ] = 1
    psci: Annotated[
        Literal["hvc", "smc"], option("Conduit of PSCI that the device tree names; both work.")
    ] = "hvc"
    on_reset: Annotated[
        Literal["stop", "restart"],
        option("Stop at PSCI SYSTEM_RESET instead of restarting the guest.", flag="--no-reboot", sets="stop"),
    ] = "stop"
    restarts: Annotated[
        int, option("Restarts in a run, at most: the next PSCI SYSTEM_RESET ends it.", "N", ge=0)
    ] = 100
    serial: Annotated[
        str | None,
        option(
            "Input typed to the UART from the start; stdio, for rvic run alone, is this terminal (Ctrl-A x ends)"
            " or pipe.",
            "stdio|file:PATH|string:TEXT",
            located=located_serial,
        ),
    ] = None
    uart: Annotated[
        Uart | None,
        option("Receive interrupt of the UART: as its manual has it, or as QEMU.", shown=MANUALS.uart),
    ] = None
    drives: Annotated[
        Iterable[Drive],
        option(
            "Virtio disk: read-only unless rw, or snapshot, which keeps writes in memory; in the last free of"
            " 32 slots (rvic: of those that the RVID's inputs reach), or in slot N. Repeatable.",
            "FILE[,ro|rw|snapshot][,slot=N]",
            check=check_drives,
            located=located_drives,
            flag="--drive",
        ),
    ] = ()
    virtconsole: Annotated[bool, option("Virtio console.")] = False
    virtio: Annotated[Virtio | None, option("Transport of virtio devices.", shown=MANUALS.virtio)] = None
    like_qemu: Annotated[
        bool,
        option(
            "QEMU's own choices unless given: uart qemu, virtio legacy, priority_bits 8; rvic run has them for a"
            " binary under gicv2."
        ),
    ] = False
    semihosting_dir: Annotated[
        str | os.PathLike[str] | None,
        option("Directory below which semihosting may use files, and nowhere else.", "DIR"),
    ] = None
    rvic_base: Annotated[int, option("First function number of the RVIC.", "N", shown=f"{RVIC_BASE:#x}")] = (
        RVIC_BASE
    )
    rvid_base: Annotated[int, option("First function number of the RVID.", "N", shown=f"{RVID_BASE:#x}")] = (
        RVID_BASE
    )
    ledger: Annotated[
        bool, option("Count of world switches; without it runs are quicker.", cli=False, toml=False)
    ] = True
    backend: Annotated[
        Literal["c", "view", "api"] | None,
        option(
            "Way to the registers of the emulated CPU; the fastest that works unless given.",
            hidden=True,
            toml=False,
        ),
    ] = None

    @property
    def ram(self) -> int:
        """RAM in bytes."""
        return check_memory("memory", self.memory)

    @property
    def board(self) -> BoardChoices:
        """Choices of the board's maker: those given, and the manuals' or QEMU's for the others."""
        default = QEMUS if self.like_qemu else MANUALS
        return BoardChoices(
            self.uart or default.uart,
            self.virtio or default.virtio,
            self.priority_bits or default.priority_bits,
        )
