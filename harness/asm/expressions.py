# SPDX-License-Identifier: MIT
"""Integer expressions, as GNU as reads them in sources and as C reads them in ``#if``.

An expression is parsed to a node: an ``int``, an ``Address`` (section and offset), the ``str`` name of a
symbol that is not known yet, or a tuple of an operator and its nodes. What is known is folded at once, so
that a name that is set again later keeps, in what came before, the value it had there.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Protocol, TypeAlias

from harness.asm.source import AsmError


class Place(Protocol):
    """What an address is relative to: compared by identity."""

    address: int

    @property
    def loaded(self) -> bool:
        """Whether it has an address at all."""


class Address:
    """An offset into a section whose address is not known before layout."""

    __slots__ = ("offset", "section")

    def __init__(self, section: Place, offset: int) -> None:
        self.section = section
        self.offset = offset

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Address) and other.section is self.section and other.offset == self.offset

    def __hash__(self) -> int:
        return hash((id(self.section), self.offset))

    @property
    def absolute(self) -> int:
        """The address after layout."""
        return self.section.address + self.offset


Node: TypeAlias = "int | Address | str | tuple[str, Node] | tuple[str, Node, Node]"


class Scope(Protocol):
    """What names mean at one place of the source."""

    def symbol(self, name: str) -> Node:
        """The value of a name, or the name itself while it has none."""

    def local_label(self, reference: str) -> Node:
        """The meaning of ``1f`` or ``1b`` here."""

    def here(self) -> Node:
        """The meaning of ``.`` here."""


_TOKEN = re.compile(
    r"""\s*(?: (?P<number>0[xX][0-9a-fA-F]+\w*|0[bB][01]+\w*|\d+[bf](?![\w.$])|\d\w*)
             | (?P<name>[A-Za-z_.$][\w.$]*) | (?P<char>'\\?.)
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
_MASK = (1 << 64) - 1


def _signed(value: int) -> int:
    value &= _MASK
    return value - (1 << 64) if value >> 63 else value


def _divide(a: int, b: int) -> int:
    if b == 0:
        raise AsmError("division by zero")
    quotient = abs(a) // abs(b)
    return quotient if (a < 0) == (b < 0) else -quotient


def _shift(a: int, b: int, *, left: bool) -> int:
    if not 0 <= b < 64:
        return 0
    return a << b if left else (a & _MASK) >> b


_BINARY: dict[str, Callable[[int, int], int]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: _divide(_signed(a), _signed(b)),
    "%": lambda a, b: _signed(a) - _signed(b) * _divide(_signed(a), _signed(b)),
    "&": lambda a, b: a & b,
    "|": lambda a, b: a | b,
    "^": lambda a, b: a ^ b,
    "<<": lambda a, b: _shift(a, b, left=True),
    ">>": lambda a, b: _shift(a, b, left=False),
    ">>c": lambda a, b: _signed(a) >> min(b, 63) if b >= 0 else 0,
    "&&": lambda a, b: int(bool(a) and bool(b)),
    "||": lambda a, b: int(bool(a) or bool(b)),
}
_COMPARE: dict[str, Callable[[int, int], bool]] = {
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<>": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    ">": lambda a, b: a > b,
    "<=": lambda a, b: a <= b,
    ">=": lambda a, b: a >= b,
}
_UNARY: dict[str, Callable[[int], int]] = {
    "-": lambda a: -a,
    "+": lambda a: a,
    "~": lambda a: ~a,
    "!": lambda a: int(not a),
}


def _wrap(value: int) -> int:
    """Keep 64 bits, leaving alone what is a signed or an unsigned 64-bit number as written."""
    return value if -(1 << 63) <= value <= _MASK else value & _MASK


def fold(op: str, a: Node, b: Node, true: int = -1) -> Node:
    """Apply a binary operator where that is possible without knowing any section's address."""
    if isinstance(a, Address):
        if isinstance(b, int) and op in "+-":
            return Address(a.section, a.offset + b if op == "+" else a.offset - b)
        if isinstance(b, Address) and a.section is b.section and (op == "-" or op in _COMPARE):
            a, b = a.offset, b.offset
    elif isinstance(b, Address) and isinstance(a, int) and op == "+":
        return Address(b.section, a + b.offset)
    if not isinstance(a, int) or not isinstance(b, int):
        return (op, a, b)
    if op in _COMPARE:
        return true if _COMPARE[op](_signed(a), _signed(b)) else 0
    return _wrap(_BINARY[op](a, b))


def fold_unary(op: str, a: Node) -> Node:
    """Apply a unary operator to a number; anything else is kept for later."""
    return _wrap(_UNARY[op](a)) if isinstance(a, int) else (op, a)


def number(text: str, *, c: bool = False) -> int:
    """A literal: hexadecimal, binary, octal with a leading 0, decimal; with ``c`` also C's suffixes."""
    body = text.rstrip("uUlL") if c else text
    try:
        if len(body) > 1 and body[0] == "0" and body[1] not in "xXbB":
            return int(body, 8)
        return int(body, 0)
    except ValueError:
        raise AsmError(f"`{text}` is not a number") from None


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
                raise AsmError(f"cannot read `{stripped[at:].strip()}` in the expression `{text.strip()}`")
            self.tokens.append((match.lastgroup, match.group(match.lastgroup)))
            at = match.end()

    def peek(self) -> str:
        if self.position < len(self.tokens):
            kind, token = self.tokens[self.position]
            return token if kind == "op" else ""
        return ""

    def whole(self) -> Node:
        node = self.conditional() if self.c else self.binary(1)
        if self.position < len(self.tokens):
            extra = self.tokens[self.position][1]
            raise AsmError(f"unexpected `{extra}` in the expression `{self.text.strip()}`")
        return node

    def conditional(self) -> Node:
        test = self.binary(1)
        if self.peek() != "?":
            return test
        self.position += 1
        yes = self.conditional()
        self.expect(":")
        no = self.conditional()
        return yes if test else no

    def binary(self, least: int) -> Node:
        left = self.unary()
        while (level := self.precedence.get(op := self.peek(), 0)) >= least:
            self.position += 1
            # GNU as shifts right unsigned numbers, C signed ones.
            operation = ">>c" if self.c and op == ">>" else op
            left = fold(operation, left, self.binary(level + 1), self.true)
        return left

    def unary(self) -> Node:
        if self.position >= len(self.tokens):
            raise AsmError(
                f"the expression `{self.text.strip()}` ends too early"
                if self.text.strip()
                else "an expression is missing"
            )
        kind, token = self.tokens[self.position]
        self.position += 1
        if kind == "number":
            if token[-1] in "bf" and token[:-1].isdigit() and not self.c:
                return self.scope.local_label(token)
            return number(token, c=self.c)
        if kind == "name":
            return self.scope.here() if token == "." else self.scope.symbol(token)
        if kind == "char":
            return ord(token[-1])
        if token in _UNARY:
            return fold_unary(token, self.unary())
        if token == "(":
            node = self.conditional() if self.c else self.binary(1)
            self.expect(")")
            return node
        raise AsmError(f"unexpected `{token}` in the expression `{self.text.strip()}`")

    def expect(self, token: str) -> None:
        if self.peek() != token:
            raise AsmError(f"`{token}` is missing in the expression `{self.text.strip()}`")
        self.position += 1


def parse(text: str, scope: Scope, *, c: bool = False) -> Node:
    """Parse one whole expression; AsmError if it is malformed."""
    return _Parser(text, scope, c=c).whole()


def resolve(node: Node, lookup: Callable[[str], Node], *, addresses: bool = False) -> Node:
    """Fold a node again with what is known by now; with ``addresses`` sections have been laid out.

    Without ``addresses`` an Address may come back. AsmError names a symbol that has no value.
    """
    return _resolve(node, lookup, addresses, ())


def _resolve(node: Node, lookup: Callable[[str], Node], addresses: bool, within: tuple[str, ...]) -> Node:
    if isinstance(node, int):
        return node
    if isinstance(node, Address):
        return node.absolute if addresses else node
    if isinstance(node, str):
        if node in within:
            raise AsmError(f"symbol `{node}` is defined by itself")
        return _resolve(lookup(node), lookup, addresses, (*within, node))
    if len(node) == 2:
        return fold_unary(node[0], _resolve(node[1], lookup, addresses, within))
    left = _resolve(node[1], lookup, addresses, within)
    return fold(node[0], left, _resolve(node[2], lookup, addresses, within))
