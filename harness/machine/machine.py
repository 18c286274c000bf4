# SPDX-License-Identifier: MIT
"""Machine: PEs, RAM, board and EL2, put together, and what a user does with it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from threading import Lock
from types import TracebackType
from typing import Self

from harness import options
from harness.arch import virt
from harness.arguments import check_whole, whole
from harness.board.board import Board
from harness.board.clock import Clock
from harness.board.console import Console
from harness.board.devicetree import BoardFacts, parse_conduit
from harness.board.peripherals import DriveOption, Peripherals
from harness.board.system_bus import SystemBus
from harness.board.timers import Timers
from harness.boot.loader import Loader
from harness.boot.placement import Boot, BootOptions, Source
from harness.el2 import Hypervisor, PowerControl, Vm, make_controller, make_vcpus
from harness.engine import PE, Memory
from harness.errors import ConfigError
from harness.host.semihosting import Semihosting
from harness.host.terminal import Terminal
from harness.host.typed import serial_input
from harness.image import Program, Symbols
from harness.machine.controllers import GUEST_DEFINES
from harness.machine.cpu import Cpu
from harness.run import diagnose
from harness.run.conditions import Condition, Conditions
from harness.run.guest_services import GuestServices
from harness.run.loop import Loop
from harness.run.scheduler import QUANTUM, Scheduler
from harness.run.stimulus import parse_stimulus
from harness.run.stop import Stop
from harness.rvic import Config
from harness.trace import Events, Ledger, Listener, Names


class Machine:
    """AArch64 machine below a hypervisor, ready to run a guest at EL1.

    ``cpus`` 1 to 8; ``controller`` the interrupt controller the guest sees; ``profile`` ``spec`` or ``kvm``;
    ``ack_order`` ``fifo``, ``lowest`` or ``random`` (from ``seed``); ``trusted`` and ``untrusted`` the numbers of
    RVIC interrupts; ``list_registers`` (1 to 64) and ``priority_bits`` (4 to 8) what the physical GICv2 has;
    ``memory`` bytes of RAM, or text such as ``"64M"``; ``quantum`` instructions between turns of the vCPUs;
    ``ticks_per_instruction`` how fast time goes: an instruction takes 16 ns, or so many times that;
    ``backend`` how registers are reached, ``"view"`` or ``"api"`` (None: the fastest that works);
    ``psci`` the conduit its device tree names, ``"hvc"`` or ``"smc"`` (both work);
    ``drives`` virtio disks: files, with ``,rw`` after a name if the guest may write it, or other disks;
    ``virtconsole`` whether there is a virtio console; ``virtio`` their transport, ``"modern"`` or ``"legacy"``;
    ``uart`` when it interrupts: by its manual, ``"pl011"``, or at each character, ``"qemu"``; ``like_qemu``
    makes QEMU's board's choice the default of ``priority_bits``, ``uart`` and ``virtio`` (8, qemu, legacy);
    ``serial`` what is typed from the start, ``"file:PATH"`` or ``"string:TEXT"``; ``semihosting_dir`` the
    directory below which semihosting may use files (None: it may use none);
    ``on_reset`` what PSCI SYSTEM_RESET does: ``"stop"`` the run, or ``"restart"`` the guest within it;
    ``rvic_base`` and ``rvid_base`` the function numbers. Raises ConfigError for anything out of range.
    """

    def __init__(
        self,
        *,
        cpus: int = 1,
        controller: str = "rvic",
        profile: str = "spec",
        ack_order: str = "fifo",
        trusted: int = 32,
        untrusted: int = 32,
        list_registers: int = 4,
        priority_bits: int | None = None,
        memory: int | str = "128M",
        seed: int = 0,
        quantum: int = QUANTUM,
        ticks_per_instruction: int = 1,
        cpu: str = "cortex-a72",
        backend: str | None = None,
        ledger: bool = True,
        on_reset: str = "stop",
        psci: str = "hvc",
        drives: Iterable[DriveOption] = (),
        virtconsole: bool = False,
        virtio: str | None = None,
        uart: str | None = None,
        like_qemu: bool = False,
        serial: str | None = None,
        semihosting_dir: str | os.PathLike[str] | None = None,
        **bases: int,
    ) -> None:
        counts = {"cpus": cpus, "trusted": trusted, "untrusted": untrusted, "seed": seed, **bases}
        rates = {"ticks_per_instruction": ticks_per_instruction, "priority_bits": priority_bits}
        check_whole(**counts, **rates, list_registers=list_registers)
        self._busy = Lock()  # while it runs, or is being closed
        self.controller = options.parse_controller(controller)
        options.check_backend(backend)
        self.on_reset = options.parse_on_reset(on_reset)
        quantum = whole(f"quantum={quantum}", quantum, 1, "instruction")
        self.config = Config(
            cpus=cpus,
            trusted=trusted,
            untrusted=untrusted,
            profile=profile,  # type: ignore[arg-type]  # Config parses names into its enums
            order=ack_order,  # type: ignore[arg-type]
            seed=seed,
            **bases,
        )
        self.events = Events()
        self.ledger = Ledger()
        if ledger:
            self.events.add(self.ledger)
        self.memory = Memory()
        self.memory.add_ram(virt.RAM_BASE, options.memory_size(memory))
        self._pes = [
            PE(n, self.memory, mpidr=virt.mpidr(n), model=cpu, backend=backend)  # type: ignore[arg-type]
            for n in range(cpus)
        ]
        self.clock = Clock(options.check_rate(ticks_per_instruction))
        choices = options.BoardChoices.of(like_qemu, uart=uart, virtio=virtio, priority_bits=priority_bits)
        gic = {"priority_bits": choices.priority_bits, "list_registers": list_registers}
        self.board = board = Board(cpus, untrusted=untrusted, **gic)
        self.board.uart.eager = options.parse_uart(choices.uart)
        self.console = Console(self.board.uart)
        timers = Timers(board, self.clock, self._pes)
        vcpus = make_vcpus(self.controller, self._pes, board.gic)
        vm = Vm(vcpus, self.clock.now, self.events, SystemBus(board, self.clock))
        spis = board.lines.spis
        interrupts = make_controller(self.controller, vm, board.gic, timers, self.config, spis)
        power = PowerControl(vm, interrupts, self.memory, timers)
        self._names = Names(self.config.rvic_base, self.config.rvid_base, trusted)
        self.hypervisor = Hypervisor(vm, interrupts, power, self._names)
        self._scheduler = Scheduler(self.hypervisor, board, self.clock, quantum)
        self.cpus = tuple(Cpu(vcpu, timers) for vcpu in vcpus)
        facts = BoardFacts(
            cpus, options.memory_size(memory), self.controller, cpu, parse_conduit(psci), untrusted
        )
        self._loader = Loader(self.memory, self.board.bus, facts)
        self._conditions = Conditions(
            self._pes, self.clock, self.events, self.console, lambda: self._loader.symbols
        )
        self._loop = Loop(
            self.hypervisor,
            self.board,
            self.clock,
            self._scheduler,
            self._conditions,
            diagnose.locator(self._loader.programs),
            self.reset if self.on_reset is options.OnReset.RESTART else None,
        )
        services = GuestServices(
            self.memory, self.board, self.clock, self._loader, self.console, self._conditions, self._loop
        )
        self._semihosting = Semihosting(services, semihosting_dir)
        for pe in self._pes:
            pe.on_halt = self._semihosting.on_halt
        if serial is not None:
            self.console.feed(serial_input(serial))
        self._peripherals = Peripherals(
            self.board, self.memory, drives=drives, console=virtconsole, virtio=choices.virtio
        )
        self.virtconsole = self._peripherals.console

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Gives back what the emulated CPUs hold; each use of them raises ClosedError from now on.

        A machine that is closed already stays so. ConfigError from within a run.
        """
        with self._alone("close() it"):
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
        """Puts a guest into RAM and makes CPU0 ready to start it at EL1, with x0 = its device tree (docs/boot.md).

        ``source`` is a path (.S, .s, .c, .elf, .bin, Image; images packed by gzip or not) or a Program.
        ``toolchain`` builds a source: ``"zig"``, ``"gcc"``, ``"clang"``, ``"auto"`` or a compiler's path; without
        one C is compiled by what is there, and assembly by this package's own assembler. ``initrd`` is a RAM
        disk, ``append`` the command line in the device tree, ``dtb`` a device tree in place of the board's own.
        Raises GuestError for what cannot be built or read, or does not fit.
        """
        self._check_open()
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

    # Time

    @property
    def ticks(self) -> int:
        """System counter: instructions retired by all vCPUs plus idle time, in ticks of 16 ns."""
        return self.clock.now()

    @property
    def instructions(self) -> int:
        """Instructions retired by all vCPUs since the machine was made."""
        return sum(pe.retired for pe in self._pes)

    def at(self, tick: int, action: Callable[[Machine], object] | str) -> None:
        """Schedules something for an exact tick: ``action(machine)`` to call, or a stimulus as text (``"spi=1"``).

        Actions for one tick run in the order in which they were scheduled. A tick in the past is a ConfigError.
        """
        self._check_open()
        if whole(f"at({tick})", tick, 0, "tick") < self.ticks:
            raise ConfigError(f"at({tick}): the machine is at tick {self.ticks} already")
        if isinstance(action, str):
            action = parse_stimulus(action)
        self._loop.at(tick, partial(action, self))

    @property
    def terminal(self) -> Terminal | None:
        """Terminal of a person who types and reads while a run goes on, if anybody does."""
        return self._loop.terminal

    @terminal.setter
    def terminal(self, terminal: Terminal | None) -> None:
        self._loop.terminal = terminal

    # Listening

    def listen(self, listener: Listener) -> None:
        """Calls ``listener(event)`` for every event from now on, VirqTaken and Eret included."""
        self._check_open()
        self.events.add(listener)
        self._conditions.trace()

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
            limit = whole(f"limit={limit}", limit, 1, "instruction")
        with self._alone("run() it again"):
            try:
                return self._loop.run(conditions, limit)
            finally:
                self._loader.save()

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
