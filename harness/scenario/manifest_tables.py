# SPDX-License-Identifier: MIT
"""The tables of a ``guest.toml``, and what each may have in it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, Literal

import msgspec
from msgspec import Struct

DEFAULT_LIMIT: Final = 100_000_000
"""Instructions a guest without a limit of its own may retire, so that none runs for ever."""
BINARY_LIMIT: Final = 1_000_000_000
"""The same for a binary without a ``guest.toml``: made for another machine, it knows nothing of limits."""


class Ending(StrEnum):
    """How a run may be expected to end: the values are those of a ``StopReason``."""

    POWER_OFF = "power_off"
    RESET = "reset"
    EXIT = "exit"
    LIMIT = "limit"
    IDLE = "idle"
    FAULT = "fault"


class GuestSpec(Struct, frozen=True, forbid_unknown_fields=True):
    """``[guest]``: the source or image, who builds it, if that matters, and what it is started with.

    Files are relative to the manifest. ``bios``: the source is firmware (:class:`Start`).
    """

    source: str
    toolchain: Literal["auto", "zig", "gcc", "clang"] | None = None
    initrd: str | None = None
    append: str | None = None
    dtb: str | None = None
    bios: bool = False
    flash: str | None = None

    def start(self, where: Path) -> Start:
        """How it is started, with files as paths."""

        def file(name: str | None) -> Path | None:
            return None if name is None else where / name

        return Start(file(self.initrd), self.append, file(self.dtb), self.bios, file(self.flash))


@dataclass(frozen=True, slots=True)
class Start:
    """How a guest is started: with an initial RAM disk, a command line, a device tree, or as firmware.

    ``bios``: the source is firmware for the flash at address 0, and ``flash`` a file for the second bank.
    """

    initrd: Path | None = None
    append: str | None = None
    dtb: Path | None = None
    bios: bool = False
    flash: Path | None = None


class MachineSpec(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """``[machine]``: options of the machine; ``None`` leaves the machine's own default.

    ``memory`` is in bytes, or a string with a suffix (``"64M"``). ``cpus_allowed`` and
    ``controllers_allowed`` list what else the guest is written for. Files are relative to the manifest.
    """

    cpus: int | None = None
    cpus_allowed: tuple[int, ...] = ()
    cpu: str | None = None
    controller: str | None = None
    controllers_allowed: tuple[str, ...] = ()
    trusted: int | None = None
    untrusted: int | None = None
    list_registers: int | None = None
    priority_bits: int | None = None
    profile: Literal["spec", "kvm"] | None = None
    ack_order: Literal["fifo", "lowest", "random"] | None = None
    seed: int | None = None
    ticks_per_instruction: int | None = None
    memory: int | str | None = None
    psci: Literal["hvc", "smc"] | None = None
    on_reset: Literal["stop", "restart"] | None = None
    drives: tuple[str, ...] | None = None
    virtconsole: bool | None = None
    virtio: Literal["modern", "legacy"] | None = None
    uart: Literal["pl011", "qemu"] | None = None
    like_qemu: bool | None = None
    serial: str | None = None
    semihosting_dir: str | None = None

    def located(self, where: Path) -> MachineSpec:
        """The same with its files found from a directory."""
        drives = self.drives and tuple(str(where / drive) for drive in self.drives)
        folder = self.semihosting_dir and str(where / self.semihosting_dir)
        kind, _, file = (self.serial or "").partition(":")
        serial = f"file:{where / file}" if kind == "file" else self.serial
        return msgspec.structs.replace(self, drives=drives, serial=serial, semihosting_dir=folder)

    def options(self) -> dict[str, Any]:
        """Keyword arguments for a ``Machine``: those given."""
        given = {name: value for name, value in msgspec.structs.asdict(self).items() if value is not None}
        del given["cpus_allowed"], given["controllers_allowed"]
        return given


class RunSpec(Struct, frozen=True, forbid_unknown_fields=True):
    """``[run]``: ``limit`` is in retired instructions, of all vCPUs together; ``None`` is the default's."""

    limit: int | None = None


class StimulusSpec(Struct, frozen=True, forbid_unknown_fields=True):
    """``[[stimulus]]``: ``do`` (``"spi=1"``, ``"uart=hello"``) at the tick ``at``."""

    at: int
    do: str


class InterruptSpec(Struct, frozen=True, forbid_unknown_fields=True):
    """``[expect.interrupts.N]``: how often INTID N was taken, and its mean cost in world switches.

    ``world_switches`` is a number, for the manifest's own controller, or a table of one for each controller.
    """

    count: int | None = None
    world_switches: float | dict[str, float] | None = None


class ExpectSpec(Struct, frozen=True, forbid_unknown_fields=True):
    """``[expect]``: everything given must hold. ``symbols`` are 64-bit words in memory."""

    stop: Ending | None = None
    code: int | None = None
    console: str | None = None
    console_contains: tuple[str, ...] = ()
    symbols: dict[str, int] = {}
    interrupts: dict[int, InterruptSpec] = {}
