# SPDX-License-Identifier: MIT
"""Directives that place what follows: alignment, offsets, sections, subsections, and the layout of structures."""

from __future__ import annotations

from harness.asm.directives.arguments import at_most, optional, split, text_string
from harness.asm.directives.context import Directive, DirectiveContext
from harness.asm.expressions import Address
from harness.asm.linking.sections import section_kind
from harness.asm.source import StatementError


def alignment(*, power: bool, width: int = 1) -> Directive:
    """Returns the directive that aligns to a number of bytes, or to a power of two."""

    def align(asm: DirectiveContext, rest: str, name: str) -> None:
        parts = at_most(split(rest), 0, 3, name)
        boundary = (optional(asm, parts, 0) if parts else None) or 0
        if power:
            if not 0 <= boundary < 32:
                raise StatementError(f"alignment of 2 to the power {boundary} is out of range")
            boundary = 1 << boundary
        asm.section.align(boundary or 1, optional(asm, parts, 1), width, optional(asm, parts, 2))

    return align


def even(asm: DirectiveContext, rest: str, name: str) -> None:
    """Does ``.even``."""
    at_most(split(rest), 0, 0, name)
    asm.section.align(2)


def org(asm: DirectiveContext, rest: str, name: str) -> None:
    """Does ``.org``: pads up to an offset in the section."""
    parts = at_most(split(rest), 1, 2, name)
    target = asm.parse(parts[0])
    if isinstance(target, Address) and target.section is asm.section:
        target = target.offset
    if not isinstance(target, int):
        raise StatementError("`.org` needs an offset in this section that is known here")
    if target < asm.section.size:
        raise StatementError(f"`.org` cannot go back: {target:#x} is before {asm.section.size:#x}")
    asm.section.space(target - asm.section.size, optional(asm, parts, 1) or 0)


def section(asm: DirectiveContext, rest: str, name: str) -> None:
    """Does ``.section`` and ``.pushsection``, whose name a subsection may follow."""
    parts = split(rest)
    if not parts:
        raise StatementError(f"`{name}` needs a section name")
    number = 0
    if name == ".pushsection" and len(parts) > 1 and not parts[1].startswith('"'):
        number = asm.constant(parts.pop(1))
    flags = None
    if len(parts) > 1:
        flags = text_string(parts[1])
    nobits = len(parts) > 2 and parts[2].lstrip("@%") == "nobits"
    chosen = parts[0].strip('"')
    if name == ".pushsection":
        asm.sections.push()
    asm.sections.select(chosen, section_kind(chosen, flags, nobits), number)


def named_section(asm: DirectiveContext, rest: str, name: str) -> None:
    """Does ``.text`` and its kin, which a subsection may follow."""
    parts = at_most(split(rest), 0, 1, name)
    asm.sections.select(name, number=optional(asm, parts, 0) or 0)


def subsection(asm: DirectiveContext, rest: str, name: str) -> None:
    """Does ``.subsection``: goes on in another one of this section."""
    parts = at_most(split(rest), 0, 1, name)
    asm.sections.select(asm.section.name, asm.section.kind, optional(asm, parts, 0) or 0)


def structure(asm: DirectiveContext, rest: str, name: str) -> None:
    """Does ``.struct`` and ``.offset``: labels become offsets, counted from a number."""
    (offset,) = at_most(split(rest), 1, 1, name)
    asm.sections.select_absolute(asm.constant(offset))


def common(asm: DirectiveContext, rest: str, name: str) -> None:
    """Does ``.comm`` and ``.lcomm``: a label and its room in ``.bss``."""
    parts = at_most(split(rest), 2, 3, name)
    asm.sections.push()
    asm.sections.select(".bss")
    asm.section.align(optional(asm, parts, 2) or 8)
    asm.symbols.define_label(parts[0], asm.location)
    asm.section.space(asm.constant(parts[1]))
    asm.sections.pop()
