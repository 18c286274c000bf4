# SPDX-License-Identifier: MIT
"""Features of the architecture that a source may use: ``.arch``, ``.cpu``, ``.arch_extension`` (GNU as, 9.1)."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Final

from harness.asm.source import StatementError

# Each version has what the one before it has.
_VERSIONS: Final = (
    ("armv8-a", ""),
    ("armv8.1-a", "v8.1 crc lse pan lor rdma"),
    ("armv8.2-a", "v8.2 ras"),
    ("armv8.3-a", "v8.3 pauth compnum rcpc"),
    ("armv8.4-a", "v8.4 flagm dotprod"),
    ("armv8.5-a", "v8.5 sb predres ssbs"),
    ("armv8.6-a", "v8.6 bf16 i8mm"),
    ("armv8.7-a", "v8.7 ls64"),
    ("armv8.8-a", "v8.8 mops hbc"),
)
_IMPLIED: Final = {
    "crypto": "aes sha2",
    "sha3": "sha2",
    "fp16fml": "fp16",
    "compnum": "fp16",
    "rdm": "rdma",
}
_OTHER_EXTENSIONS: Final = """
    sm4 fp simd profile sve sve2 tme rng memtag cssc f32mm f64mm sve2-aes sve2-bitperm sve2-sha3 sve2-sm4 sme
"""
_CPUS: Final = {
    **dict.fromkeys(("cortex-a34", "cortex-a35", "cortex-a53", "cortex-a57"), "armv8-a+crc"),
    **dict.fromkeys(("cortex-a72", "cortex-a73", "xgene2"), "armv8-a+crc"),
    **dict.fromkeys(("cortex-a55", "cortex-a75"), "armv8.2-a+rcpc+fp16+dotprod"),
    **dict.fromkeys(("cortex-a76", "cortex-a76ae", "cortex-a77"), "armv8.2-a+rcpc+fp16+dotprod+ssbs"),
    **dict.fromkeys(
        ("cortex-a78", "cortex-a78ae", "cortex-a78c", "cortex-x1"), "armv8.2-a+rcpc+fp16+dotprod+ssbs"
    ),
    **dict.fromkeys(("neoverse-n1", "neoverse-e1", "cortex-a65"), "armv8.2-a+rcpc+fp16+dotprod"),
    **dict.fromkeys(("neoverse-v1", "neoverse-512tvb"), "armv8.4-a+fp16+fp16fml"),
    **dict.fromkeys(("neoverse-n2", "cortex-a510", "cortex-a710", "cortex-x2"), "armv8.5-a+fp16+fp16fml"),
    "cortex-r82": "armv8.4-a+fp16+fp16fml",
    "generic": "armv8-a",
}


def _versions() -> dict[str, frozenset[str]]:
    found: dict[str, frozenset[str]] = {}
    so_far: frozenset[str] = frozenset()
    for name, more in _VERSIONS:
        so_far |= _with_implied(more.split())
        # FP16 comes with complex numbers as a name only: Armv8.3 has it no more than Armv8.2.
        found[name] = so_far - {"fp16"}
    found["armv8-r"] = found["armv8.4-a"] - {"lor"}
    for minor in range(4):  # Armv9.0 is Armv8.5, and so on
        found["armv9-a" if minor == 0 else f"armv9.{minor}-a"] = found[f"armv8.{5 + minor}-a"] | {
            "fp16",
            "fp16fml",
        }
    return found


def _with_implied(names: list[str]) -> frozenset[str]:
    return frozenset(names).union(*(_IMPLIED[name].split() for name in names if name in _IMPLIED))


_ARCHITECTURES: Final = _versions()
_EXTENSIONS: Final = sorted(
    {name for features in _ARCHITECTURES.values() for name in features if "." not in name}
    | set(_IMPLIED)
    | set(" ".join(_IMPLIED.values()).split())
    | set(_OTHER_EXTENSIONS.split())
)


class Features:
    """Set of features that the source has chosen; at first those of the Cortex-A72, which the board has."""

    def __init__(self) -> None:
        self._names = _ARCHITECTURES["armv8-a"] | {"crc", "aes", "sha2"}

    def has(self, needed: str) -> bool:
        """Tells whether all of these are there: names with blanks between."""
        return self._names.issuperset(needed.split())

    def choose_architecture(self, text: str) -> None:
        """Does ``.arch``: a version, and ``+extension`` as often as wanted."""
        self._choose("architecture", text, _ARCHITECTURES)

    def choose_cpu(self, text: str) -> None:
        """Does ``.cpu``: a CPU's name, and ``+extension`` as often as wanted."""
        name, plus, more = text.partition("+")
        base = _CPUS.get(name.strip().lower())
        if base is None:
            raise _unknown("CPU", name, list(_CPUS))
        self._choose("architecture", base + plus + more, _ARCHITECTURES)

    def choose_extension(self, text: str) -> None:
        """Does ``.arch_extension``: one more, or one less with ``no`` before its name."""
        name = text.strip().lower()
        positive = name.removeprefix("no")
        if name in _EXTENSIONS:
            self._names |= _with_implied([name])
        elif positive in _EXTENSIONS and name.startswith("no"):
            # Whatever includes what is taken away goes with it.
            gone = {positive, *(wider for wider in _IMPLIED if positive in _IMPLIED[wider].split())}
            self._names -= gone | ({"aes", "sha2"} if positive == "crypto" else set())
        else:
            raise _unknown("architectural extension", name, _EXTENSIONS)

    def _choose(self, kind: str, text: str, known: dict[str, frozenset[str]]) -> None:
        name, *extensions = (part.strip().lower() for part in text.split("+"))
        if name not in known:
            raise _unknown(kind, name, list(known))
        self._names = known[name]
        for extension in extensions:
            self.choose_extension(extension)


def advice(needed: str) -> str:
    """Returns what allows an instruction that needs these features."""
    version = next(
        (name for name, features in _ARCHITECTURES.items() if features.issuperset(needed.split())), None
    )
    names = [name for name in needed.split() if "." not in name]
    if version is not None and len(names) == len(needed.split()) == 1:
        return f"`.arch {version}` or `.arch_extension {names[0]}`"
    if version is not None and not version.startswith("armv9"):
        return f"`.arch {version}`"
    base = next(
        name
        for name, features in _ARCHITECTURES.items()
        if features.issuperset(set(needed.split()) - set(names))
    )
    return f"`.arch {'+'.join([base, *names])}`"


def _unknown(kind: str, name: str, known: list[str]) -> StatementError:
    near = get_close_matches(name.strip(), known, 3, 0.5) or known
    return StatementError(f"unknown {kind} `{name.strip()}`; there are, for example: {', '.join(near[:6])}")
