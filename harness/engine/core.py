# SPDX-License-Identifier: MIT
"""CPU under a PE: one Unicorn instance with its registers, its interrupt lines, its addresses."""

from __future__ import annotations

import ctypes
import weakref
from typing import Final

from harness.arch import hyp, pstate
from harness.arch.masks import MASK64
from harness.engine.asked_first import AskedFirst
from harness.engine.backends import Backend, default_backend, make_registers
from harness.engine.el2_controls import CONTROLS, HCR, MPIDR_RES1, SCR
from harness.engine.emulator import binding as uc
from harness.engine.emulator import half_precision
from harness.engine.emulator.registers import RawGeneral
from harness.engine.emulator.saved_context import SavedContext
from harness.engine.emulator.system_registers import SystemRegisterFile
from harness.engine.emulator.vector_registers import VectorRegisters
from harness.engine.memory.ram import Memory
from harness.engine.memory.stage2 import TABLE_BASE
from harness.engine.raw_system_registers import RawSystemRegisters, stack_pointer
from harness.engine.slices import BlockPosition, Slices
from harness.errors import ConfigError, RegisterValueError

_TRANSLATION_REGISTERS: Final = frozenset(
    {"SCTLR_EL1", "TCR_EL1", "TTBR0_EL1", "TTBR1_EL1", "MAIR_EL1", "VTTBR_EL2", "VTCR_EL2"}
)
_BETWEEN = BlockPosition.BETWEEN  # an enum's member is slow to look up before Python 3.12


class Core(AskedFirst, Slices):
    """Registers, lines and addresses of one CPU; see :class:`harness.engine.PE` for the whole.

    ``x`` is for the paths of exits: see RawGeneral. Whoever holds a part of a CPU keeps all of it alive; after
    :meth:`close` each use raises ClosedError.
    """

    stepping = False  # MDSCR_EL1.SS: software step is enabled somewhere
    lent = ("handle", "registers", "x", "v", "sysreg")

    def __init__(
        self, index: int, memory: Memory, *, mpidr: int, model: str, backend: Backend | None
    ) -> None:
        if model not in uc.CPU_MODELS:
            raise ConfigError(f"CPU model {model!r}: not one of {', '.join(uc.CPU_MODELS)}")
        super().__init__(index, uc.open_instance(model))
        uc.forget_until(self.handle)
        self.memory, self.mpidr = memory, mpidr
        self._file = SystemRegisterFile(self.handle, self)
        self.sysreg = RawSystemRegisters(self._file, self)
        self.sysreg.write("SCR_EL3", SCR)
        half_precision.hide(self.handle, model)
        self.backend: Backend = default_backend() if backend is None else backend
        self.registers = make_registers(self.backend, self.handle, self, self.fail)
        self.registers.serve_maintenance(memory.stage2.mixed)
        self.x: RawGeneral = self.registers.x
        self.v = VectorRegisters(self.handle, self)
        self._pstate = ctypes.c_uint64()
        self._address = ctypes.c_uint64()
        self._set_up_el2()
        memory.attach(self)
        self._pristine = SavedContext(self.handle)

    def _set_up_el2(self) -> None:
        self.set_hcr(hyp.HCR_RW)  # before all else: without it EL1 is AArch32
        self.sysreg.write("VPIDR_EL2", self.sysreg["MIDR_EL1"])
        self.sysreg.write("VMPIDR_EL2", self.mpidr | MPIDR_RES1)
        self.sysreg.write("CNTHCTL_EL2", hyp.CNTHCTL_EL1PCTEN | hyp.CNTHCTL_EL1PCEN)
        self.sysreg.write("VTCR_EL2", hyp.VTCR_39_BIT)
        self.sysreg.write("VTTBR_EL2", TABLE_BASE)
        self.set_hcr(HCR | hyp.HCR_APK | hyp.HCR_API)

    def close(self) -> None:
        """Gives the CPU back to the host; ConfigError while it runs, nothing if that was done already."""
        if self.closed:
            return
        if self.running:
            raise ConfigError(f"CPU {self.index} is running: it can be closed once its run has ended")
        made, handle = self.__dict__, self.handle  # one that failed to be made has some of its parts alone
        memory = self.registers.close() if "registers" in made else None
        self.memory.detach(self)
        for name in ("v", "_file"):
            if name in made:
                made[name].withdraw()
        if "_pristine" in made:
            self._pristine.close()
        self.withdraw()
        if memory is None:
            uc.close(handle)
        else:
            weakref.finalize(memory, uc.close, handle).atexit = False

    def __del__(self) -> None:
        # Not a finalizer of weakref: one would be called before the __del__ of somebody who still uses the CPU.
        if not self.closed and "memory" in self.__dict__:
            self.close()

    # Registers.

    @property
    def pc(self) -> int:
        """Program counter."""
        return self.registers.pc

    @pc.setter
    def pc(self, value: int) -> None:
        self.registers.pc = value

    @property
    def sp(self) -> int:
        """Current stack pointer: SP_EL0 or SP_EL1 by PSTATE."""
        return self.registers.sp

    @sp.setter
    def sp(self, value: int) -> None:
        self.registers.sp = value

    @property
    def el(self) -> int:
        """Current Exception level, 0 or 1."""
        return self.registers.level

    @property
    def pstate(self) -> int:
        """PSTATE in SPSR layout; writing it banks SP. ValueError for a mode other than EL0t, EL1t, EL1h."""
        uc.check(uc.reg_read(self.handle, uc.REG_PSTATE, ctypes.byref(self._pstate)), "PSTATE")
        return self._pstate.value

    @pstate.setter
    def pstate(self, value: int) -> None:
        if value & pstate.MODE not in (pstate.Mode.EL0T, pstate.Mode.EL1T, pstate.Mode.EL1H):
            raise RegisterValueError(
                f"PSTATE {value:#x}: {pstate.mode_name(value)} is not a state of a guest"
            )
        self.sysreg.write(stack_pointer(self.pstate), self.sp)
        self._pstate.value = value
        uc.check(uc.reg_write(self.handle, uc.REG_PSTATE, ctypes.byref(self._pstate)), "PSTATE")
        # Any system register write makes Unicorn derive its flags from PSTATE again.
        self.set_hcr(self.registers.hcr)
        self.sp = self._file.read(stack_pointer(value))

    def advance(self) -> None:
        """Skips the trapped instruction, which is complete: so it has been stepped, too (D2.12)."""
        registers = self.registers
        registers.pc = registers.pc + 4 & MASK64
        if self.stepping and self.pstate & pstate.SS:
            self.pstate &= ~pstate.SS

    def restore_reset_values(self) -> None:
        """Makes every register of EL1 and EL0 as at power-on; the controls of EL2 stay, with the lines low."""
        controls = {name: self.sysreg[name] for name in CONTROLS}
        self._pristine.restore()
        for name, value in controls.items():
            self.sysreg.write(name, value)
        self.set_hcr(self.registers.hcr & ~(hyp.HCR_VI | hyp.HCR_VF | hyp.HCR_VSE))
        self.pstate = pstate.RESET
        self.flush_addresses()

    def system_register_written(self, name: str) -> None:
        """Drops what was derived from a register that the host wrote."""
        if name in _TRANSLATION_REGISTERS:
            self.flush_addresses()

    # HCR_EL2 and the lines in it.

    def set_hcr(self, value: int) -> None:
        """Writes HCR_EL2; the virtual interrupt line follows at the next instruction."""
        uc.check(self.registers.write_hcr(value), "HCR_EL2")
        if self.position is not _BETWEEN:
            self.restart()

    @property
    def virq(self) -> bool:
        """HCR_EL2.VI: the virtual IRQ line."""
        return bool(self.registers.hcr & hyp.HCR_VI)

    @virq.setter
    def virq(self, high: bool) -> None:
        if self.registers.drive(hyp.HCR_VI, high) and self.position is not _BETWEEN:
            self.restart()

    @property
    def vfiq(self) -> bool:
        """HCR_EL2.VF: the virtual FIQ line."""
        return bool(self.registers.hcr & hyp.HCR_VF)

    @vfiq.setter
    def vfiq(self, high: bool) -> None:
        if self.registers.drive(hyp.HCR_VF, high) and self.position is not _BETWEEN:
            self.restart()

    @property
    def trap_wfi(self) -> bool:
        """HCR_EL2.TWI: if set WFI is an exit; if clear it ends the slice with `waiting` set."""
        return bool(self.registers.hcr & hyp.HCR_TWI)

    @trap_wfi.setter
    def trap_wfi(self, trap: bool) -> None:
        self.set_hcr(self.registers.hcr | hyp.HCR_TWI if trap else self.registers.hcr & ~hyp.HCR_TWI)

    # Addresses.

    @property
    def fault_address(self) -> int:
        """FAR of the current exit: a virtual address."""
        return self.registers.fault_address()

    @property
    def fault_ipa(self) -> int:
        """IPA of the current abort: HPFAR_EL2 and the offset in the page (for a walk: FAR's)."""
        return self.registers.fault_page() | self.registers.fault_address() & 0xFFF

    def translate(self, va: int) -> int | None:
        """Returns the IPA of an executable virtual address, None where stage 1 or stage 2 does not map it."""
        if not self.registers.stage1():
            return va
        if uc.vmem_translate(self.handle, va, uc.PROT_EXEC, ctypes.byref(self._address)):
            return None
        return self._address.value

    def translate_data(self, va: int, *, write: bool) -> int | None:
        """Returns the IPA of an address that the PE may load from, or store to, now; None where it may not.

        The CPU walks stage 1 itself. Stage 2, filled on demand, is off meanwhile: it says nothing of rights.
        """
        if not self.registers.stage1():
            return va
        hcr = self.registers.hcr
        self.set_hcr(hcr & ~hyp.HCR_VM)
        try:
            right = uc.PROT_WRITE if write else uc.PROT_READ
            if uc.vmem_translate(self.handle, va, right, ctypes.byref(self._address)):
                return None
            return self._address.value
        finally:
            self.set_hcr(hcr)

    def instruction(self) -> int | None:
        """Returns the word at pc; None where it cannot be read."""
        pc = self.registers.pc
        ipa = self.translate(pc) if self.registers.stage1() else pc
        return None if ipa is None else self.memory.instruction(ipa)

    # What memory tells us (memory.observer.Observer).

    def map_buffer(self, base: int, size: int, address: int) -> None:
        """Makes a host buffer visible at a physical address."""
        uc.check(uc.mem_map_ptr(self.handle, base, size, uc.PROT_ALL, address), f"memory at {base:#x}")
        self.registers.map(base, size, address)

    def flush_addresses(self) -> None:
        """Forgets cached address translations."""
        uc.flush_tlb(self.handle)

    def trap_tlb_maintenance(self) -> None:
        """Lets TLBI reach other PEs (D8.14.5): by itself Unicorn's acts on its own TLB alone."""
        self.set_hcr(self.registers.hcr | hyp.HCR_TTLB)

    def flush_code(self) -> None:
        """Forgets translated code; amid a block, as soon as it is left."""
        if self.position is _BETWEEN:
            uc.flush_code(self.handle)
        else:
            self.defer(self.flush_code)

    def flush_code_at(self, ipa: int, size: int) -> None:
        """Forgets what was translated from some bytes of a page, by whatever virtual address it was reached."""
        if self.position is not _BETWEEN:
            self.flush_code()
        else:  # Unicorn finds code by virtual address: let that be the IPA for the moment
            hcr = self.registers.hcr
            self.set_hcr(hcr | hyp.HCR_DC)
            uc.remove_code(self.handle, ipa, ipa + size)
            self.set_hcr(hcr)
