# SPDX-License-Identifier: MIT
"""Linker: sections become a Program, with addresses, encodings, relocations and values."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeAlias

from harness.asm.encoding.complaints import judge, misfit, unknown_mnemonic
from harness.asm.encoding.encoder import EncodingError, encode
from harness.asm.encoding.extensions import as_half
from harness.asm.encoding.operands import Instruction, Operand, decimal
from harness.asm.encoding.relocations import PC_RELATIVE, relocate
from harness.asm.expressions import Address, Expression, resolve
from harness.asm.linking.sections import Section, SectionKind, lay_out, to_bytes
from harness.asm.linking.symbols import SourceSymbols, is_internal
from harness.asm.mistakes import Mistakes
from harness.asm.source import StatementError
from harness.image import LineMap, Program, Segment, SourceLine, Symbols

_NUMBER = re.compile(r"-?(?:0x[0-9a-f]+|0|[1-9]\d*)", re.IGNORECASE)

_PIECE = 32

Lookup = Callable[[str], Expression]
_Encoded: TypeAlias = tuple[Section, Instruction, str]
"""Instruction of a section, and the text of it that keystone gets; none for one whose word is known."""


def link(
    sections: Iterable[Section], symbols: SourceSymbols, base: int, path: Path | None, mistakes: Mistakes
) -> Program:
    """Lays sections out at ``base`` and fills in all that depends on addresses; GuestError with all mistakes."""
    loaded = [section for section in sections if section.loaded]
    lookup = symbols.lookup
    lay_out(loaded, base)
    _encode(loaded, lookup, mistakes)
    for section in loaded:
        for fixup in section.fixups:
            with mistakes.at(fixup.location):
                value = resolve(fixup.expression, lookup, addresses=True)
                section.data[fixup.offset : fixup.offset + fixup.size] = to_bytes(_integer(value), fixup.size)
    mistakes.check()
    segments = _segments(loaded)
    names = _symbols(symbols)
    return Program(
        entry=names.get("_start", base),
        segments=segments,
        symbols=Symbols(names, ((segment.address, segment.end + 1) for segment in segments)),
        kind="asm",
        lines=_lines(loaded),
        path=path,
    )


def _encode(sections: list[Section], lookup: Lookup, mistakes: Mistakes) -> None:
    """Encodes every instruction: equal texts once, all in one batch."""
    batch: list[_Encoded] = []
    for section in sections:
        for instruction in section.instructions:
            text = ""
            if instruction.word is None:
                with mistakes.at(instruction.location):
                    text = _text(instruction, lookup)
                if not text:
                    continue
            batch.append((section, instruction, text))
    words = _words(batch, mistakes)
    for section, instruction, text in batch:
        word = words[text] if instruction.word is None else instruction.word
        if instruction.half:
            word = as_half(word)
        if instruction.relocation is not None:
            with mistakes.at(instruction.location):
                word = _relocate(section, instruction, word, lookup)
        section.data[instruction.offset : instruction.offset + 4] = word.to_bytes(4, "little")


def _words(batch: list[_Encoded], mistakes: Mistakes) -> dict[str, int]:
    """Returns the words of the texts in a batch; 0 for one that has none, which is a mistake wherever it stands."""
    texts = list(dict.fromkeys(text for _, instruction, text in batch if instruction.word is None))
    try:
        return dict(zip(texts, encode(texts), strict=True))
    except EncodingError:
        pass
    wrong: dict[str, EncodingError] = {}
    at = 0
    while at < len(texts):  # by small pieces, for each that is wrong is looked into again
        try:
            encode(texts[at : at + _PIECE])
            at += _PIECE
        except EncodingError as error:
            wrong[texts[at + error.index]] = error
            at += error.index + 1
    for _, instruction, text in batch:
        if text in wrong:
            mistakes.add(instruction.location.error(_complaint(instruction, text, wrong[text])))
    return dict.fromkeys(texts, 0)


def _text(instruction: Instruction, lookup: Lookup) -> str:
    """Returns what keystone gets."""
    if len(instruction.pieces) == 1 and isinstance(instruction.pieces[0], str):
        return instruction.pieces[0]
    try:
        return "".join(
            _operand(piece, lookup) if isinstance(piece, Operand) else piece for piece in instruction.pieces
        )
    except StatementError as error:
        mnemonic, _, rest = instruction.text.partition(" ")
        raise judge(mnemonic, rest, lambda name: _defined(name, lookup), error) from None


def _defined(name: str, lookup: Lookup) -> bool:
    try:
        lookup(name)
    except StatementError:
        return False
    return True


def _operand(operand: Operand, lookup: Lookup) -> str:
    value = resolve(operand.expression, lookup)
    if not isinstance(value, int):
        raise StatementError(
            f"`{operand.text}` is an address, not a constant: use `adr`, `adrp` or `ldr Xt, =label`"
        )
    return decimal(value, wide=operand.wide)


def _relocate(section: Section, instruction: Instruction, word: int, lookup: Lookup) -> int:
    relocation = instruction.relocation
    assert relocation is not None
    target = resolve(instruction.target, lookup)
    if isinstance(target, int) and relocation in PC_RELATIVE and not _weak(instruction.target):
        raise StatementError(f"`{instruction.text}`: the target must be a label, not a constant")
    address = _integer(resolve(target, lookup, addresses=True))
    return relocate(relocation, word, section.address + instruction.offset, address & (1 << 64) - 1)


def _weak(target: Expression) -> bool:
    return isinstance(target, str)


def _integer(value: Expression) -> int:
    if not isinstance(value, int):
        raise StatementError("the expression cannot be computed from addresses")
    return value


def _complaint(instruction: Instruction, text: str, error: EncodingError) -> str:
    mnemonic, _, operands = text.partition(" ")
    if error.unknown_mnemonic:
        return str(unknown_mnemonic(mnemonic))
    if mnemonic.lower() == "mov" and "," in operands:
        source = operands.split(",", 1)[1].strip().removeprefix("#")
        if _NUMBER.fullmatch(source):
            return (
                f"`{instruction.text}`: {int(source, 0):#x} takes more than one instruction: "
                "use `ldr Xt, =value`, or `movz` and `movk`"
            )
    if mnemonic.lower() in ("mrs", "msr") and "#" not in operands:
        return f"`{instruction.text}`: no such system register, or not with these operands"
    return misfit(instruction.text, text, error.reason)


def _segments(sections: list[Section]) -> tuple[Segment, ...]:
    """Returns one segment for code, one for constants, one for data and the zeros after it."""
    groups = ((SectionKind.TEXT,), (SectionKind.RODATA,), (SectionKind.DATA, SectionKind.BSS))
    segments = []
    for kinds in groups:
        members = sorted(
            (section for section in sections if section.kind in kinds and section.size),
            key=lambda section: section.address,
        )
        if not members:
            continue
        low, data = members[0].address, bytearray()
        for section in members:
            if section.kind is not SectionKind.BSS:
                data += bytes(section.address - low - len(data)) + section.data
        size = members[-1].address + members[-1].size - low
        segments.append(Segment(low, bytes(data), size, kinds[0] is SectionKind.TEXT))
    return tuple(segments)


def _symbols(symbols: SourceSymbols) -> dict[str, int]:
    """Returns the names of places: labels and what is set to an address, without local ones (.L, numbers)."""
    names: dict[str, int] = {}
    for name, expression in symbols.values.items():
        if is_internal(name):
            continue
        try:
            value = resolve(expression, symbols.lookup)
        except StatementError:
            continue  # an assignment that nothing used: only its use would need the symbol
        if isinstance(value, Address) and value.section.loaded:
            names[name] = value.absolute
    return names


def _lines(sections: list[Section]) -> LineMap:
    rows = []
    for section in sections:
        places: dict[tuple[str, int], SourceLine] = {}
        for instruction in section.instructions:
            root = instruction.location.root
            key = (root.file, root.line)
            place = places.get(key) or places.setdefault(key, SourceLine(*key))
            start = section.address + instruction.offset
            rows.append((start, start + 4, place))
    return LineMap.from_rows(rows)
