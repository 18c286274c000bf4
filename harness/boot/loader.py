# SPDX-License-Identifier: MIT
"""Guests in a machine's memory: what was loaded, so that it can be put there again, and its names."""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import TypeGuard

from msgspec.structs import replace

from harness.arch import virt
from harness.board.devicetree import BoardFacts
from harness.board.flash_bank import BANK_BASES, FlashBank, add_flash
from harness.boot.placement import FLASH_END, PAGE, Boot, BootOptions, plan_bios, plan_kernel
from harness.build import build_text, load
from harness.devices import Bus
from harness.engine import Memory
from harness.errors import GuestError, GuestWarning
from harness.image import Program, Segment, Symbols


class Loader:
    """Guests that are loaded: ``programs``, how each started in ``boots``, and the ``symbols`` of all."""

    def __init__(self, memory: Memory, bus: Bus, facts: BoardFacts) -> None:
        self._memory = memory
        self._bus = bus
        self._facts = facts
        self.programs: list[Program] = []
        self.boots: list[Boot] = []
        self.symbols = Symbols({})
        self.flash: tuple[FlashBank, ...] = ()

    def load(
        self,
        source: str | os.PathLike[str] | Program,
        options: BootOptions,
        defines: Mapping[str, str | int],
        toolchain: str | os.PathLike[str] | None = None,
    ) -> Boot:
        """Builds or reads a program, and puts it into memory with its device tree and RAM disk."""
        if isinstance(source, Program):
            program = source
        elif is_text(source):
            program = build_text(source, defines=defines, toolchain=toolchain)
        else:
            program = load(source, defines=defines, toolchain=toolchain)
        if any(segment.address < FLASH_END for segment in program.segments):
            self.add_flash()
        taken = [segment for boot in self.boots for segment in boot.program.segments]
        return self._keep(plan_kernel(program, self.facts, options, taken))

    def load_bios(
        self, path: str | os.PathLike[str], options: BootOptions, flash: str | os.PathLike[str] | None
    ) -> Boot:
        """Puts firmware into the first flash bank, and what ``flash`` has into the second."""
        self.add_flash()
        boot = plan_bios(path, self.facts, options)
        if flash is not None:
            self.flash[1].back_with(Path(flash))
        return self._keep(boot)

    @property
    def facts(self) -> BoardFacts:
        """Facts of the board as it is now."""
        return replace(self._facts, flash=bool(self.flash))

    def add_flash(self) -> None:
        """Gives the board its flash, if it has none yet."""
        if self.flash:
            return
        self.flash = add_flash(self._memory)
        for base, bank in zip(BANK_BASES, self.flash, strict=True):
            self._bus.map(base, bank.size, bank, "flash")

    @property
    def command_line(self) -> str:
        """Name of the guest loaded last and the command line given to it; empty where there is none."""
        if not self.boots:
            return ""
        boot = self.boots[-1]
        name = boot.program.path.name if boot.program.path is not None else None
        return " ".join(text for text in (name, boot.append) if text)

    @property
    def free_memory(self) -> tuple[int, int]:
        """First address and end of the largest part of RAM that nothing was loaded to, in whole pages."""
        low, end = virt.RAM_BASE, virt.RAM_BASE + self._facts.memory
        best = (low, low)
        taken = [segment for boot in self.boots for segment in boot.segments if segment.memory_size]
        for address, after in [*sorted((s.address, s.end) for s in taken), (end, end)]:
            if address - low > best[1] - best[0]:
                best = low, address & -PAGE
            low = max(low, -(-after // PAGE) * PAGE)
        return best

    def install(self, boot: Boot) -> None:
        """Writes everything that has a place into memory."""
        for segment in boot.segments:
            self._place(segment)

    def save(self) -> None:
        """Brings the files behind flash banks up to date."""
        for bank in self.flash:
            bank.save()

    def try_to_save(self) -> None:
        """Does the same at the end of a run, which has its end where it cannot be done, too: a GuestWarning."""
        try:
            self.save()
        except GuestError as error:
            warnings.warn(
                f"{error}; it is tried again when the machine is closed", GuestWarning, stacklevel=3
            )

    def _keep(self, boot: Boot) -> Boot:
        self.install(boot)
        self.boots.append(boot)
        self.programs.append(boot.program)
        self.symbols = Symbols({name: at for p in self.programs for name, at in p.symbols.items()})
        return boot

    def _place(self, segment: Segment) -> None:
        memory = self._memory
        memory.write(segment.address, segment.data)
        # RAM is zero until something writes it: only pages that were in use before need clearing.
        bss = range(segment.address + len(segment.data), segment.end)
        for page in sorted(memory.touched.intersection(range(bss.start >> 12, (bss.stop + 4095) >> 12))):
            low, high = max(bss.start, page << 12), min(bss.stop, page + 1 << 12)
            memory.write(low, bytes(max(0, high - low)))


def is_text(source: object) -> TypeGuard[str]:
    """Says whether a source is assembly text, and not a file's name: it has a newline in it."""
    return isinstance(source, str) and "\n" in source
