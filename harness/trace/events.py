# SPDX-License-Identifier: MIT
"""Types of all events of a trace: immutable named tuples.

Every event begins with ``tick`` (virtual time) and ``cpu`` (index of the vCPU it happened on). Those
with ``world_switch`` True are exits: the PE left EL1/EL0 for EL2 and came back, which is what an
interrupt costs. The others tell what happened between, and cost nothing.

An exit that served a guest interrupt names it in ``intid`` (the *guest's* INTID); where the vCPU it was
served for is not ``cpu``, ``target`` names that one. An exit that served none has ``intid`` None.
Addresses and register values are unsigned 64-bit ints, sizes are bytes.
"""

from __future__ import annotations

from typing import ClassVar, Final, NamedTuple, TypeAlias


class _Call(NamedTuple):
    tick: int
    cpu: int
    pc: int
    function: int
    args: tuple[int, int, int]
    result: tuple[int, int]
    intid: int | None = None
    call: str | None = None
    target: int | None = None


class Hvc(_Call):
    """HVC as an SMCCC conduit, answered.

    ``function`` is x0 as called, ``args`` x1..x3, ``result`` x0 and x1 as answered. ``call`` is the name
    :func:`harness.trace.names.Names.function` gives (``RVIC.Acknowledge``); ``target`` is the index of
    the vCPU an MPIDR argument named, if that is not the caller.
    """

    __slots__ = ()
    world_switch: ClassVar[bool] = True


class Smc(_Call):
    """SMC as an SMCCC conduit, trapped by HCR_EL2.TSC and answered; fields as :class:`Hvc`."""

    __slots__ = ()
    world_switch: ClassVar[bool] = True


class _DataAbort(NamedTuple):
    tick: int
    cpu: int
    pc: int
    ipa: int
    size: int
    write: bool
    value: int | None
    intid: int | None = None
    register: str | None = None
    target: int | None = None
    fault: int | None = None


class DataAbort(_DataAbort):
    """Stage-2 data abort taken to EL2: an access to emulated hardware, or to nothing.

    ``value`` was written or, after the access, read; None where nothing answered. ``register`` is
    the manual's name where the access served an emulated interrupt controller (``GICC_IAR``). ``fault`` is
    the DFSC with which EL2 refused an access (a load exclusive to a device), None for every other.
    """

    __slots__ = ()
    world_switch: ClassVar[bool] = True


class _InstructionAbort(NamedTuple):
    tick: int
    cpu: int
    pc: int
    ipa: int


class InstructionAbort(_InstructionAbort):
    """Stage-2 instruction abort taken to EL2: the guest jumped where there is no memory."""

    __slots__ = ()
    world_switch: ClassVar[bool] = True


class _SysregTrap(NamedTuple):
    tick: int
    cpu: int
    pc: int
    register: str
    write: bool
    value: int
    intid: int | None = None


class SysregTrap(_SysregTrap):
    """Trapped MRS or MSR; ``register`` is the manual's name (``CNTV_CTL_EL0``)."""

    __slots__ = ()
    world_switch: ClassVar[bool] = True


class _Wfx(NamedTuple):
    tick: int
    cpu: int
    pc: int
    wfe: bool


class Wfx(_Wfx):
    """WFI (HCR_EL2.TWI) or, with ``wfe``, WFE taken to EL2."""

    __slots__ = ()
    world_switch: ClassVar[bool] = True


class _PhysicalIrq(NamedTuple):
    tick: int
    cpu: int
    pc: int
    physical: int
    intid: int | None = None
    target: int | None = None


class PhysicalIrq(_PhysicalIrq):
    """Physical interrupt taken to EL2 (HCR_EL2.IMO): the exit, with the first INTID that GICC_IAR gave.

    ``physical`` below 16 is a kick: the SGI by which EL2 made this vCPU look at its virtual line, and
    ``intid`` the guest INTID whose edge caused it. ``intid`` is None where nothing was delivered (spurious,
    unmapped input, disabled instance). ``target`` is the vCPU it was delivered to, if not this one.
    """

    __slots__ = ()
    world_switch: ClassVar[bool] = True


class _AlsoPending(NamedTuple):
    tick: int
    cpu: int
    physical: int
    intid: int | None = None
    target: int | None = None


class AlsoPending(_AlsoPending):
    """Physical interrupt that EL2 took while the CPU was in EL2 already, so that it cost no exit.

    GICC_IAR gave it after another one, or the vCPU was waiting in EL2 since its WFI; fields as
    :class:`PhysicalIrq`.
    """

    __slots__ = ()
    world_switch: ClassVar[bool] = False


class _VirqLine(NamedTuple):
    tick: int
    cpu: int
    intid: int | None = None


class VirqRaised(_VirqLine):
    """HCR_EL2.VI of this vCPU rose; ``intid`` became deliverable."""

    __slots__ = ()
    world_switch: ClassVar[bool] = False


class VirqLowered(_VirqLine):
    """HCR_EL2.VI of this vCPU fell; ``intid`` is the one that stopped being deliverable."""

    __slots__ = ()
    world_switch: ClassVar[bool] = False


class Acknowledged(_VirqLine):
    """Guest acknowledged ``intid`` without an exit: a load of GICC_IAR or GICC_AIAR that reached hardware."""

    __slots__ = ()
    world_switch: ClassVar[bool] = False


class Completed(_VirqLine):
    """Guest ended ``intid`` without an exit: a store to GICC_EOIR or GICC_AEOIR that reached hardware."""

    __slots__ = ()
    world_switch: ClassVar[bool] = False


class _VirqTaken(NamedTuple):
    tick: int
    cpu: int
    pc: int
    vector: int


class VirqTaken(_VirqTaken):
    """Virtual IRQ taken by the PE: ``pc`` is ELR_EL1, ``vector`` the vector's address or its offset."""

    __slots__ = ()
    world_switch: ClassVar[bool] = False


class _Eret(NamedTuple):
    tick: int
    cpu: int
    pc: int
    to: int


class Eret(_Eret):
    """Exception return that the guest is about to make, from ``pc`` to ELR_EL1 = ``to``."""

    __slots__ = ()
    world_switch: ClassVar[bool] = False


class _Mmio(NamedTuple):
    tick: int
    cpu: int
    pc: int
    address: int
    size: int
    write: bool
    value: int
    device: str


class Mmio(_Mmio):
    """Access as its device model saw it: part of a :class:`DataAbort`, so not an exit of its own."""

    __slots__ = ()
    world_switch: ClassVar[bool] = False


SYSTEM_RESET: Final = "system reset"
"""Change of power by which everything starts anew."""


class _PowerChange(NamedTuple):
    tick: int
    cpu: int
    what: str
    target: int | None = None


class PowerChange(_PowerChange):
    """Change of power state: ``what`` is PSCI's name (``CPU_ON``), ``target`` the vCPU it acts on."""

    __slots__ = ()
    world_switch: ClassVar[bool] = False


class _DeviationMet(NamedTuple):
    tick: int
    cpu: int
    pc: int
    name: str
    section: str


class DeviationMet(_DeviationMet):
    """Deviation from the architecture that the guest ran into at ``pc``: its name in docs/deviations.md."""

    __slots__ = ()
    world_switch: ClassVar[bool] = False


Event: TypeAlias = (
    Hvc
    | Smc
    | DataAbort
    | InstructionAbort
    | SysregTrap
    | Wfx
    | PhysicalIrq
    | AlsoPending
    | VirqRaised
    | VirqLowered
    | Acknowledged
    | Completed
    | VirqTaken
    | Eret
    | Mmio
    | PowerChange
    | DeviationMet
)

TYPES: tuple[type[Event], ...] = Event.__args__  # in the order above
