# SPDX-License-Identifier: MIT
"""Fields of instructions that depend on addresses (DDI 0487, C6; ELF for AArch64, 5.7).

The assembler library never sees a label: an instruction is encoded with a zero in the field, and the field
is filled and checked here after layout.
"""

from __future__ import annotations

from enum import Enum

from harness.asm.source import StatementError

PAGE_MASK = 0xFFF


class Relocation(Enum):
    """Field of an instruction, and its way from the target."""

    BRANCH26 = "b"
    BRANCH19 = "b.cond"
    BRANCH14 = "tbz"
    LITERAL19 = "ldr (literal)"
    ADR = "adr"
    ADRP = "adrp"
    ADRP_NC = "adrp, unchecked"
    LO12 = ":lo12:"
    ABS_G0 = ":abs_g0:"
    ABS_G0_NC = ":abs_g0_nc:"
    ABS_G1 = ":abs_g1:"
    ABS_G1_NC = ":abs_g1_nc:"
    ABS_G2 = ":abs_g2:"
    ABS_G2_NC = ":abs_g2_nc:"
    ABS_G3 = ":abs_g3:"
    ABS_G0_S = ":abs_g0_s:"
    ABS_G1_S = ":abs_g1_s:"
    ABS_G2_S = ":abs_g2_s:"
    PREL_G0 = ":prel_g0:"
    PREL_G0_NC = ":prel_g0_nc:"
    PREL_G1 = ":prel_g1:"
    PREL_G1_NC = ":prel_g1_nc:"
    PREL_G2 = ":prel_g2:"
    PREL_G2_NC = ":prel_g2_nc:"
    PREL_G3 = ":prel_g3:"


MODIFIERS = {relocation.value: relocation for relocation in Relocation if relocation.value.startswith(":")}
GROUPS = frozenset(item for item in Relocation if item.value.startswith((":abs_g", ":prel_g")))
"""Those that select 16 bits, for MOVZ, MOVN and MOVK."""
_PLACE_RELATIVE = frozenset(item for item in GROUPS if item.value.startswith(":prel_"))
_UNCHECKED = frozenset(item for item in GROUPS if item.value.endswith("_nc:"))
SIGNED_GROUPS = frozenset(item for item in GROUPS - _UNCHECKED if item.value.endswith("_s:")) | (
    _PLACE_RELATIVE - _UNCHECKED
)
"""Those of a signed value, which makes a MOVN of what is negative."""
PC_RELATIVE = frozenset(
    (
        Relocation.BRANCH26,
        Relocation.BRANCH19,
        Relocation.BRANCH14,
        Relocation.LITERAL19,
        Relocation.ADR,
        Relocation.ADRP,
        Relocation.ADRP_NC,
    )
)
# Width in bits and position of a word offset.
_WORD_OFFSETS = {
    Relocation.BRANCH26: (26, 0),
    Relocation.BRANCH19: (19, 5),
    Relocation.BRANCH14: (14, 5),
    Relocation.LITERAL19: (19, 5),
}


def move_group(relocation: Relocation | None) -> int:
    """Returns the number of the 16-bit group that an ``:abs_gN:`` or a ``:prel_gN:`` selects."""
    assert relocation in GROUPS
    return int(relocation.value.partition("_g")[2][0])


def relocate(relocation: Relocation, word: int, place: int, target: int) -> int:
    """Returns the instruction with its field set; StatementError if the target cannot be reached or expressed."""
    if relocation in _WORD_OFFSETS:
        return word | _word_offset(relocation, word, place, target)
    if relocation in (Relocation.ADR, Relocation.ADRP, Relocation.ADRP_NC):
        return word | _page_offset(relocation, place, target)
    if relocation is Relocation.LO12:
        return word | _low_twelve(word, target)
    return _move(relocation, word, target - place if relocation in _PLACE_RELATIVE else target)


def _move(relocation: Relocation, word: int, value: int) -> int:
    """Returns MOVZ, MOVN or MOVK with its 16 bits of a value (ELF for AArch64, 5.7.5 and 5.7.6)."""
    shift = 16 * move_group(relocation)
    end = shift + 16
    if relocation in SIGNED_GROUPS:
        value = (value + (1 << 63)) % (1 << 64) - (1 << 63)
        if not -(1 << end) <= value < 1 << end:
            raise StatementError(
                f"{value:#x} does not fit `{relocation.value}`: it needs more than {end + 1} bits"
            )
        # A negative value becomes a MOVN of its complement, whichever of the two is written.
        word = word & ~(1 << 30) if value < 0 else word | 1 << 30
        value = ~value if value < 0 else value
    elif relocation not in _UNCHECKED and value >> end:
        raise StatementError(f"{value:#x} does not fit `{relocation.value}`: bits above {end - 1} are set")
    return word | (value >> shift & 0xFFFF) << 5


def _mnemonic(relocation: Relocation, word: int) -> str:
    """Returns the mnemonic that has the field: several share one."""
    if relocation is Relocation.BRANCH26:
        return "bl" if word >> 31 else "b"
    if relocation is Relocation.BRANCH14 or word & 0x7E00_0000 == 0x3400_0000:
        kind = "tb" if relocation is Relocation.BRANCH14 else "cb"
        return kind + ("nz" if word & 1 << 24 else "z")
    return str(relocation.value)


def _word_offset(relocation: Relocation, word: int, place: int, target: int) -> int:
    width, position = _WORD_OFFSETS[relocation]
    offset = target - place
    if offset & 3:
        raise StatementError(f"target {target:#x} is not a multiple of 4 bytes away")
    reach = 1 << (width + 1)
    if not -reach <= offset < reach:
        size = f"{reach >> 20} MiB" if reach >= 1 << 20 else f"{reach >> 10} KiB"
        raise StatementError(
            f"target is out of range: {offset:+#x} bytes away, `{_mnemonic(relocation, word)}` reaches {size}"
        )
    return (offset >> 2 & (1 << width) - 1) << position


def _page_offset(relocation: Relocation, place: int, target: int) -> int:
    offset = target - place
    if relocation is not Relocation.ADR:
        offset = (target >> 12) - (place >> 12)
    if relocation is not Relocation.ADRP_NC and not -(1 << 20) <= offset < 1 << 20:
        reach = "1 MiB" if relocation is Relocation.ADR else "4 GiB"
        away = f"{target - place:+#x} bytes away"
        raise StatementError(f"target is out of range: {away}, `{relocation.value}` reaches {reach}")
    return (offset & 3) << 29 | (offset >> 2 & 0x7FFFF) << 5


def _low_twelve(word: int, target: int) -> int:
    low = target & PAGE_MASK
    if word & 0x1F000000 == 0x11000000:  # ADD/SUB (immediate)
        return low << 10
    if word & 0x3B000000 != 0x39000000:  # load/store register (unsigned immediate)
        raise StatementError("`:lo12:` belongs into `add` or into the offset of a load or store")
    scale = word >> 30
    if word & 1 << 26 and word & 1 << 23:  # 128-bit SIMD register
        scale = 4
    if low & ((1 << scale) - 1):
        raise StatementError(
            f"`:lo12:` of {target:#x} is not a multiple of the access size, {1 << scale} bytes"
        )
    return (low >> scale) << 10
