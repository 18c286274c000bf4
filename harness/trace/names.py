# SPDX-License-Identifier: MIT
"""Names for the numbers in a trace: SMCCC functions and results, and the guest's INTIDs.

EL2 puts :meth:`Names.function` into every call event, the ledger recognises calls by it, and the writers
print it: one spelling, as ``RVIC.Acknowledge``, ``PSCI.CPU_ON``, ``SMCCC_VERSION``.
"""

from __future__ import annotations

from harness.arch import psci, rvic, smccc
from harness.arch.intid import PPI_PHYSICAL_TIMER, PPI_VIRTUAL_TIMER, SGI_COUNT
from harness.arch.intid import name as gic_name
from harness.arch.masks import MASK32
from harness.arch.rvic import RvicCall, RvicStatus, RvidCall


def _camel(name: str) -> str:
    """Turns ``CLEAR_MASKED`` into ``ClearMasked``."""
    return "".join(word.capitalize() for word in name.split("_"))


RVIC_NAMES: dict[RvicCall, str] = {call: f"RVIC.{_camel(call.name)}" for call in RvicCall}
RVID_NAMES: dict[RvidCall, str] = {call: f"RVID.{_camel(call.name)}" for call in RvidCall}
_PSCI_NAMES = {
    function: function.name
    if function.name.startswith("PSCI_")
    else "PSCI." + function.name.removesuffix("_64").removesuffix("_32")
    for function in psci.Function
}
_PSCI_RESULTS = {int(result) & MASK32: result.name for result in psci.Result}

# Arguments of a call, in order from x1: the kind of each number, for people.
_ARGUMENTS: dict[str, tuple[str, ...]] = {
    "RVIC.Info": ("key",),
    "RVIC.SetMasked": ("cpu", "INTID"),
    "RVIC.ClearMasked": ("cpu", "INTID"),
    "RVIC.IsPending": ("cpu", "INTID"),
    "RVIC.Signal": ("cpu", "INTID"),
    "RVIC.ClearPending": ("cpu", "INTID"),
    "RVIC.Resample": ("INTID",),
    "RVID.Map": ("input", "cpu", "INTID"),
    "RVID.Unmap": ("input",),
    "PSCI.CPU_ON": ("cpu", "entry"),
    "PSCI.AFFINITY_INFO": ("cpu", "level"),
    "PSCI_FEATURES": ("function",),
    "SMCCC_ARCH_FEATURES": ("function",),
}
# The meaning of x1 after success.
_RESULTS = {"RVIC.Acknowledge": "INTID", "RVIC.IsPending": "pending", "RVIC.Info": "value"}
_VERSIONS = {"RVIC.Version", "RVID.Version"}


class Names:
    """Names for one machine, by its RVIC and RVID function bases, and its count of trusted INTIDs.

    ``has_rvic`` False: the guest has a GIC, and its INTIDs are SGIs, PPIs and SPIs.
    """

    __slots__ = ("_functions", "has_rvic", "rvic_base", "rvid_base", "trusted")

    def __init__(
        self,
        rvic_base: int = rvic.RVIC_BASE,
        rvid_base: int = rvic.RVID_BASE,
        trusted: int = 32,
        *,
        has_rvic: bool = True,
    ) -> None:
        self.has_rvic = has_rvic
        self.rvic_base = rvic_base
        self.rvid_base = rvid_base
        self.trusted = trusted
        self._functions: dict[int, str] = {
            smccc.SMCCC_VERSION: "SMCCC_VERSION",
            smccc.SMCCC_ARCH_FEATURES: "SMCCC_ARCH_FEATURES",
            **{int(function): name for function, name in _PSCI_NAMES.items()},
            **{rvid_base + call: name for call, name in RVID_NAMES.items()},
            **{rvic_base + call: name for call, name in RVIC_NAMES.items()},
        }

    def function(self, function: int) -> str:
        """Returns the name of an SMCCC function identifier; for an unknown one its number, ``0x84000042``."""
        return self._functions.get(function) or f"0x{function:08x}"

    def call(self, function: int, args: tuple[int, int, int]) -> str:
        """Returns the call as a person would write it: ``RVIC.Signal(cpu 1, INTID 3)``."""
        name = self.function(function)
        kinds = _ARGUMENTS.get(name)
        if kinds is None:
            return name
        named = [self._argument(kind, value) for kind, value in zip(kinds, args, strict=False)]
        return f"{name}({', '.join(named)})"

    def _argument(self, kind: str, value: int) -> str:
        if kind == "function":
            return self.function(value)
        if kind == "entry":
            return f"entry 0x{value:x}"
        return f"{kind} {value}" if value < 1 << 16 else f"{kind} 0x{value:x}"

    def result(self, function: int, result: tuple[int, int]) -> str:
        """Returns the answer in words: ``SUCCESS INTID 27``, ``ERROR_PARAMETER in x2``, ``1.1``."""
        x0, x1 = result
        name = self.function(function)
        if name.startswith(("RVIC.", "RVID.")):
            return _rvic_result(name, x0, x1)
        if name in ("SMCCC_VERSION", "PSCI_VERSION"):
            return f"{x0 >> 16}.{x0 & 0xFFFF}"
        if name == "PSCI.AFFINITY_INFO" and x0 <= max(psci.Affinity):
            return psci.Affinity(x0).name
        return _PSCI_RESULTS.get(x0 & MASK32, f"0x{x0:x}")

    def intid(self, intid: int) -> str:
        """Returns the name of a guest INTID: ``IPI 3``, ``trusted 20``, ``input 1``; ``SPI 1`` of a GIC."""
        if self.has_rvic and intid >= self.trusted:
            return f"input {intid - self.trusted}"
        if intid == PPI_VIRTUAL_TIMER:
            return "virtual timer"
        if intid == PPI_PHYSICAL_TIMER:
            return "physical timer"
        if not self.has_rvic:
            return gic_name(intid)
        return f"IPI {intid}" if intid < SGI_COUNT else f"trusted {intid}"


def _rvic_result(name: str, x0: int, x1: int) -> str:
    """Spells RVIC's and RVID's status: bits 7:0 the reason, bits 15:8 the argument at fault (x1 is index 0)."""
    if x0 == 0:
        if name in _VERSIONS:
            return f"SUCCESS {x1 >> 16}.{x1 & 0xFFFF}"
        return f"SUCCESS {_RESULTS[name]} {x1}" if name in _RESULTS else "SUCCESS"
    if x0 == smccc.NOT_SUPPORTED:
        return "NOT_SUPPORTED"
    reason = x0 & 0xFF
    if x0 >> 16 or reason > max(RvicStatus):
        return f"0x{x0:x}"
    blamed = reason in (RvicStatus.ERROR_PARAMETER, RvicStatus.INVALID_CPU)
    return f"{RvicStatus(reason).name} in x{1 + (x0 >> 8)}" if blamed else RvicStatus(reason).name
