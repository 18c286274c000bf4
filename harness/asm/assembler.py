# SPDX-License-Identifier: MIT
"""The assembler: GNU-style source to a :class:`Program`, instructions encoded by keystone.

This front end does everything but encode instructions: files, preprocessor, macros, expressions, data,
sections, literal pools and relocations. So a source means the same here and under GNU as or clang, and
keystone never meets what it gets wrong.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path

from harness.asm import expressions as _expr
from harness.asm import instructions as _instructions
from harness.asm import macros as _macros
from harness.asm.conditionals import Conditionals
from harness.asm.directives import DIRECTIVES
from harness.asm.expressions import Node
from harness.asm.link import link
from harness.asm.preprocessor import Preprocessor
from harness.asm.sections import Kind, Section, kind_of
from harness.asm.source import AsmError, Location, Statement
from harness.asm.symbols import NAME, SymbolTable
from harness.errors import GuestError
from harness.image.program import Program
from harness.library import guest_asm_dir

DEFAULT_BASE = 0x4008_0000
"""RAM + 0x80000: where the board puts a guest that does not say where it belongs."""

_LABEL = re.compile(rf"({NAME}|\d+)\s*:(?!:)\s*")
_ASSIGNMENT = re.compile(rf"({NAME})\s*=(?!=)\s*(.*)", re.DOTALL)
_REGISTER_NAME = re.compile(r"([A-Za-z_]\w*)\s+\.req\s+(\w+)", re.IGNORECASE)
MOST_STATEMENTS = 2_000_000
"""What a source may expand to: an endless ``.rept`` or macro is an error, not a hang."""
_DEEPEST = 200
_STEP = 4


def assemble(
    source: str | PathLike[str],
    *,
    name: str = "<source>",
    base: int = DEFAULT_BASE,
    include: Sequence[str | PathLike[str]] = (),
    defines: Mapping[str, str | int] | None = None,
) -> Program:
    """Assemble a text (``str``, called ``name`` in messages) or a file (``Path``) to a Program at ``base``.

    ``include`` are directories searched after the including file's own and before the library of guest
    sources; ``defines`` are as by ``#define``. GuestError says file, line and what is wrong.
    """
    search = [*(Path(place) for place in include), guest_asm_dir()]
    assembler = _Assembler(
        Preprocessor(search, defines or {}), name if isinstance(source, str) else str(source)
    )
    path = None if isinstance(source, str) else Path(source)
    try:
        if isinstance(source, str):
            statements = assembler.reader.read_text(source, name)
        else:
            statements = assembler.reader.read_file(Path(source))
        assembler.run(statements)
        return link(assembler.sections.values(), assembler.symbols, base, path)
    except AsmError as error:
        raise GuestError(str(error)) from None
    except RecursionError:  # hundreds of brackets, or of #define calls within each other
        raise assembler.location.error("an expression here or just after is nested too deep") from None


@dataclass(slots=True)
class _Source:
    """Statements being read; conditionals it opens must end above ``floor``."""

    statements: Iterator[Statement]
    floor: int
    expansion: bool
    macro: bool


class _Assembler:
    """The state of one run over a source; it is the scope of its expressions and directives."""

    def __init__(self, reader: Preprocessor, name: str) -> None:
        self.reader = reader
        self.sections: dict[str, Section] = {}
        self.symbols = SymbolTable(lambda: self.section.here)
        self.location = Location(name, 1)
        self._macros: dict[str, _macros.Macro] = {}
        self._registers: dict[str, str] = {}
        self._calls = 0
        self._count = 0
        self._sources: list[_Source] = []
        self._stack: list[tuple[Section, Section]] = []
        self._conditionals = Conditionals(self.constant, self.symbols.values.__contains__)
        for section in (".text", ".data", ".bss"):
            self.sections[section] = Section(section, kind_of(section, None, False))
        self.section = self._before = self.sections[".text"]

    # -- statements ------------------------------------------------------------------------------

    def run(self, statements: Iterator[Statement]) -> None:
        """Read all statements; at the end every section has its bytes, but for what depends on addresses."""
        self._push(statements)
        while self._sources:
            source = self._sources[-1]
            statement = next(source.statements, None)
            if statement is None:
                self._conditionals.check(source.floor)
                self._sources.pop()
                continue
            self.location = statement.location
            try:
                self._statement(statement.text)
            except AsmError as error:
                raise statement.location.error(str(error)) from None
        for section in self.sections.values():
            self.symbols.values.update(section.dump_literals())

    def _push(self, statements: Iterator[Statement], *, expansion: bool = False, macro: bool = False) -> None:
        if len(self._sources) >= _DEEPEST:
            raise AsmError(f"macros or files are nested more than {_DEEPEST} deep: does one call itself?")
        self._sources.append(_Source(statements, self._conditionals.depth, expansion, macro))

    def _statement(self, text: str) -> None:
        self._count += 1
        if self._count > MOST_STATEMENTS:
            raise AsmError(f"the source expands to more than {MOST_STATEMENTS} statements")
        active = self._conditionals.active
        while active and (label := _LABEL.match(text)) is not None:
            self.define_label(label[1])
            text = text[label.end() :]
        if not text:
            return
        word, _, rest = text.partition(" ") if "\t" not in text else _partition(text)
        lower, rest = word.lower(), rest.strip()
        if lower[0] == "." and self._conditionals.handle(lower, rest, self.location, self._sources[-1].floor):
            return
        if not self._conditionals.active:
            return
        macro = self._macros.get(lower)
        if macro is not None:
            self._expand(macro, rest)
        elif "=" in text and (assignment := _ASSIGNMENT.fullmatch(text)) is not None:
            self._assign(assignment[1], assignment[2])
        elif lower[0] == ".":
            self._directive(lower, rest, text)
        elif self._registers or ".req" in rest:
            self._with_registers(word, rest, text)
        else:
            self._instruction(word, rest)

    def _directive(self, name: str, rest: str, text: str) -> None:
        handler = DIRECTIVES.get(name)
        if handler is not None:
            handler(self, rest, name)
        elif name in _CONTROL:
            _CONTROL[name](self, rest)
        elif name in _macros.OPENING:
            self._block(name, rest)
        else:
            raise AsmError(f"unknown directive `{name}`")

    def _instruction(self, mnemonic: str, rest: str) -> None:
        section = self.section
        if section.kind is Kind.BSS:
            raise AsmError("`.bss` holds only zeros: instructions belong into `.text`")
        if section.size % _STEP:
            raise AsmError("an instruction must be 4-byte aligned: put `.balign 4` before it")
        instruction = _instructions.read(mnemonic, rest, self.symbols, self.literal, self.location)
        instruction.offset = section.size
        section.alignment = max(section.alignment, _STEP)
        section.instructions.append(instruction)
        section.emit(bytes(_STEP))

    # -- macros ----------------------------------------------------------------------------------

    def _expand(self, macro: _macros.Macro, rest: str) -> None:
        values = macro.bind(rest)
        self._push(macro.expand(values, self._calls, self.location), expansion=True, macro=True)
        self._calls += 1

    def _block(self, name: str, rest: str) -> None:
        body = _macros.collect(name, self.location, self._sources[-1].statements)
        if name == ".macro":
            macro = _macros.define(rest, body)
            if macro.name.lower() in self._macros:
                raise AsmError(f"macro `{macro.name}` is already defined")
            self._macros[macro.name.lower()] = macro
            return
        count = self.constant(rest) if name == ".rept" else 0
        self._push(_macros.repeat(name, rest, count, body), expansion=True)

    def _exit_macro(self, rest: str) -> None:
        if not any(source.macro for source in self._sources):
            raise AsmError("`.exitm` outside a macro")
        while self._sources:
            source = self._sources.pop()
            if source.expansion:
                self._conditionals.cut(source.floor)
                return

    def _purge_macro(self, rest: str) -> None:
        if self._macros.pop(rest.lower(), None) is None:
            raise AsmError(f"no macro `{rest}` to purge")

    def _include(self, rest: str) -> None:
        name = rest.strip().strip('"')
        self._push(self.reader.read_file(self.reader.find(name, self.location.root.file)))

    def _with_registers(self, word: str, rest: str, text: str) -> None:
        """``name .req register`` (GNU as manual, 9.1.4), and instructions while such names exist."""
        match = _REGISTER_NAME.fullmatch(text)
        if match is not None:
            self._registers[match[1]] = self._registers.get(match[2], match[2])
            return
        pattern = r"(?<![\w.$])(?:" + "|".join(map(re.escape, self._registers)) + r")(?![\w$])"
        self._instruction(
            word, re.sub(pattern, lambda m: self._registers[m[0]], rest) if self._registers else rest
        )

    def _forget_register(self, rest: str) -> None:
        if self._registers.pop(rest, None) is None:
            raise AsmError(f"no register name `{rest}` to forget")

    # -- symbols and expressions -----------------------------------------------------------------

    def define_label(self, name: str) -> None:
        """Give a name to this place."""
        self.symbols.define_label(name, self.location)

    def _assign(self, name: str, expression: str, *, once: bool = False) -> None:
        if name == ".":
            DIRECTIVES[".org"](self, expression, ".org")
        else:
            self.symbols.assign(name, self.parse(expression), once=once)

    def _set(self, rest: str, *, once: bool = False) -> None:
        name, comma, expression = rest.partition(",")
        if not comma:
            raise AsmError("`.set` needs a symbol and an expression")
        self._assign(name.strip(), expression, once=once)

    def parse(self, text: str) -> Node:
        """Parse an expression here."""
        return _expr.parse(text, self.symbols)

    def constant(self, text: str) -> int:
        """An expression that must be a number by now."""
        value = _expr.resolve(self.parse(text), self.symbols.lookup)
        if not isinstance(value, int):
            raise AsmError(f"`{text.strip()}` is not a constant")
        return value

    def literal(self, size: int, node: Node) -> Node:
        """The address of a literal in this section's next pool."""
        return self.section.literal(size, node, self.location, self.symbols.fresh_literal())

    # -- sections --------------------------------------------------------------------------------

    def dump_literals(self) -> None:
        """Put this section's literal pool here."""
        self.symbols.values.update(self.section.dump_literals())

    def select(self, name: str, kind: Kind | None = None) -> None:
        """Continue in a section, made if it is new."""
        section = self.sections.get(name)
        if section is None:
            section = self.sections[name] = Section(name, kind or kind_of(name, None, False))
        self._before, self.section = self.section, section

    def push_section(self) -> None:
        """Remember the section and the one before it."""
        self._stack.append((self.section, self._before))

    def pop_section(self) -> None:
        """Go back to the section remembered last."""
        if not self._stack:
            raise AsmError("`.popsection` without `.pushsection`")
        self.section, self._before = self._stack.pop()

    def previous_section(self) -> None:
        """Swap with the section before this one."""
        self.section, self._before = self._before, self.section

    def read_binary(self, name: str) -> bytes:
        """The bytes of a file found as included ones are."""
        path = self.reader.find(name, self.location.root.file)
        try:
            return path.read_bytes()
        except OSError as error:
            raise AsmError(f"cannot read `{path}`: {error.strerror}") from None

    def end(self, rest: str) -> None:
        """``.end``: nothing after this is read."""
        self._conditionals.cut(0)
        self._sources.clear()


def _partition(text: str) -> tuple[str, str, str]:
    word, *rest = text.split(None, 1)
    return word, " ", rest[0] if rest else ""


_CONTROL: dict[str, Callable[[_Assembler, str], None]] = {
    ".include": _Assembler._include,
    ".exitm": _Assembler._exit_macro,
    ".purgem": _Assembler._purge_macro,
    ".set": _Assembler._set,
    ".equ": _Assembler._set,
    ".equiv": lambda assembler, rest: assembler._set(rest, once=True),
    ".unreq": _Assembler._forget_register,
    ".end": _Assembler.end,
}
