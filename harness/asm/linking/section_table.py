# SPDX-License-Identifier: MIT
"""Table of the sections of a source, and the one that statements go to (GNU as manual, 4)."""

from __future__ import annotations

from collections.abc import Iterator

from harness.asm.linking.sections import Section, SectionKind, section_kind
from harness.asm.source import StatementError

_LAST_SUBSECTION = 8192  # GNU as manual, 4.4


class SectionTable:
    """Sections of a source by name and subsection, and the one that statements go to."""

    def __init__(self) -> None:
        self._sections: dict[str, dict[int, Section]] = {}
        self._pushed: list[tuple[Section, Section]] = []
        for name in (".text", ".data", ".bss"):
            self._sections[name] = {0: Section(name, section_kind(name, None, False))}
        self.current = self._previous = self._sections[".text"][0]

    def __iter__(self) -> Iterator[Section]:
        """Yields the sections as they came, and the subsections of each by their numbers."""
        for subsections in self._sections.values():
            for number in sorted(subsections):
                yield subsections[number]

    def select(self, name: str, kind: SectionKind | None = None, number: int = 0) -> None:
        """Continues in a section or in a subsection of it, which is made if it is new."""
        if not 0 <= number <= _LAST_SUBSECTION:
            raise StatementError(f"subsection {number} is out of range: 0 to {_LAST_SUBSECTION}")
        subsections = self._sections.setdefault(name, {})
        if number not in subsections:
            kinds = [section.kind for section in subsections.values()]
            kind = kinds[0] if kinds else kind or section_kind(name, None, False)
            subsections[number] = Section(name, kind, number)
        self._switch(subsections[number])

    def select_absolute(self, offset: int) -> None:
        """Continues at an offset of nothing, where labels are numbers."""
        if offset < 0:
            raise StatementError(f"an offset is 0 or more, not {offset}")
        self._switch(Section("*ABS*", SectionKind.ABSOLUTE, size=offset))

    def push(self) -> None:
        """Remembers the section and the one before it (``.pushsection``)."""
        self._pushed.append((self.current, self._previous))

    def pop(self) -> None:
        """Goes back to the section remembered last (``.popsection``)."""
        if not self._pushed:
            raise StatementError("`.popsection` without `.pushsection`")
        self.current, self._previous = self._pushed.pop()

    def swap(self) -> None:
        """Goes back to the section before this one (``.previous``)."""
        self._switch(self._previous)

    def _switch(self, section: Section) -> None:
        self._previous, self.current = self.current, section
