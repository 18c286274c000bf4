# SPDX-License-Identifier: MIT
"""Hook on exceptions, sorted into exits to EL2, exceptions to EL1 and our own business."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, Generic

from harness.arch import esr as syndrome
from harness.arch import hyp, sysreg
from harness.arch.esr import EC
from harness.engine import deviations
from harness.engine.completions.software_step import writes_masks
from harness.engine.completions.stage1_controls import Stage1Controls
from harness.engine.completions.undefined import CpuT, UndefinedInstructions
from harness.engine.emulator import binding as uc
from harness.engine.memory.walk import walk
from harness.engine.mmio.loadstore import ZR
from harness.engine.plain_accesses import PlainAccesses
from harness.engine.watch_ranges import WatchRanges

_MAX_REPEATS: Final = 64
_HVC64: Final = int(EC.HVC64)

# What HCR_EL2.TPU traps.
_IC_IALLUIS, _IC_IALLU, _IC_IVAU, _DC_CVAU = (
    (1, 0, 7, 1, 0),
    (1, 0, 7, 5, 0),
    (1, 3, 7, 5, 1),
    (1, 3, 7, 11, 1),
)

# What HCR_EL2.TPC traps, which is set while something is watched: DC IVAC, CVAC, CIVAC.
_DC_IVAC: Final = (1, 0, 7, 6, 1)
_TO_COHERENCY: Final = frozenset({_DC_IVAC, (1, 3, 7, 10, 1), (1, 3, 7, 14, 1)})

# TLBI at EL1 (C5.5): op0 = 1, op1 = 0, CRn = 8; CRm tells those for this PE alone from the Inner Shareable ones.
_TLBI_EL1_MASK, _TLBI_EL1 = 3 << 20 | 7 << 14 | 15 << 10, 1 << 20 | 8 << 10
_CRM_MASK, _NON_SHAREABLE = 15 << 1, 7 << 1


class ExceptionHook(Generic[CpuT]):
    """Interrupt hook of one PE; `handlers` by exception class get what is EL2's."""

    def __init__(
        self,
        pe: CpuT,
        handlers: Sequence[Callable[[CpuT, int], object]],
        *,
        undefined: UndefinedInstructions[CpuT],
        stage1: Stage1Controls,
        watched: WatchRanges,
        plain: PlainAccesses,
    ) -> None:
        self._pe, self._handlers, self._stage1 = pe, handlers, stage1
        self._undefined_instructions = undefined
        self._watched, self._plain = watched, plain
        uc.check(pe.registers.hook_exceptions(self._hypercall, self._exception), "uc_hook_add")
        self._repeats = 0
        self._repeats_at = -1

    # Exceptions.

    def _hypercall(self) -> None:
        pe = self._pe
        self._handlers[_HVC64](pe, pe.registers.syndrome())

    def _exception(self) -> None:
        pe = self._pe
        esr = pe.registers.syndrome()
        ec = esr >> 26
        if pe.registers.target_level() != 2:
            self._to_el1(ec, esr)
        elif ec == EC.DATA_ABORT_LOWER:
            if self._plain.serve(esr):
                return
            if pe.memory.guards.active and self._watched.serve(esr, fetch=False):
                return
            if self._fill(esr, fetch=False):
                pe.not_retired()
            elif not self._stage1_failed(esr, instruction=False) and not (
                self._watched.active and self._watched.serve_device(esr)
            ):
                self._handlers[ec](pe, esr)
        elif ec == EC.INSTRUCTION_ABORT_LOWER:
            if pe.memory.guards.active and self._watched.serve(esr, fetch=True):
                return
            fetch = not esr & syndrome.S1PTW
            if not self._fill(esr, fetch=fetch) and not self._stage1_failed(esr, instruction=True):
                self._handlers[ec](pe, esr)
        elif ec != EC.SYSREG or not self._maintained(esr):
            self._handlers[ec](pe, esr)

    def _maintained(self, esr: int) -> bool:
        """Does what trapped maintenance of TLBs and caches does for the whole machine; says whether it is that."""
        pe = self._pe
        if esr & _TLBI_EL1_MASK == _TLBI_EL1:
            if esr & _CRM_MASK == _NON_SHAREABLE:
                pe.flush_addresses()
            else:
                pe.memory.tlb_maintenance()
        else:
            operation = sysreg.parse_iss(esr)
            if operation.encoding in _TO_COHERENCY:
                va = 0 if operation.rt == ZR else pe.x[operation.rt]
                if operation.encoding == _DC_IVAC and self._watched.serve_maintenance(va):
                    return True
            elif not self._maintained_code(operation):
                return False
        pe.advance()
        return True

    def _maintained_code(self, operation: sysreg.SysregAccess) -> bool:
        """Does IC, and DC CVAU, by which no translated code becomes stale or fresh."""
        memory = self._pe.memory
        if operation.encoding == _IC_IVAU:
            if memory.stage2.mixed:
                va = 0 if operation.rt == ZR else self._pe.x[operation.rt]
                ipa = self._pe.translate_data(va, write=False)
                if ipa is None:  # not readable at this level, which is not what IC IVAU asks for
                    memory.instruction_cache_maintenance()
                else:
                    memory.instruction_line_maintenance(ipa)
        elif operation.encoding in (_IC_IALLU, _IC_IALLUIS):
            memory.instruction_cache_maintenance()
        else:
            return operation.encoding == _DC_CVAU
        return True

    def _fill(self, esr: int, *, fetch: bool) -> bool:
        """Resolves a stage-2 fault on RAM; says whether it is one."""
        pe = self._pe
        far = pe.registers.fault_address()
        ipa = pe.registers.fault_page() | far & 0xFFF
        if not pe.memory.is_ram(ipa):
            return False
        walk = bool(esr & syndrome.S1PTW)
        write = bool(esr & syndrome.WNR) and not walk and not fetch
        self._bound_repeats()
        return pe.memory.resolve(ipa, write=write, fetch=fetch)

    def _stage1_failed(self, esr: int, *, instruction: bool) -> bool:
        """Aborts what stage 1 could not translate, though only stage 2 noticed: there is no RAM for its walk."""
        pe = self._pe
        far = pe.registers.fault_address()
        if not pe.registers.stage1() or not (
            esr & syndrome.S1PTW or pe.registers.fault_page() >> hyp.IPA_BITS
        ):
            return False
        status = walk(far, self._stage1.registers, pe.memory).status
        if status is None:
            return False
        if status & 0x3C == syndrome.FSC_EXTERNAL_ON_WALK:
            pe.count_deviation(deviations.WALK_OUTSIDE_RAM)
        flags = esr & (syndrome.CM | syndrome.WNR)
        pe.inject_abort(far, status | flags, instruction=instruction)
        return True

    def _bound_repeats(self) -> None:
        now = self._pe.retired
        self._repeats = self._repeats + 1 if now == self._repeats_at else 0
        self._repeats_at = now
        if self._repeats > _MAX_REPEATS:
            raise RuntimeError(f"stage 2 cannot satisfy the instruction at {self._pe.pc:#x}")

    def _to_el1(self, ec: int, esr: int) -> None:
        pe = self._pe
        if ec == EC.UNKNOWN:
            self._undefined()
        elif ec == EC.SMC64:  # only with HCR_EL2.TSC cleared: pc is past it
            pe.inject_undefined_before()
        elif pe.registers.target_level() == 3 or (ec == EC.SYSREG and pe.registers.level == 1):
            pe.inject_undefined()  # there is no EL3 to trap to; and EL1 traps only what EL0 does (D1.3.6)
        elif ec == EC.SVE_ACCESS:
            pe.inject_undefined()  # no identification register says that there is SVE
        elif syndrome.is_abort(esr) and self._again(ec, esr):
            pass
        else:
            if ec == EC.BRANCH_TARGET:
                esr |= syndrome.IL  # Unicorn forgets it
            pe.enter_el1(esr, far=pe.registers.fault_address() if syndrome.is_abort(esr) else None)

    def _again(self, ec: int, esr: int) -> bool:
        """Says whether an abort is to be forgotten, since it came of tables that were not up to date."""
        pe = self._pe
        if not self._stage1.substitutes or not self._stage1.is_stale(esr, pe.registers.fault_address()):
            return False
        self._bound_repeats()
        if ec in (EC.DATA_ABORT_LOWER, EC.DATA_ABORT_SAME):
            pe.not_retired()
        return True

    def _undefined(self) -> None:
        """Serves instructions that Unicorn does not know, some of which are ours (semihosting, registers)."""
        pe = self._pe
        word = pe.instruction()
        if word is None:
            pe.inject_undefined()
        elif writes_masks(word) and pe.el == 0:  # SCTLR_EL1.UMA is 0 (D17.2.118)
            pe.enter_el1(syndrome.make(EC.SYSREG, sysreg.trapped_instruction(word)))
        elif not self._undefined_instructions.serve(word):
            pe.inject_undefined()
