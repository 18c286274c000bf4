# SPDX-License-Identifier: MIT
"""Options of a machine that are written as text."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from harness.errors import ConfigError

PAGE = 4096
LARGEST_MEMORY = 255 << 30  # what lies between RAM_BASE and the end of QEMU virt's RAM window
MOST_TICKS = 1_000_000
_UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30}


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
    """What becomes of a run when the guest calls PSCI SYSTEM_RESET."""

    STOP = "stop"
    """It ends, with StopReason.RESET."""
    RESTART = "restart"
    """It goes on, with the guest started anew."""


def parse_on_reset(name: str) -> OnReset:
    """OnReset by its name; ConfigError for any other text."""
    try:
        return OnReset(name)
    except ValueError:
        raise ConfigError(f"on_reset {name!r}: choose one of {', '.join(OnReset)}") from None


def parse_controller(name: str) -> ControllerKind:
    """Controller by its name; ConfigError for any other text."""
    try:
        return ControllerKind(name)
    except ValueError:
        raise ConfigError(f"controller {name!r}: choose one of {', '.join(ControllerKind)}") from None


@dataclass(frozen=True, slots=True)
class BoardChoices:
    """Where this board's defaults are its manuals' and QEMU's are others: what a user has said, and the rest."""

    uart: str
    virtio: str
    priority_bits: int

    @classmethod
    def of(
        cls, like_qemu: bool, *, uart: str | None, virtio: str | None, priority_bits: int | None
    ) -> BoardChoices:
        """What is given, and defaults for what is None."""
        default = cls("qemu", "legacy", 8) if like_qemu else cls("pl011", "modern", 5)
        return cls(
            default.uart if uart is None else uart,
            default.virtio if virtio is None else virtio,
            default.priority_bits if priority_bits is None else priority_bits,
        )


def parse_uart(name: str) -> bool:
    """Whether the UART is as QEMU has it, and not as its manual; ConfigError for any other text."""
    if name not in ("pl011", "qemu"):
        raise ConfigError(f"uart {name!r}: choose one of pl011, qemu")
    return name == "qemu"


def check_backend(name: str | None) -> None:
    """ConfigError unless it is one of the ways to reach registers, or None for the best of them."""
    if name not in (None, "view", "api"):
        raise ConfigError(f"backend {name!r}: choose one of view, api")


def memory_size(size: int | str) -> int:
    """Bytes of RAM from a number or from text such as ``"64M"``; ConfigError unless whole pages within limits."""
    if isinstance(size, str):
        match = re.fullmatch(r"\s*(\d+)\s*([KMG]?)(?:i?B)?\s*", size, re.IGNORECASE)
        if match is None:
            raise ConfigError(f"memory {size!r}: a number of bytes, or one with K, M or G, is needed")
        size = int(match[1]) * _UNITS[match[2].upper()]
    if size < PAGE or size % PAGE or size > LARGEST_MEMORY:
        raise ConfigError(f"memory of {size} bytes: whole pages of {PAGE} bytes, at most 255G, are needed")
    return size


def check_rate(ticks: int) -> int:
    """Ticks per instruction, if it can be; ConfigError otherwise."""
    if not 1 <= ticks <= MOST_TICKS:
        raise ConfigError(f"ticks_per_instruction={ticks}: 1 to {MOST_TICKS:,}")
    return ticks
