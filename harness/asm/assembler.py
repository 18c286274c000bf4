# SPDX-License-Identifier: MIT
"""Assembler of one source: it takes statement after statement, and gives them to the linker.

This front end does everything but encode instructions: files, preprocessor, macros, expressions, data,
sections, literal pools and relocations. So a source means the same here and under GNU as or clang, and
keystone never meets what it gets wrong.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from os import PathLike
from pathlib import Path

from harness.asm.arguments import check_base, check_defines, check_text, path_argument, search_path
from harness.asm.directives import DIRECTIVES, unknown_directive
from harness.asm.encoding.extensions import Features
from harness.asm.encoding.instructions import read_instruction
from harness.asm.encoding.register_names import RegisterNames
from harness.asm.expressions import Expression, parse_expression, resolve
from harness.asm.linking.link import link
from harness.asm.linking.section_table import SectionTable
from harness.asm.linking.sections import Section
from harness.asm.linking.symbols import SourceSymbols
from harness.asm.mistakes import Mistakes
from harness.asm.preprocessing import macros
from harness.asm.preprocessing.if_directives import IF_DIRECTIVES, condition_holds
from harness.asm.preprocessing.preprocessor import Preprocessor
from harness.asm.preprocessing.statement_stack import StatementStack
from harness.asm.source import NAME, Location, Statement, StatementError
from harness.errors import ConfigError, GuestError
from harness.image import DEFAULT_BASE, Program
from harness.library import guest_asm_dir

_LABEL = re.compile(rf"({NAME}|\d+)\s*:(?!:)\s*")
_WORD = re.compile(r"([^ \t]+)\s*(.*)", re.DOTALL)
_ASSIGNMENT = re.compile(rf"({NAME})\s*(==?)\s*(.*)", re.DOTALL)


def assemble(
    source: str | PathLike[str],
    *,
    name: str = "<source>",
    base: int = DEFAULT_BASE,
    include: Sequence[str | PathLike[str]] = (),
    defines: Mapping[str, str | int] | None = None,
    reads: dict[str, str | None] | None = None,
) -> Program:
    """Assembles a text (``str``, called ``name`` in messages) or a file (``Path``) to a Program at ``base``.

    ``include`` are directories searched after the including file's own and before the library of guest
    sources; ``defines`` are as by ``#define``. ``reads`` is given what the program came of, as
    :class:`~harness.asm.preprocessing.preprocessor.Preprocessor` has it. GuestError says file, line and what is
    wrong; ConfigError tells of an argument that cannot be.
    """
    path = None if isinstance(source, str) else path_argument("assemble(source)", source)
    if not isinstance(name, str):
        raise ConfigError(f"assemble(name={name!r}): text is needed")
    check_base(base)
    reader = Preprocessor([*search_path(include), guest_asm_dir()], check_defines(defines))
    assembler = _Assembler(reader, name if path is None else str(path))
    try:
        if isinstance(source, str):
            statements = reader.read_text(check_text(source, name), name)
        else:
            statements = reader.read_file(Path(source))
        assembler.run(statements)
        program = link(assembler.sections, assembler.symbols, base, path, assembler.mistakes)
        if reads is not None:
            reads.update(reader.reads)
        return program
    except StatementError as error:
        raise GuestError(str(error)) from None
    except GuestError as error:
        if error is not assembler.mistakes.told:  # it leaves no statement to go on with
            assembler.mistakes.add(error)
            assembler.mistakes.check()
        raise
    except RecursionError:  # hundreds of brackets, or of #define calls within each other
        raise assembler.location.error("an expression here or just after is nested too deep") from None


class _Assembler:
    """State of one run over a source; it is the context of its directives."""

    def __init__(self, reader: Preprocessor, name: str) -> None:
        self.location = Location(name, 1)
        self.mistakes = Mistakes()
        self.sections = SectionTable()
        self.symbols = SourceSymbols(lambda: self.sections.current.here)
        self._reader = reader
        self._stack = StatementStack()
        self._macros = macros.MacroTable(self.constant)
        self._registers = RegisterNames()
        self._features = Features()

    @property
    def section(self) -> Section:
        """Section that statements go to."""
        return self.sections.current

    # -- statements ------------------------------------------------------------------------------

    def run(self, statements: Iterator[Statement]) -> None:
        """Reads all statements; at the end every section has its bytes, but for what depends on addresses."""
        self._stack.push(statements)
        for statement in self._stack:
            self.location = statement.location
            try:
                self._statement(statement.text)
            except StatementError as error:
                self._keep(statement, error)
        for section in self.sections:
            self.symbols.place_literals(section.dump_literals())

    def _keep(self, statement: Statement, error: StatementError) -> None:
        """Keeps a mistake, to be told with those after it; no more are looked for where it decides what follows."""
        self.mistakes.add(statement.location.error(str(error)))
        word = _WORD.match(statement.text)
        if word is not None and word[1].lower() in _DECIDES:
            self.mistakes.check()

    def _statement(self, text: str) -> None:
        active = self._stack.conditionals.active
        while active and (label := _LABEL.match(text)) is not None:
            self.symbols.define_label(label[1], self.location)
            text = text[label.end() :]
        parts = _WORD.match(text)
        if parts is None:
            return
        word, rest = parts.groups()
        lower = word.lower()
        branch = IF_DIRECTIVES.get(lower)
        if branch is not None:
            self._stack.conditionals.handle(
                branch, lower, self.location, lambda: self._condition_holds(lower, rest)
            )
            return
        if not active:
            return
        macro = self._macros.get(lower)
        if macro is not None:
            self._stack.push(self._macros.call(macro, rest, self.location), expansion=True, macro=True)
        elif "=" in text and (assignment := _ASSIGNMENT.fullmatch(text)) is not None:
            name, sign, value = assignment.groups()
            (self.symbols.assign_late if sign == "==" else self._assign)(name, value)
        elif lower[0] == ".":
            self._directive(lower, rest)
        elif ".req" not in rest or not self._registers.define(text):
            self._instruction(word, self._registers.replace(rest))

    def _condition_holds(self, name: str, rest: str) -> bool:
        return condition_holds(name, rest, self.constant, self.symbols.values.__contains__)

    def _directive(self, name: str, rest: str) -> None:
        handler = DIRECTIVES.get(name)
        if handler is not None:
            handler(self, rest, name)
        elif name in _CONTROL:
            _CONTROL[name](self, rest)
        elif name in macros.OPENING:
            self._block(name, rest)
        else:
            raise unknown_directive(name, [*_CONTROL, *macros.OPENING, *IF_DIRECTIVES])

    def _instruction(self, mnemonic: str, rest: str) -> None:
        section = self.section
        section.begin_instruction()
        section.append(
            read_instruction(mnemonic, rest, self.symbols, self._literal, self.location, self._features)
        )

    def _literal(self, size: int, value: Expression) -> Expression:
        """Puts a literal into this section's next pool; returns the name of its address."""
        fresh = self.symbols.fresh_literal()
        return self.section.literal(size, value, self.location, fresh, self.symbols.now)

    # -- expressions -----------------------------------------------------------------------------

    def parse(self, text: str) -> Expression:
        """Parses an expression here."""
        return parse_expression(text, self.symbols)

    def constant(self, text: str) -> int:
        """Returns the value of an expression that must be a number by now."""
        value = resolve(self.parse(text), self.symbols.lookup)
        if not isinstance(value, int):
            raise StatementError(f"`{text.strip()}` is not a constant")
        return value

    # -- directives that change what the source is -----------------------------------------------

    def read_binary(self, name: str) -> bytes:
        """Returns the bytes of a file found as included ones are."""
        return self._reader.read_bytes(self._reader.find(name, self.location.root.file))

    def _include(self, rest: str) -> None:
        name = rest.strip().strip('"')
        self._stack.push(self._reader.read_file(self._reader.find(name, self.location.root.file)))

    def _block(self, name: str, rest: str) -> None:
        body = macros.collect_body(name, self.location, self._stack.innermost)
        if name == ".macro":
            self._macros.add(macros.define_macro(rest, body))
            return
        count = self.constant(rest) if macros.REPETITIONS[name] == ".rept" else 0
        repeated = macros.repeat(name, rest, count, body, alternate=self._macros.alternate)
        self._stack.push(repeated, expansion=True)

    def _assign(self, name: str, expression: str, *, once: bool = False) -> None:
        if name == ".":
            DIRECTIVES[".org"](self, expression, ".org")
        else:
            self.symbols.assign(name, self.parse(expression), once=once)

    def _define(self, rest: str) -> None:
        name, comma, expression = rest.partition(",")
        if not comma:
            raise StatementError("`.eqv` needs a symbol and an expression")
        self.symbols.assign_late(name.strip(), expression)

    def _set(self, rest: str, *, once: bool = False) -> None:
        name, comma, expression = rest.partition(",")
        if not comma:
            raise StatementError("`.set` needs a symbol and an expression")
        self._assign(name.strip(), expression, once=once)

    def _forget_register(self, rest: str) -> None:
        self._registers.forget(rest)

    def _purge_macro(self, rest: str) -> None:
        self._macros.purge(rest)

    def _exit_macro(self, rest: str) -> None:
        self._stack.exit_macro()

    def _alternate(self, rest: str, *, on: bool) -> None:
        self._macros.alternate = on

    def _end(self, rest: str) -> None:
        self._stack.clear()


_CONTROL: dict[str, Callable[[_Assembler, str], None]] = {
    ".include": _Assembler._include,
    ".exitm": _Assembler._exit_macro,
    ".mexit": _Assembler._exit_macro,
    ".altmacro": lambda assembler, rest: assembler._alternate(rest, on=True),
    ".noaltmacro": lambda assembler, rest: assembler._alternate(rest, on=False),
    ".purgem": _Assembler._purge_macro,
    ".set": _Assembler._set,
    ".equ": _Assembler._set,
    ".lsym": _Assembler._set,
    ".eqv": _Assembler._define,
    ".equiv": lambda assembler, rest: assembler._set(rest, once=True),
    ".arch": lambda assembler, rest: assembler._features.choose_architecture(rest),
    ".cpu": lambda assembler, rest: assembler._features.choose_cpu(rest),
    ".arch_extension": lambda assembler, rest: assembler._features.choose_extension(rest),
    ".unreq": _Assembler._forget_register,
    ".end": _Assembler._end,
}
_DECIDES = frozenset((*IF_DIRECTIVES, *macros.OPENING, ".include"))
"""Directives after which nobody knows what the source is, if they are wrong."""
