# SPDX-License-Identifier: MIT
"""Virtio devices that a user plugs into the board: drives, and a second console."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable

from harness.board.board import Board
from harness.board.console import Console
from harness.board.dma import Dma
from harness.devices import Block, Disk, VirtioConsole
from harness.engine import Memory
from harness.host.drives import FileDisk, open_drive, split_slot
from harness.options import Drive, Virtio


class Peripherals:
    """Devices that are plugged in; ``console`` is the virtio console, if there is one."""

    def __init__(
        self,
        board: Board,
        memory: Memory,
        *,
        drives: Iterable[Drive],
        console: bool,
        virtio: Virtio,
        elapse: Callable[[], object],
    ) -> None:
        legacy, dma = virtio == "legacy", Dma(memory)
        self.console: Console | None = None
        self._files: list[FileDisk] = []
        try:
            for drive in drives:
                slot = None
                if isinstance(drive, (str, os.PathLike)):
                    drive, slot = split_slot(drive)
                board.plug(Block(self._open(drive)), dma, legacy=legacy, slot_number=slot)
            if console:
                device = VirtioConsole()
                board.plug(device, dma, legacy=legacy)
                self.console = Console(device, elapse)
        except BaseException:
            self.close()
            raise

    def _open(self, drive: Drive) -> Disk:
        if not isinstance(drive, (str, os.PathLike)):
            return drive
        file = open_drive(drive)
        self._files.append(file)
        return file

    def close(self) -> None:
        """Closes the host's files."""
        for file in self._files:
            file.close()
