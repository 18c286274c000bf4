# SPDX-License-Identifier: MIT
"""Directives that put data into a section, choose one, or say nothing that matters here (GNU as manual, 7)."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Protocol

from harness.asm.expressions import Node
from harness.asm.sections import Kind, Section, kind_of
from harness.asm.source import AsmError, Location
from harness.asm.symbols import SymbolTable

_PART = re.compile(r'"(?:\\.|[^"\\])*"|[(),\[\]]')
_STRING = re.compile(r'\s*"((?:\\.|[^"\\])*)"\s*', re.DOTALL)
_ESCAPE = re.compile(r"\\(x[0-9a-fA-F]+|[0-7]{1,3}|.)", re.DOTALL)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "\\": "\\", '"': '"', "'": "'"}
_LARGEST_FILL = 8


class Assembler(Protocol):
    """What a directive may ask of the assembler."""

    section: Section
    location: Location
    symbols: SymbolTable

    def parse(self, text: str) -> Node:
        """Parse an expression here."""

    def constant(self, text: str) -> int:
        """An expression that must be a number by now."""

    def select(self, name: str, kind: Kind | None = None) -> None:
        """Continue in a section, made if it is new."""

    def push_section(self) -> None:
        """Remember the section (``.pushsection``)."""

    def pop_section(self) -> None:
        """Go back to the remembered section (``.popsection``)."""

    def previous_section(self) -> None:
        """Go back to the section before this one (``.previous``)."""

    def define_label(self, name: str) -> None:
        """Give a name to this place."""

    def dump_literals(self) -> None:
        """Put the literal pool here."""

    def read_binary(self, name: str) -> bytes:
        """The bytes of a file found as included ones are."""


Directive = Callable[[Assembler, str, str], None]


def split(text: str) -> list[str]:
    """Split at commas outside strings and brackets; an empty text has no parts."""
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


def string(text: str) -> bytes:
    """The bytes of one or more adjacent string literals."""
    out, at = bytearray(), 0
    while at < len(text) or not text:
        match = _STRING.match(text, at)
        if match is None:
            raise AsmError(f"a string in double quotes is expected, not `{text.strip() or 'nothing'}`")
        last = 0
        for escape in _ESCAPE.finditer(match[1]):
            out += match[1][last : escape.start()].encode()
            out += _escape(escape[1])
            last = escape.end()
        out += match[1][last:].encode()
        at = match.end()
    return bytes(out)


def _escape(code: str) -> bytes:
    if code[0] == "x" and len(code) > 1:
        return bytes((int(code[1:], 16) & 0xFF,))
    if code[0] in "01234567":
        return bytes((int(code, 8) & 0xFF,))
    if code not in _ESCAPES:
        raise AsmError(f"unknown escape `\\{code}` in a string")
    return _ESCAPES[code].encode()


def to_bytes(value: int, size: int) -> bytes:
    """Little-endian bytes; AsmError if the value needs more, signed or unsigned."""
    if not -(1 << 8 * size - 1) <= value < 1 << 8 * size:
        raise AsmError(f"{value:#x} does not fit into {size} byte{'s' * (size > 1)}")
    return (value & (1 << 8 * size) - 1).to_bytes(size, "little")


def _values(size: int) -> Directive:
    def put(asm: Assembler, rest: str, name: str) -> None:
        for part in split(rest):
            node = asm.parse(part)
            if isinstance(node, int):
                asm.section.emit(to_bytes(node, size))
            else:
                asm.section.fix(size, node, asm.location)

    return put


def _strings(terminator: bytes) -> Directive:
    def put(asm: Assembler, rest: str, name: str) -> None:
        for part in split(rest):
            asm.section.emit(string(part) + terminator)

    return put


def _optional(asm: Assembler, parts: list[str], index: int) -> int | None:
    return asm.constant(parts[index]) if index < len(parts) and parts[index] else None


def _at_most(parts: list[str], least: int, most: int, name: str) -> list[str]:
    if not least <= len(parts) <= most:
        wanted = str(least) if least == most else f"{least} to {most}"
        raise AsmError(f"`{name}` takes {wanted} arguments, not {len(parts)}")
    return parts


def _alignment(*, power: bool, width: int = 1) -> Directive:
    def align(asm: Assembler, rest: str, name: str) -> None:
        parts = _at_most(split(rest), 0, 3, name)
        boundary = (_optional(asm, parts, 0) if parts else None) or 0
        if power:
            if not 0 <= boundary < 32:
                raise AsmError(f"alignment of 2 to the power {boundary} is out of range")
            boundary = 1 << boundary
        asm.section.align(boundary or 1, _optional(asm, parts, 1), width, _optional(asm, parts, 2))

    return align


def _space(asm: Assembler, rest: str, name: str) -> None:
    parts = _at_most(split(rest), 1, 2, name)
    asm.section.space(asm.constant(parts[0]), _optional(asm, parts, 1) or 0)


def _fill(asm: Assembler, rest: str, name: str) -> None:
    parts = _at_most(split(rest), 1, 3, name)
    count, size = asm.constant(parts[0]), _optional(asm, parts, 1)
    size = 1 if size is None else size
    if count < 0 or not 0 <= size <= _LARGEST_FILL:
        raise AsmError(f"`.fill` of {count} times {size} bytes is out of range")
    value = (_optional(asm, parts, 2) or 0) & (1 << 8 * size) - 1
    if not value:
        asm.section.space(count * size)
        return
    asm.section.space(0 if count * size < 1 << 30 else count * size)
    # GNU as: a value has four bytes at the most, what is above is zero.
    asm.section.emit((value & 0xFFFF_FFFF).to_bytes(8, "little")[:size] * count)


def _org(asm: Assembler, rest: str, name: str) -> None:
    parts = _at_most(split(rest), 1, 2, name)
    node = asm.parse(parts[0])
    target = node.offset if not isinstance(node, (int, str, tuple)) and node.section is asm.section else node
    if not isinstance(target, int):
        raise AsmError("`.org` needs an offset in this section that is known here")
    if target < asm.section.size:
        raise AsmError(f"`.org` cannot go back: {target:#x} is before {asm.section.size:#x}")
    asm.section.space(target - asm.section.size, _optional(asm, parts, 1) or 0)


def _incbin(asm: Assembler, rest: str, name: str) -> None:
    parts = _at_most(split(rest), 1, 3, name)
    data = asm.read_binary(string(parts[0]).decode())
    skip, count = _optional(asm, parts, 1) or 0, _optional(asm, parts, 2)
    if not 0 <= skip <= len(data) or (count is not None and not 0 <= count <= len(data) - skip):
        raise AsmError(f"`.incbin`: the file has only {len(data)} bytes")
    asm.section.emit(data[skip:] if count is None else data[skip : skip + count])


def _inst(asm: Assembler, rest: str, name: str) -> None:
    if asm.section.size % 4:
        raise AsmError("an instruction must be 4-byte aligned: put `.balign 4` before it")
    asm.section.alignment = max(asm.section.alignment, 4)
    _values(4)(asm, rest, name)


def _section(asm: Assembler, rest: str, name: str) -> None:
    parts = split(rest)
    if not parts:
        raise AsmError(f"`{name}` needs a section name")
    flags = None
    if len(parts) > 1:
        flags = string(parts[1]).decode()
    nobits = len(parts) > 2 and parts[2].lstrip("@%") == "nobits"
    section = parts[0].strip('"')
    if name == ".pushsection":
        asm.push_section()
    asm.select(section, kind_of(section, flags, nobits))


def _named_section(asm: Assembler, rest: str, name: str) -> None:
    if rest:
        raise AsmError(f"`{name} {rest}`: subsections are not supported")
    asm.select(name)


def _common(asm: Assembler, rest: str, name: str) -> None:
    parts = _at_most(split(rest), 2, 3, name)
    asm.push_section()
    asm.select(".bss")
    asm.section.align(_optional(asm, parts, 2) or 8)
    asm.define_label(parts[0])
    asm.section.space(asm.constant(parts[1]))
    asm.pop_section()


def _weak(asm: Assembler, rest: str, name: str) -> None:
    asm.symbols.weak.update(split(rest))


def _fail(asm: Assembler, rest: str, name: str) -> None:
    raise AsmError(string(rest).decode(errors="replace") if rest.strip() else f"`{name}`")


def _nothing(asm: Assembler, rest: str, name: str) -> None:
    """Accepted: it says nothing about the bytes."""


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
    **dict.fromkeys((".ltorg", ".pool"), lambda asm, rest, name: asm.dump_literals()),
    ".popsection": lambda asm, rest, name: asm.pop_section(),
    ".previous": lambda asm, rest, name: asm.previous_section(),
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
