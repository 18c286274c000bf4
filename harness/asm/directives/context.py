# SPDX-License-Identifier: MIT
"""Part of the assembler that directives work on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from harness.asm.expressions import Expression
from harness.asm.linking.section_table import SectionTable
from harness.asm.linking.sections import Section
from harness.asm.linking.symbols import SourceSymbols
from harness.asm.source import Location


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
