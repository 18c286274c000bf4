# SPDX-License-Identifier: MIT
"""Table of every register of a GICv2, each a row (IHI 0048B.b, tables 4-1, 4-2, 5-1 and 5-8).

The rows are the model: ``LAYOUT`` finds the row of an address, and the row's words say what an access does
there. What no row covers is reserved: it reads as zero and ignores writes (RAZ/WI). The programmers' model is
that of a GICv2 *without* the Security Extensions, with a GIC-400's identification.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from typing import NamedTuple

from harness.arch import gic as at
from harness.arch.gic import Ctlr
from harness.gic.config import GicConfig


class Frame(Enum):
    """Frame of registers that the board puts at one address."""

    __hash__ = object.__hash__  # on every access's path; Enum's own is Python code

    GICD = "GICD"
    GICC = "GICC"
    GICH = "GICH"
    GICV = "GICV"


class Access(Enum):
    """Type of a register in the manual's tables: a read of WO gives zero, a write to RO is ignored."""

    RO = "RO"
    WO = "WO"
    RW = "RW"


class Write(Enum):
    """Effect of a permitted write."""

    STORE = auto()  # the field becomes the value written
    W1S = auto()  # a one sets, a zero has no effect
    W1C = auto()  # a one clears, a zero has no effect
    ACTION = auto()  # the write is a command
    IGNORED = auto()  # RAZ/WI, or an identification register


class Banked(Enum):
    """Copy that an access reaches."""

    NO = auto()  # one register for all CPUs
    PRIVATE = auto()  # the fields of SGIs and PPIs are per CPU, those of SPIs are shared
    CPU = auto()  # the whole register is per CPU


class Field(Enum):
    """Part of the state that a register shows; registers with the same Field are views of the same bits."""

    __hash__ = object.__hash__  # as Frame

    CONSTANT = auto()
    CTLR = auto()
    # distributor: one field for each interrupt
    GROUP = auto()
    ENABLED = auto()
    PENDING = auto()
    ACTIVE = auto()
    PRIORITY = auto()
    TARGETS = auto()
    EDGE = auto()
    SGI_SOURCES = auto()
    SGIR = auto()
    # CPU interface, physical and virtual
    PMR = auto()
    BPR = auto()
    IAR = auto()
    EOIR = auto()
    RPR = auto()
    HPPIR = auto()
    ABPR = auto()
    AIAR = auto()
    AEOIR = auto()
    AHPPIR = auto()
    APR = auto()
    NSAPR = auto()
    DIR = auto()
    # virtual interface control
    HCR = auto()
    VMCR = auto()
    MISR = auto()
    EISR = auto()
    ELRSR = auto()
    LR = auto()


Reset = int | Callable[[GicConfig], int]


@dataclass(frozen=True, slots=True, eq=False)
class Register:
    """Row of the table: ``count`` consecutive words, each made of fields of ``bits`` bits."""

    frame: Frame
    name: str
    offset: int
    section: str
    access: Access
    field: Field
    count: int = 1
    bits: int = 32
    first: int = 0  # the INTID (or index) of the first field
    write: Write = Write.STORE
    writable: int = 0xFFFF_FFFF  # implemented bits of each word; the others are RAZ/WI
    bytes: bool = False  # byte accesses are allowed as well as words
    banked: Banked = Banked.NO
    sgis_fixed: bool = False  # the fields of SGIs ignore writes
    reset: Reset = 0  # of each word, where `resets` does not say otherwise
    resets: tuple[int, ...] = ()  # of the first words

    @property
    def fields(self) -> int:
        """Fields in a word."""
        return 32 // self.bits

    def word_name(self, index: int) -> str:
        """Returns the manual's name of one word, numbered where there are several: ``GICD_ISENABLER1``."""
        return self.name if self.count == 1 else f"{self.name}{self.first // self.fields + index}"

    def reset_value(self, config: GicConfig, index: int) -> int:
        """Returns what the word reads after reset."""
        if index < len(self.resets):
            return self.resets[index]
        return self.reset if isinstance(self.reset, int) else self.reset(config)


class Word(NamedTuple):
    """Addressable word: its row and its place in the row."""

    register: Register
    number: int


_D, _C, _H, _V = Frame.GICD, Frame.GICC, Frame.GICH, Frame.GICV
_RO, _WO, _RW = Access.RO, Access.WO, Access.RW
_W1S, _W1C, _ACTION, _IGNORED = Write.W1S, Write.W1C, Write.ACTION, Write.IGNORED
_PRIV, _CPU = Banked.PRIVATE, Banked.CPU
_F, _CONSTANT = Field, Field.CONSTANT
_R = Register


def _typer(config: GicConfig) -> int:
    """Returns ITLinesNumber and CPUNumber; SecurityExtn and LSPI are zero."""
    return (config.intids + 31) // 32 - 1 | (config.cpus - 1) << 5


def _bpr(config: GicConfig) -> int:
    return config.minimum_bpr


def _abpr(config: GicConfig) -> int:
    return config.minimum_bpr + 1


def _vtr(config: GicConfig) -> int:
    """Returns PRIbits and PREbits (five bits each, as the list registers have), ListRegs."""
    return 4 << 29 | 4 << 26 | config.list_registers - 1


_IDENTITY = (0x04, 0, 0, 0, 0x90, 0xB4, 0x2B, 0, 0x0D, 0xF0, 0x05, 0xB1)  # ICPIDR4-7, ICPIDR0-3, ICCIDR0-3
_IIDR_D, _IIDR_C = 0x0200_143B, 0x0202_143B
_VMCR = 0xF8FC_0000 | Ctlr.ALL  # VMPriMask, VMBP, VMABP above the same control bits

# fmt: off
DISTRIBUTOR = (
    _R(_D, "GICD_CTLR", at.GICD_CTLR, "4.3.1", _RW, _F.CTLR, writable=0x3),
    _R(_D, "GICD_TYPER", at.GICD_TYPER, "4.3.2", _RO, _CONSTANT, reset=_typer),
    _R(_D, "GICD_IIDR", at.GICD_IIDR, "4.3.3", _RO, _CONSTANT, reset=_IIDR_D),
    _R(_D, "GICD_IGROUPR", at.GICD_IGROUPR, "4.3.4", _RW, _F.GROUP, 32, 1, banked=_PRIV),
    _R(_D, "GICD_ISENABLER", at.GICD_ISENABLER, "4.3.5", _RW, _F.ENABLED, 32, 1, write=_W1S, banked=_PRIV,
       sgis_fixed=True, resets=(0xFFFF,)),
    _R(_D, "GICD_ICENABLER", at.GICD_ICENABLER, "4.3.6", _RW, _F.ENABLED, 32, 1, write=_W1C, banked=_PRIV,
       sgis_fixed=True, resets=(0xFFFF,)),
    _R(_D, "GICD_ISPENDR", at.GICD_ISPENDR, "4.3.7", _RW, _F.PENDING, 32, 1, write=_W1S, banked=_PRIV,
       sgis_fixed=True),
    _R(_D, "GICD_ICPENDR", at.GICD_ICPENDR, "4.3.8", _RW, _F.PENDING, 32, 1, write=_W1C, banked=_PRIV,
       sgis_fixed=True),
    _R(_D, "GICD_ISACTIVER", at.GICD_ISACTIVER, "4.3.9", _RW, _F.ACTIVE, 32, 1, write=_W1S, banked=_PRIV),
    _R(_D, "GICD_ICACTIVER", at.GICD_ICACTIVER, "4.3.10", _RW, _F.ACTIVE, 32, 1, write=_W1C, banked=_PRIV),
    _R(_D, "GICD_IPRIORITYR", at.GICD_IPRIORITYR, "4.3.11", _RW, _F.PRIORITY, 255, 8, bytes=True, banked=_PRIV),
    _R(_D, "GICD_ITARGETSR", at.GICD_ITARGETSR, "4.3.12", _RO, _F.TARGETS, 8, 8, bytes=True, banked=_CPU),
    _R(_D, "GICD_ITARGETSR", at.GICD_ITARGETSR + 0x20, "4.3.12", _RW, _F.TARGETS, 247, 8, first=32, bytes=True),
    _R(_D, "GICD_ICFGR", at.GICD_ICFGR, "4.3.13", _RW, _F.EDGE, 64, 2, writable=0xAAAA_AAAA, banked=_PRIV,
       sgis_fixed=True, resets=(0xAAAA_AAAA,)),
    _R(_D, "GICD_NSACR", at.GICD_NSACR, "4.3.14", _RW, _CONSTANT, 64, 2, write=_IGNORED, writable=0),
    _R(_D, "GICD_SGIR", at.GICD_SGIR, "4.3.15", _WO, _F.SGIR, write=_ACTION),
    _R(_D, "GICD_CPENDSGIR", at.GICD_CPENDSGIR, "4.3.16", _RW, _F.SGI_SOURCES, 4, 8, write=_W1C, bytes=True,
       banked=_CPU),
    _R(_D, "GICD_SPENDSGIR", at.GICD_SPENDSGIR, "4.3.17", _RW, _F.SGI_SOURCES, 4, 8, write=_W1S, bytes=True,
       banked=_CPU),
    _R(_D, "GICD_ID", at.GICD_ID, "4.3.18", _RO, _CONSTANT, 12, resets=_IDENTITY),
)

CPU_INTERFACE = (
    _R(_C, "GICC_CTLR", at.GICC_CTLR, "4.4.1", _RW, _F.CTLR, writable=Ctlr.ALL, banked=_CPU),
    _R(_C, "GICC_PMR", at.GICC_PMR, "4.4.2", _RW, _F.PMR, writable=0xFF, banked=_CPU),
    _R(_C, "GICC_BPR", at.GICC_BPR, "4.4.3", _RW, _F.BPR, writable=0x7, banked=_CPU, reset=_bpr),
    _R(_C, "GICC_IAR", at.GICC_IAR, "4.4.4", _RO, _F.IAR, banked=_CPU, reset=1023),
    _R(_C, "GICC_EOIR", at.GICC_EOIR, "4.4.5", _WO, _F.EOIR, write=_ACTION, banked=_CPU),
    _R(_C, "GICC_RPR", at.GICC_RPR, "4.4.6", _RO, _F.RPR, banked=_CPU, reset=0xFF),
    _R(_C, "GICC_HPPIR", at.GICC_HPPIR, "4.4.7", _RO, _F.HPPIR, banked=_CPU, reset=1023),
    _R(_C, "GICC_ABPR", at.GICC_ABPR, "4.4.8", _RW, _F.ABPR, writable=0x7, banked=_CPU, reset=_abpr),
    _R(_C, "GICC_AIAR", at.GICC_AIAR, "4.4.9", _RO, _F.AIAR, banked=_CPU, reset=1023),
    _R(_C, "GICC_AEOIR", at.GICC_AEOIR, "4.4.10", _WO, _F.AEOIR, write=_ACTION, banked=_CPU),
    _R(_C, "GICC_AHPPIR", at.GICC_AHPPIR, "4.4.11", _RO, _F.AHPPIR, banked=_CPU, reset=1023),
    _R(_C, "GICC_APR", at.GICC_APR, "4.4.12", _RW, _F.APR, 4, banked=_CPU),
    _R(_C, "GICC_NSAPR", at.GICC_NSAPR, "4.4.13", _RW, _F.NSAPR, 4, banked=_CPU),
    _R(_C, "GICC_IIDR", at.GICC_IIDR, "4.4.14", _RO, _CONSTANT, reset=_IIDR_C),
    _R(_C, "GICC_DIR", at.GICC_DIR, "4.4.15", _WO, _F.DIR, write=_ACTION, banked=_CPU),
)

VIRTUAL_CONTROL = (
    _R(_H, "GICH_HCR", at.GICH_HCR, "5.3.1", _RW, _F.HCR, writable=0xF800_00FF, banked=_CPU),
    _R(_H, "GICH_VTR", at.GICH_VTR, "5.3.2", _RO, _CONSTANT, reset=_vtr),
    _R(_H, "GICH_VMCR", at.GICH_VMCR, "5.3.3", _RW, _F.VMCR, writable=_VMCR, banked=_CPU, reset=0x004C_0000),
    _R(_H, "GICH_MISR", at.GICH_MISR, "5.3.4", _RO, _F.MISR, banked=_CPU),
    _R(_H, "GICH_EISR", at.GICH_EISR, "5.3.5", _RO, _F.EISR, 2, 1, banked=_CPU),
    _R(_H, "GICH_ELRSR", at.GICH_ELRSR, "5.3.6", _RO, _F.ELRSR, 2, 1, banked=_CPU),
    _R(_H, "GICH_APR", at.GICH_APR, "5.3.7", _RW, _F.APR, banked=_CPU),
    _R(_H, "GICH_LR", at.GICH_LR, "5.3.8", _RW, _F.LR, 64, writable=0xFF8F_FFFF, banked=_CPU),
)

VIRTUAL_CPU_INTERFACE = (
    _R(_V, "GICV_CTLR", at.GICC_CTLR, "5.5.1", _RW, _F.CTLR, writable=Ctlr.ALL, banked=_CPU),
    _R(_V, "GICV_PMR", at.GICC_PMR, "5.5.2", _RW, _F.PMR, writable=0xF8, banked=_CPU),
    _R(_V, "GICV_BPR", at.GICC_BPR, "5.5.3", _RW, _F.BPR, writable=0x7, banked=_CPU, reset=2),
    _R(_V, "GICV_IAR", at.GICC_IAR, "5.5.4", _RO, _F.IAR, banked=_CPU, reset=1023),
    _R(_V, "GICV_EOIR", at.GICC_EOIR, "5.5.5", _WO, _F.EOIR, write=_ACTION, banked=_CPU),
    _R(_V, "GICV_RPR", at.GICC_RPR, "5.5.6", _RO, _F.RPR, banked=_CPU, reset=0xFF),
    _R(_V, "GICV_HPPIR", at.GICC_HPPIR, "5.5.7", _RO, _F.HPPIR, banked=_CPU, reset=1023),
    _R(_V, "GICV_ABPR", at.GICC_ABPR, "5.5.8", _RW, _F.ABPR, writable=0x7, banked=_CPU, reset=3),
    _R(_V, "GICV_AIAR", at.GICC_AIAR, "5.5.9", _RO, _F.AIAR, banked=_CPU, reset=1023),
    _R(_V, "GICV_AEOIR", at.GICC_AEOIR, "5.5.10", _WO, _F.AEOIR, write=_ACTION, banked=_CPU),
    _R(_V, "GICV_AHPPIR", at.GICC_AHPPIR, "5.5.11", _RO, _F.AHPPIR, banked=_CPU, reset=1023),
    _R(_V, "GICV_APR", at.GICC_APR, "5.5.12", _RW, _F.APR, 4, banked=_CPU),
    _R(_V, "GICV_IIDR", at.GICC_IIDR, "5.5.13", _RO, _CONSTANT, reset=_IIDR_C),
    _R(_V, "GICV_DIR", at.GICC_DIR, "5.5.14", _WO, _F.DIR, write=_ACTION, banked=_CPU),
)
# fmt: on

TABLE = (*DISTRIBUTOR, *CPU_INTERFACE, *VIRTUAL_CONTROL, *VIRTUAL_CPU_INTERFACE)

LAYOUT: dict[Frame, dict[int, Word]] = {
    frame: {row.offset + 4 * n: Word(row, n) for row in TABLE if row.frame is frame for n in range(row.count)}
    for frame in Frame
}
