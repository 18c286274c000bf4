# SPDX-License-Identifier: MIT
"""Parser of integer expressions, as GNU as reads them in sources and as C reads them in ``#if``."""

from __future__ import annotations

import re
from typing import Protocol

from harness.asm.expressions.values import UNARY, Expression, fold, fold_unary
from harness.asm.source import NAME, StatementError


class Scope(Protocol):
    """Meaning of names at one place of the source."""

    def symbol(self, name: str) -> Expression:
        """Returns the value of a name, or the name itself while it has none."""

    def local_label(self, reference: str) -> Expression:
        """Returns the meaning of ``1f`` or ``1b`` here."""

    def here(self) -> Expression:
        """Returns the meaning of ``.`` here."""


_TOKEN = re.compile(
    rf"""\s*(?: (?P<number>0[xX][0-9a-fA-F]+\w*|0[bB][01]+\w*|\d+[bf](?![\w.$])|\d\w*)
             | (?P<name>{NAME}) | (?P<char>'\\?.)
             | (?P<op><<|>>|<=|>=|==|!=|<>|&&|\|\||[-+*/%&|^~!<>()?:]) )""",
    re.VERBOSE,
)

# GNU as manual, 6.2.4 "Infix Operators": the bit operators bind tighter than + and -.
_GNU = {
    **dict.fromkeys(("*", "/", "%", "<<", ">>"), 6),
    **dict.fromkeys(("|", "&", "^"), 5),
    **dict.fromkeys(("+", "-"), 4),
    **dict.fromkeys(("==", "!=", "<>", "<", ">", "<=", ">="), 3),
    "&&": 2,
    "||": 1,
}
_C = {
    **dict.fromkeys(("*", "/", "%"), 10),
    **dict.fromkeys(("+", "-"), 9),
    **dict.fromkeys(("<<", ">>"), 8),
    **dict.fromkeys(("<", ">", "<=", ">="), 7),
    **dict.fromkeys(("==", "!="), 6),
    "&": 5,
    "^": 4,
    "|": 3,
    "&&": 2,
    "||": 1,
}


_SUFFIX = re.compile(r"(?:u?l{0,2}|l{1,2}u)\Z", re.IGNORECASE)  # of C: they say nothing in 64 bits


def _number(text: str) -> int:
    """Returns a number: hexadecimal, binary, octal with a leading 0, or decimal, with a suffix of C or not."""
    body = _SUFFIX.sub("", text)
    try:
        if len(body) > 1 and body[0] == "0" and body[1] not in "xXbB":
            return int(body, 8)
        return int(body, 0)
    except ValueError:
        raise StatementError(f"`{text}` is not a number") from None


class _Parser:
    def __init__(self, text: str, scope: Scope, *, c: bool) -> None:
        self.text = text
        self.scope = scope
        self.c = c
        self.precedence = _C if c else _GNU
        self.true = 1 if c else -1
        self.tokens: list[tuple[str, str]] = []
        self.position = 0
        at = 0
        stripped = text.rstrip()
        while at < len(stripped):
            match = _TOKEN.match(stripped, at)
            if match is None or match.lastgroup is None:
                raise StatementError(
                    f"cannot read `{stripped[at:].strip()}` in the expression `{text.strip()}`"
                )
            self.tokens.append((match.lastgroup, match.group(match.lastgroup)))
            at = match.end()

    def peek(self) -> str:
        if self.position < len(self.tokens):
            kind, token = self.tokens[self.position]
            return token if kind == "op" else ""
        return ""

    def whole(self) -> Expression:
        inner = self.conditional() if self.c else self.binary(1)
        if self.position < len(self.tokens):
            extra = self.tokens[self.position][1]
            raise StatementError(f"unexpected `{extra}` in the expression `{self.text.strip()}`")
        return inner

    def conditional(self) -> Expression:
        test = self.binary(1)
        if self.peek() != "?":
            return test
        self.position += 1
        yes = self.conditional()
        self.expect(":")
        no = self.conditional()
        return yes if test else no

    def binary(self, least: int) -> Expression:
        left = self.unary()
        while (level := self.precedence.get(op := self.peek(), 0)) >= least:
            self.position += 1
            # GNU as shifts right unsigned numbers, C signed ones.
            operation = ">>c" if self.c and op == ">>" else op
            left = fold(operation, left, self.binary(level + 1), self.true)
        return left

    def unary(self) -> Expression:
        if self.position >= len(self.tokens):
            raise StatementError(
                f"the expression `{self.text.strip()}` ends too early"
                if self.text.strip()
                else "an expression is missing"
            )
        kind, token = self.tokens[self.position]
        self.position += 1
        if kind == "number":
            if token[-1] in "bf" and token[:-1].isdigit() and not self.c:
                return self.scope.local_label(token)
            return _number(token)
        if kind == "name":
            return self.scope.here() if token == "." else self.scope.symbol(token)
        if kind == "char":
            return ord(token[-1])
        if token in UNARY:
            return fold_unary(token, self.unary())
        if token == "(":
            inner = self.conditional() if self.c else self.binary(1)
            self.expect(")")
            return inner
        raise StatementError(f"unexpected `{token}` in the expression `{self.text.strip()}`")

    def expect(self, token: str) -> None:
        if self.peek() != token:
            raise StatementError(f"`{token}` is missing in the expression `{self.text.strip()}`")
        self.position += 1


def parse_expression(text: str, scope: Scope, *, c: bool = False) -> Expression:
    """Parses one whole expression; StatementError if it is malformed."""
    return _Parser(text, scope, c=c).whole()
