# SPDX-License-Identifier: MIT
"""A whole machine: PEs, RAM, board and EL2, put together, and what a user does with it."""

from __future__ import annotations

import os
from types import TracebackType
from typing import TYPE_CHECKING, Self

from harness.arch import virt
from harness.arguments import whole
from harness.board.board import Board
from harness.board.clock import Clock
from harness.board.console import Console
from harness.board.devicetree import BoardFacts, Conduit
from harness.board.peripherals import Peripherals
from harness.board.platform import Platform
from harness.boot.loader import Loader
from harness.boot.placement import Boot, Extras, Source
from harness.declaration import accepts
from harness.el2 import Hypervisor, RvicController
from harness.engine import PE, Memory
from harness.errors import ConfigError
from harness.host.semihosting import Semihosting
from harness.host.serial import serial_input
from harness.image import Program, Symbols
from harness.machine.controllers import GUEST_DEFINES, make_controller
from harness.machine.cpu import Cpu
from harness.options import ControllerKind, MachineOptions, OnReset
from harness.run import diagnose
from harness.run.loop import Action, Loop
from harness.run.scheduler import Scheduler
from harness.run.stop import Stop
from harness.run.until import Condition
from harness.run.watch import Watches
from harness.rvic import Config, Order, Profile, Rvic
from harness.trace import Events, Ledger, Listener, Names

if TYPE_CHECKING:
    from harness.host.terminal import Terminal


class Machine:
    """An AArch64 machine below a hypervisor, ready to run a guest at EL1.

    Its options are keywords, those of :class:`harness.options.MachineOptions`: ``Machine(cpus=2)``. Raises
    ConfigError for a wrong name, and for a value that is out of range.
    """

    @accepts(MachineOptions)
    def __init__(self, options: MachineOptions) -> None:
        self.controller = ControllerKind(options.controller)
        self.on_reset = OnReset(options.on_reset)
        self.config = Config(
            cpus=options.cpus,
            trusted=options.trusted,
            untrusted=options.untrusted,
            profile=Profile(options.profile),
            order=Order(options.ack_order),
            seed=options.seed,
            rvic_base=options.rvic_base,
            rvid_base=options.rvid_base,
        )
        self.events = Events()
        self.ledger = Ledger()
        if options.ledger:
            self.events.add(self.ledger)
        self.memory = Memory()
        self.memory.add_ram(virt.RAM_BASE, options.ram)
        self._pes = [
            PE(n, self.memory, mpidr=virt.mpidr(n), model=options.cpu, backend=options.backend)
            for n in range(options.cpus)
        ]
        self.clock = Clock(options.ticks_per_instruction)
        choices = options.board
        gic = {"priority_bits": choices.priority_bits, "list_registers": options.list_registers}
        self.board = Board(options.cpus, untrusted=options.untrusted, rose=self._spi_rose, **gic)
        self.board.uart.eager = choices.uart == "qemu"
        self.console = Console(self.board.uart)
        self._platform = platform = Platform(self.board, self.clock, self._pes)
        self.hypervisor = Hypervisor(self._pes, self.memory, platform, self.events)
        self._scheduler = Scheduler(self.hypervisor, self.board, self.clock, options.quantum)
        platform.connect(self._scheduler, self.hypervisor)
        self._names = Names(options.rvic_base, options.rvid_base, options.trusted)
        self._start()
        self.cpus = tuple(Cpu(vcpu, platform) for vcpu in self.hypervisor.vcpus)
        conduit = Conduit(options.psci)
        facts = BoardFacts(
            options.cpus, options.ram, self.controller, options.cpu, conduit, options.untrusted
        )
        self._loader = Loader(self.memory, self.board.bus, facts)
        self.watches = Watches(self)
        self._loop = Loop(self, self._scheduler, diagnose.locator(self._loader.programs))
        self.terminal: Terminal | None = None  # who types and reads while a run goes on, if anybody does
        self.command_line = ""  # the guest's own name and its arguments, for semihosting
        self._semihosting = Semihosting(self, options.semihosting_dir)
        for pe in self._pes:
            pe.on_halt = self._semihosting.on_halt
        if options.serial is not None:
            self.console.feed(serial_input(options.serial))
        self._peripherals = Peripherals(
            self.board,
            self.memory,
            drives=options.drives,
            console=options.virtconsole,
            virtio=choices.virtio,
        )
        self.virtconsole = self._peripherals.console

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _start(self, rvic: Rvic | None = None) -> None:
        """Let EL2 start on the PEs and the board as they are."""
        controller = make_controller(
            self.controller, self.hypervisor, self.board, self._platform, self.config, rvic
        )
        self.hypervisor.start(controller, self._names)

    def close(self) -> None:
        """Give back what the emulated CPUs hold; the machine runs no further."""
        for pe in self._pes:
            pe.close()
        self._semihosting.close()
        self._peripherals.close()

    # What a guest is made of

    def load(
        self,
        source: str | os.PathLike[str] | Program,
        *,
        initrd: Source | None = None,
        append: str | None = None,
        dtb: Source | None = None,
        toolchain: str | os.PathLike[str] | None = None,
    ) -> Program:
        """Put a guest into RAM and make CPU0 ready to start it at EL1, with x0 = its device tree (docs/boot.md).

        ``source`` is a path (.S, .s, .c, .elf, .bin, Image; images packed by gzip or not) or a Program.
        ``toolchain`` builds a source: ``"zig"``, ``"gcc"``, ``"clang"``, ``"auto"`` or a compiler's path; without
        one C is compiled by what is there, and assembly by this package's own assembler. ``initrd`` is a RAM
        disk, ``append`` the command line in the device tree, ``dtb`` a device tree in place of the board's own.
        Raises GuestError for what cannot be built or read, or does not fit.
        """
        extras = Extras(initrd, append, dtb)
        boot = self._loader.load(source, extras, GUEST_DEFINES[self.controller], toolchain)
        self._set_command_line(boot, append)
        self._power_on(boot)
        return boot.program

    def load_bios(
        self,
        path: str | os.PathLike[str],
        *,
        flash: str | os.PathLike[str] | None = None,
        append: str | None = None,
        dtb: Source | None = None,
    ) -> Program:
        """Put firmware into the flash at address 0, where CPU0 starts; the device tree is at the start of RAM.

        ``flash`` is a file for the second bank: read now, and written at the end of a run with what the guest
        wrote. Without one, that stays in memory. Raises GuestError for what cannot be read or does not fit.
        """
        boot = self._loader.load_bios(path, Extras(append=append, dtb=dtb), flash)
        self._set_command_line(boot, append)
        self._power_on(boot)
        return boot.program

    @property
    def symbols(self) -> Symbols:
        """Addresses of all names in what is loaded."""
        return self._loader.symbols

    @property
    def free_memory(self) -> tuple[int, int]:
        """The largest part of RAM that nothing was loaded to: first address and end."""
        return self._loader.free_memory

    @property
    def device_tree(self) -> bytes | None:
        """The device tree of the guest loaded last, None if it has none."""
        return self._loader.boots[-1].tree if self._loader.boots else None

    def _set_command_line(self, boot: Boot, append: str | None) -> None:
        path = boot.program.path
        self.command_line = " ".join(text for text in (path.name if path else None, append) if text)

    def _power_on(self, boot: Boot) -> None:
        self.hypervisor.power_on(self.hypervisor.vcpus[0], boot.entry, boot.x0)

    def reset(self) -> None:
        """Restart the guest, as PSCI SYSTEM_RESET does where ``on_reset`` is ``"restart"``.

        Its images are loaded anew, devices, interrupt controllers, timers and vCPUs are as after power-on. RAM
        that no image covers, the time, the console's text and what is scheduled or fed stay.
        """
        controller = self.hypervisor.controller
        rvic = controller.rvic if isinstance(controller, RvicController) else None
        if rvic is not None:
            rvic.reset()  # the profile says what of it a reset leaves
        self.board.reset()
        self.hypervisor.reset()
        self._scheduler.reset()
        self._start(rvic)
        self._semihosting.close()
        self._loop.exit = None
        for boot in self._loader.boots:
            self._loader.install(boot)
            self._power_on(boot)

    # Time

    @property
    def ticks(self) -> int:
        """System counter: instructions retired by all vCPUs plus idle time, in ticks of 16 ns."""
        return self.clock.now()

    @property
    def instructions(self) -> int:
        """Instructions retired by all vCPUs since the machine was made."""
        return sum(pe.retired for pe in self._pes)

    def at(self, tick: int, action: Action | str) -> None:
        """Do something at an exact tick: call ``action(machine)``, or a stimulus as text (``"spi=1"``).

        Actions for one tick run in the order in which they were scheduled. A tick in the past is a ConfigError.
        """
        if whole(f"at({tick})", tick, 0, "tick") < self.ticks:
            raise ConfigError(f"at({tick}): the machine is at tick {self.ticks} already")
        if isinstance(action, str):
            from harness.run.stimulus import parse_stimulus

            action = parse_stimulus(action)
        self._loop.at(tick, action)

    # Listening

    def listen(self, listener: Listener) -> None:
        """Call ``listener(event)`` for every event from now on, VirqTaken and Eret included."""
        self.events.add(listener)
        self.watches.trace()

    # Running

    def run(self, *conditions: Condition, limit: int | None = None) -> Stop:
        """Run until a condition is met, the guest ends, nothing can go on, or ``limit`` instructions are done.

        A run can be continued by another one. Raises ConfigError if there is no guest, or a condition cannot be
        watched for. An exception in a handler is this project's bug, or a listener's, and comes out as it is.
        """
        if not self._loader.boots:
            raise ConfigError("there is no guest to run: call load() first")
        if limit is not None:
            limit = whole(f"limit={limit}", limit, 1, "instruction")
        try:
            return self._loop.run(conditions, limit)
        finally:
            self._loader.save()

    def semihosting_exit(self, pe: PE, code: int) -> None:
        """A guest's SYS_EXIT."""
        self._loop.exit = pe, code
        pe.stop()

    def semihosting_write(self, pe: PE, data: bytes) -> None:
        """A guest's SYS_WRITE0 or SYS_WRITEC."""
        self.console.write(data)
        self.watches.console_written(pe.index)

    def semihosting_read(self, most: int, *, wait: bool) -> bytes:
        """A guest's SYS_READC, or SYS_READ of the console: what was typed; it waits only for a person."""
        while not (data := self.board.uart.take(most)):
            if not wait or self.terminal is None or not self.terminal.open or self._loop.interrupted:
                break
            self.terminal.wait(None)
        return data

    def _spi_rose(self, intid: int) -> None:
        self.hypervisor.controller.line_rose(intid)
