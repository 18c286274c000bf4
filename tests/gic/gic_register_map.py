# SPDX-License-Identifier: MIT
"""Tables 4-1, 4-2, 5-1 and 5-8 of IHI 0048B.b and the register descriptions behind them, a second time.

Written from the manual, apart from harness.gic.registers, which is checked against this row by row. For a GICv2
without the Security Extensions, with 1 CPU, 288 INTIDs, 5 bits of priority and 4 list registers.

- **type**: as printed.
- **write**: what a permitted write does. `store` keeps the bits in **bits**, `set` and `clear` act where a one is
  written, `command` is an action, `ignored` is RAZ/WI.
- **field**: how wide one field is, of as many interrupts as fit a word; 32 for a register of its own.
- **reset**: of the first word and of those that follow; the last one given goes on.
- **banked**: `cpu` the whole register, `0-31` the fields of SGIs and PPIs, `-` one copy for all (4.1.4).
- **SGIs**: `fixed` where the fields of SGIs ignore writes.
- **bytes**: whether byte accesses are allowed (4.1.4).
"""

from __future__ import annotations

from typing import NamedTuple

_TABLES = """
name           first  last   type write   field bits       reset              banked SGIs  bytes section
GICD_CTLR      0x000  0x000  RW   store   32    0x00000003 0                  -      -     no    4.3.1
GICD_TYPER     0x004  0x004  RO   -       32    -          0x00000008         -      -     no    4.3.2
GICD_IIDR      0x008  0x008  RO   -       32    -          0x0200143b         -      -     no    4.3.3
GICD_IGROUPR   0x080  0x0fc  RW   store   1     0xffffffff 0                  0-31   -     no    4.3.4
GICD_ISENABLER 0x100  0x17c  RW   set     1     0xffffffff 0x0000ffff,0       0-31   fixed no    4.3.5
GICD_ICENABLER 0x180  0x1fc  RW   clear   1     0xffffffff 0x0000ffff,0       0-31   fixed no    4.3.6
GICD_ISPENDR   0x200  0x27c  RW   set     1     0xffffffff 0                  0-31   fixed no    4.3.7
GICD_ICPENDR   0x280  0x2fc  RW   clear   1     0xffffffff 0                  0-31   fixed no    4.3.8
GICD_ISACTIVER 0x300  0x37c  RW   set     1     0xffffffff 0                  0-31   -     no    4.3.9
GICD_ICACTIVER 0x380  0x3fc  RW   clear   1     0xffffffff 0                  0-31   -     no    4.3.10
GICD_IPRIORITYR 0x400 0x7f8  RW   store   8     0xffffffff 0                  0-31   -     yes   4.3.11
GICD_ITARGETSR 0x800  0x81c  RO   -       8     -          0                  cpu    -     yes   4.3.12
GICD_ITARGETSR 0x820  0xbf8  RW   store   8     0xffffffff 0                  -      -     yes   4.3.12
GICD_ICFGR     0xc00  0xcfc  RW   store   2     0xaaaaaaaa 0xaaaaaaaa,0       0-31   fixed no    4.3.13
GICD_NSACR     0xe00  0xefc  RW   ignored 2     0          0                  -      -     no    4.3.14
GICD_SGIR      0xf00  0xf00  WO   command 32    -          -                  -      -     no    4.3.15
GICD_CPENDSGIR 0xf10  0xf1c  RW   clear   8     0xffffffff 0                  cpu    -     yes   4.3.16
GICD_SPENDSGIR 0xf20  0xf2c  RW   set     8     0xffffffff 0                  cpu    -     yes   4.3.17
GICD_ID        0xfd0  0xfdc  RO   -       32    -          4,0                -      -     no    4.3.18
GICD_ID        0xfe0  0xfec  RO   -       32    -          0x90,0xb4,0x2b,0   -      -     no    4.3.18
GICD_ID        0xff0  0xffc  RO   -       32    -          0x0d,0xf0,0x05,0xb1 -     -     no    4.3.18

GICC_CTLR      0x000  0x000  RW   store   32    0x0000021f 0                  cpu    -     no    4.4.1
GICC_PMR       0x004  0x004  RW   store   32    0x000000ff 0                  cpu    -     no    4.4.2
GICC_BPR       0x008  0x008  RW   store   32    0x00000007 2                  cpu    -     no    4.4.3
GICC_IAR       0x00c  0x00c  RO   -       32    -          0x000003ff         cpu    -     no    4.4.4
GICC_EOIR      0x010  0x010  WO   command 32    -          -                  cpu    -     no    4.4.5
GICC_RPR       0x014  0x014  RO   -       32    -          0x000000ff         cpu    -     no    4.4.6
GICC_HPPIR     0x018  0x018  RO   -       32    -          0x000003ff         cpu    -     no    4.4.7
GICC_ABPR      0x01c  0x01c  RW   store   32    0x00000007 3                  cpu    -     no    4.4.8
GICC_AIAR      0x020  0x020  RO   -       32    -          0x000003ff         cpu    -     no    4.4.9
GICC_AEOIR     0x024  0x024  WO   command 32    -          -                  cpu    -     no    4.4.10
GICC_AHPPIR    0x028  0x028  RO   -       32    -          0x000003ff         cpu    -     no    4.4.11
GICC_APR       0x0d0  0x0dc  RW   store   32    0xffffffff 0                  cpu    -     no    4.4.12
GICC_NSAPR     0x0e0  0x0ec  RW   store   32    0xffffffff 0                  cpu    -     no    4.4.13
GICC_IIDR      0x0fc  0x0fc  RO   -       32    -          0x0202143b         -      -     no    4.4.14
GICC_DIR       0x1000 0x1000 WO   command 32    -          -                  cpu    -     no    4.4.15

GICH_HCR       0x000  0x000  RW   store   32    0xf80000ff 0                  cpu    -     no    5.3.1
GICH_VTR       0x004  0x004  RO   -       32    -          0x90000003         -      -     no    5.3.2
GICH_VMCR      0x008  0x008  RW   store   32    0xf8fc021f 0x004c0000         cpu    -     no    5.3.3
GICH_MISR      0x010  0x010  RO   -       32    -          0                  cpu    -     no    5.3.4
GICH_EISR      0x020  0x024  RO   -       1     -          0                  cpu    -     no    5.3.5
GICH_ELRSR     0x030  0x034  RO   -       1     -          0x0000000f,0       cpu    -     no    5.3.6
GICH_APR       0x0f0  0x0f0  RW   store   32    0xffffffff 0                  cpu    -     no    5.3.7
GICH_LR        0x100  0x1fc  RW   store   32    0xff8fffff 0                  cpu    -     no    5.3.8

GICV_CTLR      0x000  0x000  RW   store   32    0x0000021f 0                  cpu    -     no    5.5.1
GICV_PMR       0x004  0x004  RW   store   32    0x000000f8 0                  cpu    -     no    5.5.2
GICV_BPR       0x008  0x008  RW   store   32    0x00000007 2                  cpu    -     no    5.5.3
GICV_IAR       0x00c  0x00c  RO   -       32    -          0x000003ff         cpu    -     no    5.5.4
GICV_EOIR      0x010  0x010  WO   command 32    -          -                  cpu    -     no    5.5.5
GICV_RPR       0x014  0x014  RO   -       32    -          0x000000ff         cpu    -     no    5.5.6
GICV_HPPIR     0x018  0x018  RO   -       32    -          0x000003ff         cpu    -     no    5.5.7
GICV_ABPR      0x01c  0x01c  RW   store   32    0x00000007 3                  cpu    -     no    5.5.8
GICV_AIAR      0x020  0x020  RO   -       32    -          0x000003ff         cpu    -     no    5.5.9
GICV_AEOIR     0x024  0x024  WO   command 32    -          -                  cpu    -     no    5.5.10
GICV_AHPPIR    0x028  0x028  RO   -       32    -          0x000003ff         cpu    -     no    5.5.11
GICV_APR       0x0d0  0x0dc  RW   store   32    0xffffffff 0                  cpu    -     no    5.5.12
GICV_IIDR      0x0fc  0x0fc  RO   -       32    -          0x0202143b         -      -     no    5.5.13
GICV_DIR       0x1000 0x1000 WO   command 32    -          -                  cpu    -     no    5.5.14
"""


class Printed(NamedTuple):
    """One line of the tables above."""

    name: str
    first: int
    last: int
    type: str
    write: str
    field: int
    bits: int | None
    resets: tuple[int, ...]
    banked: str
    sgis: str
    bytes: bool
    section: str

    @property
    def offsets(self) -> range:
        """Of each word."""
        return range(self.first, self.last + 4, 4)

    def reset(self, offset: int) -> int | None:
        """What the word at the offset reads after reset, if it can be read."""
        place = min((offset - self.first) // 4, len(self.resets) - 1)
        return self.resets[place] if self.resets else None


def _parse(line: str) -> Printed:
    name, first, last, type_, write, field, bits, reset, banked, sgis, bytes_, section = line.split()
    return Printed(
        name,
        int(first, 16),
        int(last, 16),
        type_,
        write,
        int(field),
        None if bits == "-" else int(bits, 16),
        () if reset == "-" else tuple(int(value, 16) for value in reset.split(",")),
        banked,
        sgis,
        bytes_ == "yes",
        section,
    )


TABLES = [_parse(line) for line in _TABLES.splitlines()[2:] if line]
MAP = {
    name: (min(p.first for p in TABLES if p.name == name), max(p.last for p in TABLES if p.name == name))
    for name in dict.fromkeys(p.name for p in TABLES)
}
