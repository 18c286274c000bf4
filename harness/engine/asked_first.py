# SPDX-License-Identifier: MIT
"""Functions of EL2 that are asked first about the commonest exits, with no more than they need."""

from __future__ import annotations

from harness.engine.emulator.registers import OnCall, OnLoad, OnStore, Registers


class AskedFirst:
    """Part of a CPU; whoever takes an exit finds these functions among its registers."""

    registers: Registers

    @property
    def on_call(self) -> OnCall | None:
        """Functions that are asked first about an HVC #0, with x1 to x3, by function identifier."""
        return self.registers.on_call

    @on_call.setter
    def on_call(self, functions: OnCall | None) -> None:
        self.registers.on_call = functions

    @property
    def on_load(self) -> OnLoad | None:
        """Function that is asked first about a plain load outside RAM."""
        return self.registers.on_load

    @on_load.setter
    def on_load(self, function: OnLoad | None) -> None:
        self.registers.on_load = function

    @property
    def on_store(self) -> OnStore | None:
        """Function that is asked first about a plain store outside RAM."""
        return self.registers.on_store

    @on_store.setter
    def on_store(self, function: OnStore | None) -> None:
        self.registers.on_store = function
