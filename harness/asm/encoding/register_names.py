# SPDX-License-Identifier: MIT
"""Names that a source gives to registers: ``name .req register`` (GNU as manual, 9.1.4)."""

from __future__ import annotations

import re

from harness.asm.source import StatementError

_DEFINITION = re.compile(r"([A-Za-z_]\w*)\s+\.req\s+(\w+)", re.IGNORECASE)


class RegisterNames:
    """Registers by the names that stand for them."""

    def __init__(self) -> None:
        self._registers: dict[str, str] = {}
        self._pattern: re.Pattern[str] | None = None

    def define(self, statement: str) -> bool:
        """Takes a statement if it is a ``.req``; False for any other."""
        match = _DEFINITION.fullmatch(statement)
        if match is None:
            return False
        self._registers[match[1]] = self._registers.get(match[2], match[2])
        self._compile()
        return True

    def forget(self, name: str) -> None:
        """Takes a name back (``.unreq``)."""
        if self._registers.pop(name, None) is None:
            raise StatementError(f"no register name `{name}` to forget")
        self._compile()

    def replace(self, operands: str) -> str:
        """Returns operands with the registers that their names stand for."""
        if self._pattern is None:
            return operands
        return self._pattern.sub(lambda match: self._registers[match[0]], operands)

    def _compile(self) -> None:
        names = "|".join(self._registers)
        self._pattern = re.compile(rf"(?<![\w.$])(?:{names})(?![\w$])") if names else None
