# SPDX-License-Identifier: MIT
"""IHI 0048B, 3.2.4: an SGI that is sent while the last one is in service becomes pending, and comes next."""

from __future__ import annotations

import pytest

from harness import Machine, StopReason
from harness.asm import assemble

# CPU 0 sends CPU 1 the second one once CPU 1 is in the handler of the first (WAIT_FOR = inside), or is back
# from it and has made no exit since (WAIT_FOR = count). CPU 1's handler waits until `go` is set.
GUEST = """
#include "boot.inc"
#include "irq_driver.inc"
#define IPI 3

// until_set name: wait until the word there is not 0.
.macro  until_set name
        adr     x1, \\name
        ldr     x0, [x1]
        cbz     x0, . - 4
.endm

.macro  set name
        adr     x1, \\name
        mov     x0, #1
        str     x0, [x1]
.endm

.macro  send
        mov     x0, #1
        mov     x1, #IPI
        bl      irqc_send_ipi
.endm

main:
        stp     x19, x30, [sp, #-16]!
        bl      irqc_probe
        mov     x0, #1
        adr     x1, second
        bl      cpu_start
        until_set ready
        adr     x1, go
        mov     x0, #GO_AT_ONCE
        str     x0, [x1]
        send
        until_set WAIT_FOR
        mov     x2, #1000
1:      subs    x2, x2, #1
        b.ne    1b
        send
        set     go
2:      adr     x1, count
        ldr     x0, [x1]
        cmp     x0, #2
        b.lo    2b
        mov     x0, #0
        ldp     x19, x30, [sp], #16
        ret

second: bl      irqc_cpu_start
        mov     x0, #IPI
        adr     x1, handler
        adr     x2, irqc_flow_edge      // its end comes after the handler
        bl      irqc_request
        set     ready
        irq_enable
3:      b       3b

handler:
        set     inside
        until_set go
        adr     x1, count
        ldr     x0, [x1]
        add     x0, x0, #1
        str     x0, [x1]
        ret

        .bss
        .balign 8
ready:  .space  8
inside: .space  8
go:     .space  8
count:  .space  8
"""


@pytest.mark.parametrize("wait_for", ["inside", "count"])
@pytest.mark.parametrize("controller", ["rvic", "vgic", "trap", "gicv2"])
def test_an_sgi_sent_again_is_not_lost(controller: str, wait_for: str) -> None:
    defines = {"WAIT_FOR": wait_for, "GO_AT_ONCE": int(wait_for == "count")}
    if controller != "rvic":
        defines["IRQ_GICV2"] = 1
    with Machine(cpus=2, controller=controller, quantum=50) as machine:
        machine.load(assemble(GUEST, name="sgi.S", defines=defines))
        assert machine.run(limit=100_000).reason is StopReason.POWER_OFF
        assert machine.memory.u64(machine.symbols["count"]) == 2
