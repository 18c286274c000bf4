# SPDX-License-Identifier: MIT
"""Options of ``rvic run`` besides those of the machine: what is built and started, and what is shown."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Annotated, TypeAlias

from msgspec import Struct

from harness.declaration import option
from harness.options import ToolchainName

File: TypeAlias = str | os.PathLike[str] | None


class RunOptions(Struct, kw_only=True, frozen=True):
    """Options of one run; what is given for them was checked against the declarations."""

    limit: Annotated[int | None, option("Instructions after which the run stops.", "INSTRUCTIONS", ge=1)] = (
        None
    )
    at: Annotated[
        Iterable[str],
        option(
            "At that tick: spi=N[:high|:low], line=INTID, uart=TEXT, virtconsole=TEXT. Repeatable.",
            "TICK:STIMULUS",
        ),
    ] = ()
    no_stimuli: Annotated[
        bool,
        option(
            "Leave out the stimuli of guest.toml, and what it expects of them: for a guest that you type to.",
            flag="--no-stimuli",
        ),
    ] = False
    trace: Annotated[bool, option("Show every event as it happens.", flag="--trace")] = False
    as_json: Annotated[bool, option("Print one JSON object; a trace goes to stderr.", flag="--json")] = False
    toolchain: Annotated[ToolchainName | None, option("Builder of a source, .S or .c.")] = None
    cc: Annotated[File, option("The same by its path: a gcc, clang or zig.", "PATH")] = None
    initrd: Annotated[File, option("Initial RAM disk.", "FILE")] = None
    append: Annotated[str | None, option("Command line, in the device tree's /chosen.", "TEXT")] = None
    dtb: Annotated[File, option("Device tree in place of the board's own.", "FILE")] = None
    dump_dtb: Annotated[File, option("Write the guest's device tree, and do not run.", "FILE")] = None
    bios: Annotated[File, option("Firmware for the flash at 0, in place of a guest.", "FILE")] = None
    flash: Annotated[File, option("With --bios: file that keeps the second bank of flash.", "FILE")] = None
