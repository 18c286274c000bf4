# SPDX-License-Identifier: MIT
"""Machine: PEs, RAM, board and EL2, put together, and what a user does with it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from threading import Lock
from types import TracebackType
from typing import Self

from harness import arguments
from harness.arch import virt
from harness.board.board import Board
from harness.board.clock import Clock
from harness.board.console import Console
from harness.board.system_bus import SystemBus
from harness.board.timers import Timers
from harness.boot.loader import Loader, is_text
from harness.boot.placement import Boot, BootOptions, Source
from harness.declaration import accepts
from harness.el2 import Hypervisor, PowerControl, Vm, make_controller, make_vcpus
from harness.engine import INTERRUPTIONS, PE, Memory, total_deviations
from harness.errors import ConfigError
from harness.host.attendance import Attendance
from harness.host.peripherals import Peripherals
from harness.host.semihosting import Semihosting
from harness.host.typed import serial_input
from harness.image import Program, Symbols
from harness.machine.cpu import Cpu
from harness.machine.cpus import Cpus
from harness.machine.parts import GUEST_DEFINES, board_facts, names_of, rvic_config
from harness.options import ControllerKind, MachineOptions, OnReset
from harness.run import diagnose
from harness.run.conditions import Condition, Conditions, check_conditions
from harness.run.guest_services import GuestServices
from harness.run.loop import Loop, Restarts
from harness.run.scheduler import Scheduler
from harness.run.stimulus import parse_stimulus
from harness.run.stop import Stop
from harness.trace import Events, Ledger, Listener


class Machine:
    """AArch64 machine below a hypervisor, ready to run a guest at EL1.

    Its options are keywords, those of :class:`harness.options.MachineOptions`: ``Machine(cpus=2)``. Raises
    ConfigError for a wrong name, and for a value that is out of range.
    """

    @accepts(MachineOptions)
    def __init__(self, options: MachineOptions) -> None:
        self._busy = Lock()  # while it runs, or is being closed
        self.controller = ControllerKind(options.controller)
        self.on_reset = OnReset(options.on_reset)
        self.config = rvic_config(options)
        self.events = Events()
        self.ledger = Ledger()
        if options.ledger:
            self.events.add(self.ledger, exceptions=False)
        self.memory = Memory()
        facts = board_facts(options)
        self.memory.add_ram(virt.RAM_BASE, facts.memory)
        self._pes = [
            PE(n, self.memory, mpidr=virt.mpidr(n), model=options.cpu, backend=options.backend)
            for n in range(options.cpus)
        ]
        self.clock = clock = Clock(options.ticks_per_instruction)
        choices = options.board
        gic = {"priority_bits": choices.priority_bits, "list_registers": options.list_registers}
        self.board = board = Board(options.cpus, untrusted=options.untrusted, slots=facts.slots, **gic)
        board.uart.eager = choices.uart == "qemu"
        self.console = Console(board.uart, self._elapse)
        timers = Timers(board, self.clock, self._pes)
        vcpus = make_vcpus(self.controller, self._pes, board.gic)
        vm = Vm(vcpus, self.clock.now, self.events, SystemBus(board, self.clock))
        interrupts = make_controller(self.controller, vm, board.gic, timers, self.config, board.lines)
        power = PowerControl(vm, interrupts, self.memory, timers)
        self.names = names_of(options)
        self.hypervisor = Hypervisor(vm, interrupts, power, self.names)
        self._scheduler = Scheduler(self.hypervisor, board, self.clock, options.quantum)
        self.cpus = Cpus(Cpu(vcpu, timers) for vcpu in vcpus)
        self._loader = Loader(self.memory, self.board.bus, facts)
        self._conditions = Conditions(
            self._pes, self.clock, self.events, self.console, lambda: self._loader.symbols
        )
        where = diagnose.locator(self._loader.programs)
        restarts = Restarts(self.reset, options.restarts) if self.on_reset is OnReset.RESTART else None
        self._loop = Loop(
            self.hypervisor, board, clock, self._scheduler, self._conditions, where, restarts, self.ledger
        )
        services = GuestServices(
            self.memory, self.board, self.clock, self._loader, self.console, self._conditions, self._loop
        )
        self._semihosting = Semihosting(services, options.semihosting_dir)
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
            elapse=self._elapse,
        )
        self.virtconsole = self._peripherals.console

    def __enter__(self) -> Self:
        self._check_open()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Gives back what the emulated CPUs hold; each use of them raises ClosedError from now on.

        A machine that is closed already stays so. ConfigError from within a run, GuestError where what the guest
        wrote in flash cannot be kept.
        """
        with self._alone("close() it"):
            for pe in self._pes:
                pe.close()
            self._semihosting.close()
            self._peripherals.close()
            self._loader.save()

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
        """Puts a guest into RAM and makes CPU0 ready to start it at EL1, with x0 = its device tree (docs/boot.md).

        ``source`` is a path (.S, .s, .c, .elf, .bin, Image; images packed by gzip or not), assembly text (it has
        a newline) or a Program.
        ``toolchain`` builds a source: ``"zig"``, ``"gcc"``, ``"clang"``, ``"auto"`` or a compiler's path; without
        one C is compiled by what is there, and assembly by this package's own assembler. ``initrd`` is a RAM
        disk, ``append`` the command line in the device tree, ``dtb`` a device tree in place of the board's own.
        Raises GuestError for what cannot be built or read, or does not fit.
        """
        self._check_open()
        if not isinstance(source, Program) and not is_text(source):
            arguments.path("source", source)
        arguments.optional_paths(toolchain=toolchain)
        options = BootOptions(initrd, append, dtb)
        boot = self._loader.load(source, options, GUEST_DEFINES[self.controller], toolchain)
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
        """Puts firmware into the flash at address 0, where CPU0 starts; the device tree is at the start of RAM.

        ``flash`` is a file for the second bank: read now, and written at the end of a run with what the guest
        wrote. Without one, that stays in memory. Raises GuestError for what cannot be read or does not fit.
        """
        self._check_open()
        arguments.path("path", path)
        arguments.optional_paths(flash=flash)
        boot = self._loader.load_bios(path, BootOptions(append=append, dtb=dtb), flash)
        self._power_on(boot)
        return boot.program

    @property
    def symbols(self) -> Symbols:
        """Addresses of all names in what is loaded."""
        return self._loader.symbols

    @property
    def free_memory(self) -> tuple[int, int]:
        """First address and end of the largest part of RAM that nothing was loaded to."""
        return self._loader.free_memory

    @property
    def device_tree(self) -> bytes | None:
        """Device tree of the guest loaded last, None if it has none."""
        return self._loader.boots[-1].tree if self._loader.boots else None

    def _elapse(self) -> None:
        self.board.elapse(self.clock.now())

    def _power_on(self, boot: Boot) -> None:
        self.hypervisor.power.on(self.hypervisor.vcpus[0], boot.entry, boot.x0)

    def reset(self) -> None:
        """Restarts the guest, as PSCI SYSTEM_RESET does where ``on_reset`` is ``"restart"``.

        Its images are loaded anew, devices, interrupt controllers, timers and vCPUs are as after power-on. RAM
        that no image covers, the time, the console's text and what is scheduled or fed stay.
        """
        self._check_open()
        self.board.reset()
        self.hypervisor.reset()
        self._scheduler.reset()
        self._semihosting.close()
        self._loop.exit = None
        for boot in self._loader.boots:
            self._loader.install(boot)
            self._power_on(boot)

    @property
    def ticks(self) -> int:
        """System counter: instructions retired by all vCPUs plus idle time, in ticks of 16 ns."""
        return self.clock.now()

    @property
    def instructions(self) -> int:
        """Instructions retired by all vCPUs since the machine was made."""
        return sum(pe.retired for pe in self._pes)

    @property
    def deviations_met(self) -> dict[str, int]:
        """Deviations that the guest has run into, by their names in docs/deviations.md, and how often."""
        return total_deviations(pe.deviations_met for pe in self._pes)

    def at(self, tick: int, action: Callable[[Machine], object] | str) -> None:
        """Schedules something for an exact tick: ``action(machine)`` to call, or a stimulus as text (``"spi=1"``).

        Actions for one tick run in the order in which they were scheduled. A tick in the past is a ConfigError.
        """
        self._check_open()
        if arguments.whole(f"at({tick!r})", tick, 0, "tick") < self.ticks:
            raise ConfigError(f"at({tick}): the machine is at tick {self.ticks} already")
        if isinstance(action, str):
            action = parse_stimulus(action)
            action.check(self)
        arguments.function(f"at({tick})", action, "the machine, or a stimulus as text,")
        self._loop.at(tick, partial(action, self))

    @property
    def attendance(self) -> Attendance:
        """Those who watch its runs, and may type: nobody, until a face says so."""
        return self._loop.attendance

    def listen(self, listener: Listener) -> None:
        """Calls ``listener(event)`` for every event from now on, as ``events.add`` does."""
        self._check_open()
        arguments.function("listen()", listener, "an event")
        self.events.add(listener)

    def unlisten(self, listener: Listener) -> None:
        """Undoes :meth:`listen`, from inside the listener too; the run costs what it did before."""
        self._check_open()
        if listener not in self.events.listeners:
            raise ConfigError("unlisten(): nobody listens by that function")
        self.events.remove(listener)

    # Running

    def run(self, *conditions: Condition, limit: int | None = None) -> Stop:
        """Runs until a condition is met, the guest ends, nothing can go on, or ``limit`` instructions are done.

        A run can be continued by another one. Raises ConfigError if there is no guest, or a condition cannot be
        watched for, or from within a run, ClosedError after :meth:`close`. An exception in a handler is this
        project's bug, or a listener's, and comes out as it is.
        """
        self._check_open()
        if not self._loader.boots:
            raise ConfigError("there is no guest to run: call load() first")
        if limit is not None:
            limit = arguments.whole(f"limit={limit!r}", limit, 1, "instruction")
        check_conditions(conditions)
        with self._alone("run() it again"), INTERRUPTIONS.awaited():
            try:
                return self._loop.run(conditions, limit)
            finally:
                self._loader.try_to_save()

    def _check_open(self) -> None:
        self._pes[0].check_open()

    @contextmanager
    def _alone(self, what: str) -> Iterator[None]:
        """Keeps the machine to one thread, and to one call of it."""
        if not self._busy.acquire(blocking=False):
            raise ConfigError(f"the machine is running: {what} once its run has ended")
        try:
            yield
        finally:
            self._busy.release()
