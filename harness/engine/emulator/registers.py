# SPDX-License-Identifier: MIT
"""Interface to one Unicorn CPU: its state, its time and its hooks. There are three implementations.

NativeRegisters does in C what every block and every exit needs (harness/engine/native/cpu.c). ViewRegisters looks
straight into CPUARMState from Python, at offsets that the probe has confirmed as well; ApiRegisters uses public
functions only, and counts instructions in a hook of its own: slow, but it works with any build.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final, Protocol, overload

from harness.arch.masks import MASK64

OnCall = dict[int, Callable[[int, int, int], bool]]
"""Functions that get x1 to x3 of an HVC #0, and say whether they have served it; by function identifier, w0."""
OnLoad = Callable[[int, int], int]
"""Function that gets the IPA and the size in bytes of a load, and returns its value, -1 if nothing was done."""
OnStore = Callable[[int, int, int], bool]
"""Function that gets the IPA, the size in bytes and the value of a store; False if nothing was done."""
ReadHook = Callable[[int, int, int, int], int]
"""Function of an MRS or MSR: (handle, register, address of uc_arm64_cp_reg, NULL) -> 1 if it is done, else 0."""
NEVER: Final = MASK64
"""Count of instructions at which nothing has happened, and a vector that nothing has entered."""
HPFAR_FIPA: Final = 0xFFF_FFFF_FFF0  # IPA bits 47:12, from bit 4


class RawGeneral(Protocol):
    """X0 to X30 by index: ints of 0 to 2**64 - 1 (a ValueError otherwise); slices for reading at once.

    For the paths of exits: a slice may be a view, and a closed CPU's is a ValueError.
    """

    @overload
    def __getitem__(self, key: int, /) -> int: ...
    @overload
    def __getitem__(self, key: slice, /) -> RawGeneral: ...
    def __setitem__(self, key: int, value: int, /) -> None: ...
    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[int]: ...
    def tolist(self) -> list[int]:
        """Returns all as a list."""
        ...


class Registers(Protocol):
    """State of a CPU beyond its system and vector registers, and its run.

    `counter` and `limit` are instructions since start(): the one that runs (or traps) is counted; when
    `limit` have run, the next one stops before it executes. `base` are those retired before start().
    `event` is the event register; `entered_at` and `entered_vector` are of the last exception taken to EL1.
    `on_call` has who is asked first about an HVC #0: a dict, which does not change once it is set. `on_load` and
    `on_store` are asked first about each plain access to a device (unless accesses are `watched`).
    ``stops_after_reads`` says that the slice can end after any MRS; else only where :meth:`hook_after` is.
    """

    pc: int
    sp: int
    counter: int
    limit: int
    base: int
    event: bool
    entered_at: int
    entered_vector: int
    on_call: OnCall | None
    on_load: OnLoad | None
    on_store: OnStore | None
    watched: bool

    @property
    def hcr(self) -> int:
        """HCR_EL2, as last written."""
        ...

    @property
    def stops_after_reads(self) -> bool:
        """See above."""
        ...

    @property
    def takes_turns(self) -> bool:
        """True if :meth:`take_turns` can be called, with CPUs of the same kind."""
        ...

    @property
    def asked(self) -> bool:
        """True if `on_load` or `on_store` has been asked about the present data abort, in vain."""
        ...

    @property
    def counts(self) -> bool:
        """True if CNTPCT_EL0 and CNTVCT_EL0 are read here, without `read`."""
        ...

    @property
    def retired(self) -> int:
        """Instructions retired since the CPU was made."""
        ...

    @property
    def now(self) -> int:
        """Time, as :meth:`set_time` has it."""
        ...

    @property
    def expired(self) -> bool:
        """True if the slice has ended by its limit, before another instruction."""
        ...

    @property
    def x(self) -> RawGeneral:
        """X0 to X30."""
        ...

    @property
    def level(self) -> int:
        """PSTATE.EL."""
        ...

    def syndrome(self) -> int:
        """Returns ESR of the exception in progress."""
        ...

    def fault_address(self) -> int:
        """Returns FAR of the exception in progress."""
        ...

    def fault_page(self) -> int:
        """Returns the IPA of the page of the latest stage-2 abort, from HPFAR_EL2."""
        ...

    def stage1(self) -> bool:
        """Says whether the guest's own translation is on: SCTLR_EL1.M."""
        ...

    def target_level(self) -> int:
        """Returns the Exception level that the exception in progress is bound for."""
        ...

    def answer(self, x0: int, x1: int) -> None:
        """Answers a hypercall: x0 and x1, x2 = x3 = 0. Both are unsigned 64-bit ints."""
        ...

    def start(self, pc: int, count: int) -> int:
        """Runs up to `count` instructions; returns a uc_err."""
        ...

    def take_turns(
        self,
        ring: tuple[Registers, ...],
        first: int,
        quantum: int,
        count: int,
        now: int,
        rate: int,
        begun: Callable[[int], object],
    ) -> tuple[int, int]:
        """Runs the CPUs of a ring one after the other, `count` instructions in all; only where `takes_turns`.

        Each runs a quantum, from the one of index `first` on, as by start() and with ``base`` and the time kept: it
        is `now` at the beginning, and an instruction takes `rate`. Returns how many turns are complete, and the
        uc_err of the one after them, in which something happened; -1 if there is none. Before anything of it that
        is served by Python, begun(number) is called.
        """
        ...

    def write_hcr(self, value: int) -> int:
        """Writes HCR_EL2; returns a uc_err."""
        ...

    def drive(self, line: int, high: bool) -> bool:
        """Gives a line in HCR_EL2 (VI, VF) a level; says if it was another. RuntimeError if Unicorn refuses.

        That sets the event register: an interrupt may be taken, and returned from, unseen.
        """
        ...

    def serve_counts(self, virtual_offset: int) -> None:
        """Allows CNTPCT_EL0, the time, and CNTVCT_EL0, which is less by an offset, to be read without `read`."""
        ...

    def set_time(self, offset: int, rate: int) -> None:
        """Says that the time is offset + rate * retired, modulo 2**64, from now on."""
        ...

    def map(self, base: int, size: int, address: int) -> None:
        """Tells of memory that the CPU has at a physical address, and of its address here."""
        ...

    # To leave.

    def stop(self) -> None:
        """Leaves now, in an interrupt hook or between two blocks; in a code hook, once it has returned."""
        ...

    def stop_after(self) -> None:
        """Leaves after the instruction that runs, amid a block."""
        ...

    def arrive(self) -> bool:
        """Takes the instruction of a code hook out of the count; False where the slice ends before it."""
        ...

    def ends_here(self) -> bool:
        """Says whether the slice, or this stretch of it, ends before the instruction of a code hook."""
        ...

    def leave(self) -> None:
        """Leaves before the instruction of a code hook."""
        ...

    def proceed(self) -> None:
        """Lets the instruction of a code hook run, and counts it."""
        ...

    # Hooks. Those that return an int return a uc_err.

    def hook_exceptions(self, hypercall: Callable[[], object], exception: Callable[[], object]) -> int:
        """Calls `on_call` and then `hypercall` for HVC, and `exception` for whatever is not done here."""
        ...

    def hook_registers(self, read: ReadHook, reads: bytes, write: ReadHook, writes: bytes) -> int:
        """Calls `read` for MRS and `write` for MSR of these registers at least (pairs of bytes: encodings)."""
        ...

    def hook_new_blocks(self, look: Callable[[int, int], object]) -> None:
        """Calls look(pc, size in bytes) before a block runs for the first time.

        It may not, where pc is aligned and the block has neither an MRS that `read` is called for nor an
        instruction of :meth:`look_for`.
        """
        ...

    def look_for(self, patterns: bytes) -> None:
        """Says which instructions `look` is called for: pairs of words, a mask and a value; 16 pairs at most."""
        ...

    def serve_maintenance(self, mixed: set[int]) -> None:
        """Allows trapped DC CVAU, and IC IVAU where the page's number is not in this set, to be passed over."""
        ...

    def hook_after(self, va: int) -> int:
        """Lets the slice end before the instruction at an address, which follows an MRS."""
        ...

    def close(self) -> object | None:
        """Lets go of the CPU; returns memory of it that somebody looks at all the same, through a slice of `x`."""
        ...
