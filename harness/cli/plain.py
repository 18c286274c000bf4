# SPDX-License-Identifier: MIT
"""Plain command lines of ``rvic run``: guest and options, nothing wrong, no help asked for.

They are read here from the same declarations, since typer and what it imports take longer to load than such a guest
to run. Whatever else is typed is typer's, which has the words for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from harness.cli.given import has_no_value, spelling
from harness.cli.run_options import RunOptions
from harness.declaration import Option, declared
from harness.options import MachineOptions

COMMAND: Final = "run"


def read(arguments: Sequence[str]) -> tuple[str | None, dict[str, Any]] | None:
    """Returns the guest and what was typed for each option, as typer would; None for what is not plain."""
    if not arguments or arguments[0] != COMMAND:
        return None
    spelled = _spelled()
    guest: str | None = None
    given: dict[str, Any] = {}
    rest = iter(arguments[1:])
    for word in rest:
        if not word.startswith("-"):
            if guest is not None:
                return None
            guest = word
            continue
        name, assigned, value = word.partition("=")
        option, on = spelled.get(name, (None, False))
        if option is None:
            return None
        if has_no_value(option):
            if assigned:
                return None
            given[option.name] = on
            continue
        text = value if assigned else next(rest, None)
        if text is None:
            return None
        given[option.name] = [*given.get(option.name, ()), text] if option.is_list else text
    return guest, given


def _spelled() -> dict[str, tuple[Option, bool]]:
    """Returns each option by the ways to type it, and whether that turns it on."""
    found: dict[str, tuple[Option, bool]] = {}
    for struct in (RunOptions, MachineOptions):
        for option in declared(struct).values():
            if option.extra("cli", True):
                on, _, off = spelling(option).partition("/")
                found[on] = option, True
                if off:
                    found[off] = option, False
    return found
