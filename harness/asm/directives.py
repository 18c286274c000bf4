# SPDX-License-Identifier: MIT
"""Directives that put data into a section, select one, or say nothing that matters here (GNU as manual, 7)."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Protocol

from harness.asm.expressions import Address, Expression
from harness.asm.linking.sections import Section, SectionTable, section_kind, to_bytes
from harness.asm.linking.symbols import SourceSymbols
from harness.asm.source import ESCAPES, QUOTED, Location, StatementError
from harness.wording import plural

_PART = re.compile(rf"{QUOTED}|[(),\[\]]")
_STRING = re.compile(r'\s*"((?:\\.|[^"\\])*)"\s*', re.DOTALL)
_ESCAPE = re.compile(r"\\(x[0-9a-fA-F]+|[0-7]{1,3}|.)", re.DOTALL)
_LARGEST_FILL = 8


class DirectiveContext(Protocol):
    """Part of the assembler that directives work on."""

    location: Location
    sections: SectionTable
    symbols: SourceSymbols

    @property
    def section(self) -> Section:
        """Section that statements go to."""

    def parse(self, text: str) -> Expression:
        """Parses an expression here."""

    def constant(self, text: str) -> int:
        """Returns the value of an expression that must be a number by now."""

    def read_binary(self, name: str) -> bytes:
        """Returns the bytes of a file found as included ones are."""


Directive = Callable[[DirectiveContext, str, str], None]


def _split(text: str) -> list[str]:
    """Splits at commas outside strings and brackets; an empty text has no parts."""
    if not text.strip():
        return []
    if '"' not in text and "(" not in text:
        return [part.strip() for part in text.split(",")]
    parts, depth, start = [], 0, 0
    for match in _PART.finditer(text):
        token = match[0]
        if token in "([":
            depth += 1
        elif token in ")]":
            depth -= 1
        elif token == "," and depth == 0:
            parts.append(text[start : match.start()].strip())
            start = match.end()
    return [*parts, text[start:].strip()]


def _string(text: str) -> bytes:
    """Returns the bytes of one or more adjacent string literals."""
    out, at = bytearray(), 0
    while at < len(text) or not text:
        match = _STRING.match(text, at)
        if match is None:
            raise StatementError(f"a string in double quotes is expected, not `{text.strip() or 'nothing'}`")
        last = 0
        for escape in _ESCAPE.finditer(match[1]):
            out += match[1][last : escape.start()].encode()
            out += _escape(escape[1])
            last = escape.end()
        out += match[1][last:].encode()
        at = match.end()
    return bytes(out)


def _text_string(text: str) -> str:
    try:
        return _string(text).decode()
    except UnicodeDecodeError:
        raise StatementError(f"{text.strip()} is not text in UTF-8") from None


def _escape(code: str) -> bytes:
    if code[0] == "x" and len(code) > 1:
        return bytes((int(code[1:], 16) & 0xFF,))
    if code[0] in "01234567":
        return bytes((int(code, 8) & 0xFF,))
    if code not in ESCAPES:
        raise StatementError(f"unknown escape `\\{code}` in a string")
    return bytes((ESCAPES[code],))


def _values(size: int) -> Directive:
    def put(asm: DirectiveContext, rest: str, name: str) -> None:
        for part in _split(rest):
            value = asm.parse(part)
            if isinstance(value, int):
                asm.section.emit(to_bytes(value, size))
            else:
                asm.section.fix(size, value, asm.location)

    return put


def _strings(terminator: bytes) -> Directive:
    def put(asm: DirectiveContext, rest: str, name: str) -> None:
        for part in _split(rest):
            asm.section.emit(_string(part) + terminator)

    return put


def _optional(asm: DirectiveContext, parts: list[str], index: int) -> int | None:
    return asm.constant(parts[index]) if index < len(parts) and parts[index] else None


def _at_most(parts: list[str], least: int, most: int, name: str) -> list[str]:
    if not least <= len(parts) <= most:
        wanted = plural(most, "argument")
        if least != most:
            wanted = f"{least} to {wanted}"
        raise StatementError(f"`{name}` takes {wanted}, not {len(parts)}")
    return parts


def _alignment(*, power: bool, width: int = 1) -> Directive:
    def align(asm: DirectiveContext, rest: str, name: str) -> None:
        parts = _at_most(_split(rest), 0, 3, name)
        boundary = (_optional(asm, parts, 0) if parts else None) or 0
        if power:
            if not 0 <= boundary < 32:
                raise StatementError(f"alignment of 2 to the power {boundary} is out of range")
            boundary = 1 << boundary
        asm.section.align(boundary or 1, _optional(asm, parts, 1), width, _optional(asm, parts, 2))

    return align


def _space(asm: DirectiveContext, rest: str, name: str) -> None:
    parts = _at_most(_split(rest), 1, 2, name)
    asm.section.space(asm.constant(parts[0]), _optional(asm, parts, 1) or 0)


def _fill(asm: DirectiveContext, rest: str, name: str) -> None:
    parts = _at_most(_split(rest), 1, 3, name)
    count, size = asm.constant(parts[0]), _optional(asm, parts, 1)
    size = 1 if size is None else size
    if count < 0 or not 0 <= size <= _LARGEST_FILL:
        raise StatementError(f"`.fill` of {count} times {size} bytes is out of range")
    value = (_optional(asm, parts, 2) or 0) & (1 << 8 * size) - 1
    if not value:
        asm.section.space(count * size)
        return
    asm.section.space(0 if count * size < 1 << 30 else count * size)
    # GNU as: a value has four bytes at the most, what is above is zero.
    asm.section.emit((value & 0xFFFF_FFFF).to_bytes(8, "little")[:size] * count)


def _org(asm: DirectiveContext, rest: str, name: str) -> None:
    parts = _at_most(_split(rest), 1, 2, name)
    target = asm.parse(parts[0])
    if isinstance(target, Address) and target.section is asm.section:
        target = target.offset
    if not isinstance(target, int):
        raise StatementError("`.org` needs an offset in this section that is known here")
    if target < asm.section.size:
        raise StatementError(f"`.org` cannot go back: {target:#x} is before {asm.section.size:#x}")
    asm.section.space(target - asm.section.size, _optional(asm, parts, 1) or 0)


def _incbin(asm: DirectiveContext, rest: str, name: str) -> None:
    parts = _at_most(_split(rest), 1, 3, name)
    data = asm.read_binary(_text_string(parts[0]))
    skip, count = _optional(asm, parts, 1) or 0, _optional(asm, parts, 2)
    if not 0 <= skip <= len(data) or (count is not None and not 0 <= count <= len(data) - skip):
        raise StatementError(f"`.incbin`: the file has only {plural(len(data), 'byte')}")
    asm.section.emit(data[skip:] if count is None else data[skip : skip + count])


def _inst(asm: DirectiveContext, rest: str, name: str) -> None:
    asm.section.begin_instruction()
    _values(4)(asm, rest, name)


def _section(asm: DirectiveContext, rest: str, name: str) -> None:
    parts = _split(rest)
    if not parts:
        raise StatementError(f"`{name}` needs a section name")
    flags = None
    if len(parts) > 1:
        flags = _text_string(parts[1])
    nobits = len(parts) > 2 and parts[2].lstrip("@%") == "nobits"
    section = parts[0].strip('"')
    if name == ".pushsection":
        asm.sections.push()
    asm.sections.select(section, section_kind(section, flags, nobits))


def _named_section(asm: DirectiveContext, rest: str, name: str) -> None:
    if rest:
        raise StatementError(f"`{name} {rest}`: subsections are not supported")
    asm.sections.select(name)


def _common(asm: DirectiveContext, rest: str, name: str) -> None:
    parts = _at_most(_split(rest), 2, 3, name)
    asm.sections.push()
    asm.sections.select(".bss")
    asm.section.align(_optional(asm, parts, 2) or 8)
    asm.symbols.define_label(parts[0], asm.location)
    asm.section.space(asm.constant(parts[1]))
    asm.sections.pop()


def _weak(asm: DirectiveContext, rest: str, name: str) -> None:
    asm.symbols.weak.update(_split(rest))


def _fail(asm: DirectiveContext, rest: str, name: str) -> None:
    raise StatementError(_string(rest).decode(errors="replace") if rest.strip() else f"`{name}`")


def _literal_pool(asm: DirectiveContext, rest: str, name: str) -> None:
    asm.symbols.place_literals(asm.section.dump_literals())


def _nothing(asm: DirectiveContext, rest: str, name: str) -> None:
    """Accepts what says nothing about the bytes."""


_SIZES = {
    1: (".byte", ".1byte"),
    2: (".hword", ".short", ".half", ".2byte"),
    4: (".word", ".long", ".int", ".4byte"),
    8: (".quad", ".xword", ".dword", ".8byte"),
    16: (".octa",),
}
_IGNORED = """
    .global .globl .type .size .local .hidden .internal .protected .file .ident .arch .cpu .arch_extension
    .warning .print .cfi_startproc .cfi_endproc .cfi_def_cfa .cfi_def_cfa_offset .cfi_offset
    .cfi_def_cfa_register .cfi_restore .cfi_sections .cfi_adjust_cfa_offset .loc .addrsig .addrsig_sym
    .variant_pcs .title .sbttl .list .nolist .eject .psize .noaltmacro
"""

DIRECTIVES: dict[str, Directive] = {
    **{name: _values(size) for size, names in _SIZES.items() for name in names},
    **dict.fromkeys(_IGNORED.split(), _nothing),
    **dict.fromkeys((".skip", ".space", ".zero"), _space),
    **dict.fromkeys((".section", ".pushsection"), _section),
    **dict.fromkeys((".text", ".data", ".bss", ".rodata"), _named_section),
    **dict.fromkeys((".comm", ".lcomm"), _common),
    **dict.fromkeys((".error", ".err", ".abort"), _fail),
    **dict.fromkeys((".ltorg", ".pool"), _literal_pool),
    ".popsection": lambda asm, rest, name: asm.sections.pop(),
    ".previous": lambda asm, rest, name: asm.sections.swap(),
    ".ascii": _strings(b""),
    ".asciz": _strings(b"\0"),
    ".string": _strings(b"\0"),
    ".align": _alignment(power=True),
    ".p2align": _alignment(power=True),
    ".p2alignw": _alignment(power=True, width=2),
    ".p2alignl": _alignment(power=True, width=4),
    ".balign": _alignment(power=False),
    ".balignw": _alignment(power=False, width=2),
    ".balignl": _alignment(power=False, width=4),
    ".fill": _fill,
    ".org": _org,
    ".incbin": _incbin,
    ".inst": _inst,
    ".weak": _weak,
}
