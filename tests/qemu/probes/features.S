// SPDX-License-Identifier: MIT
// What the identification registers of `max` announce, tried: each feature's instruction, or its absence.
// Each instruction is a word, since no small assembler knows all of them.
#include "probe.inc"
#include "tables.inc"

#define TCR_BASE        (16 | (25 << 16) | (2 << 30) | (4 << 32))
#define P_GUARDED       20
#define GP              (1 << 50)

main:   stp     x29, x30, [sp, #-16]!
        bl      probe_init
        mov     x0, #0x330000           // CPACR_EL1: FPEN, ZEN
        msr     cpacr_el1, x0
        mov     x0, #16                 // TCR_EL1.T0SZ, which says where a pointer's authentication code goes
        msr     tcr_el1, x0
        isb

        at_el1  "ID_AA64PFR0_EL1, upper half"
        bl      operands
        mrs     x0, id_aa64pfr0_el1
        lsr     x0, x0, #32
        done
        at_el1  "ID_AA64PFR1_EL1, tried"
        bl      operands
        mrs     x0, id_aa64pfr1_el1
        done
        at_el1  "ID_AA64ISAR0_EL1, tried"
        bl      operands
        mrs     x0, id_aa64isar0_el1
        done
        at_el1  "ID_AA64ISAR1_EL1, tried"
        bl      operands
        mrs     x0, id_aa64isar1_el1
        done
        at_el1  "ID_AA64MMFR1_EL1, tried"
        bl      operands
        mrs     x0, id_aa64mmfr1_el1
        done
        at_el1  "ID_AA64MMFR2_EL1, tried"
        bl      operands
        .word   0xd5380740              // mrs x0, id_aa64mmfr2_el1
        done
        at_el1  "FEAT_PAuth: the keys"
        bl      operands
        bl      keys_set
        .word   0xd5382320              // mrs x0, apgakeyhi_el1
        done
        at_el1  "FEAT_PAuth: PACGA"
        bl      operands
        .word   0x9ac23020              // pacga x0, x1, x2
        done
        at_el1  "FEAT_PAuth: PACIA with SCTLR_EL1.EnIA = 0"
        bl      operands
        mov     x0, x1
        .word   0xdac10040              // pacia x0, x2
        done
        at_el1  "FEAT_PAuth: PACIA"
        bl      operands
        mrs     x0, sctlr_el1
        load64  x3, 0xc8002000
        orr     x0, x0, x3
        msr     sctlr_el1, x0
        isb
        bl      operands
        mov     x0, x1
        .word   0xdac10040              // pacia x0, x2
        done
        at_el1  "FEAT_PAuth: PACIB"
        bl      operands
        mov     x0, x1
        .word   0xdac10440              // pacib x0, x2
        done
        at_el1  "FEAT_PAuth: PACDA"
        bl      operands
        mov     x0, x1
        .word   0xdac10840              // pacda x0, x2
        done
        at_el1  "FEAT_PAuth: PACDB"
        bl      operands
        mov     x0, x1
        .word   0xdac10c40              // pacdb x0, x2
        done
        at_el1  "FEAT_PAuth: PACIA and AUTIA"
        bl      operands
        mov     x0, x1
        .word   0xdac10040              // pacia x0, x2
        .word   0xdac11040              // autia x0, x2
        done
        at_el1  "FEAT_PAuth: PACIA and AUTIA with another modifier"
        bl      operands
        mov     x0, x1
        .word   0xdac10040              // pacia x0, x2
        .word   0xdac11060              // autia x0, x3
        done
        at_el1  "FEAT_PAuth: XPACI"
        bl      operands
        mov     x0, x1
        .word   0xdac10040              // pacia x0, x2
        .word   0xdac143e0              // xpaci x0
        done
        at_el1  "FEAT_PAuth: PACIASP and RETAA"
        bl      operands
        adr     x30, 5f
        mov     x0, #3
        .word   0xd503233f              // paciasp
        .word   0xd65f0bff              // retaa
        mov     x0, #7
5:      done
        at_el1  "FEAT_PAuth: BLRAAZ"
        bl      operands
        adr     x5, 5f
        .word   0xdac123e5              // paciza x5
        mov     x0, #3
        .word   0xd63f08bf              // blraaz x5
        mov     x0, #7
5:      done
        at_el1  "FEAT_PAuth: LDRAA"
        bl      operands
        mov     x5, x1
        .word   0xdac12be5              // pacdza x5
        str     x2, [x1]
        .word   0xf82004a0              // ldraa x0, [x5]
        done
        at_el1  "FEAT_PAuth: ERETAA"
        bl      operands
        adr     x5, 5f
        mov     x6, sp
        .word   0xdac100c5              // pacia x5, x6
        msr     elr_el1, x5
        mov     x6, #0x3c5
        msr     spsr_el1, x6
        isb
        mov     x0, #3
        .word   0xd69f0bff              // eretaa
        mov     x0, #7
5:      done
        at_el1  "FEAT_PAuth: a key at EL1"
        bl      operands
        .word   0xd5382100              // mrs x0, apiakeylo_el1
        done
        at_el1  "FEAT_LSE: CASAL"
        bl      operands
        str     x2, [x1]
        .word   0xc8e2fc23              // casal x2, x3, [x1]
        ldr     x0, [x1]
        done
        at_el1  "FEAT_LSE: CASP"
        bl      operands
        stp     xzr, xzr, [x1]
        mov     x4, #0
        mov     x5, #0
        mov     x6, #8
        mov     x7, #9
        .word   0x48247c26              // casp x4, x5, x6, x7, [x1]
        ldr     x0, [x1, #8]
        done
        at_el1  "FEAT_LSE: LDADDAL"
        bl      operands
        str     x3, [x1]
        .word   0xf8e20024              // ldaddal x2, x4, [x1]
        ldr     x0, [x1]
        done
        at_el1  "FEAT_LRCPC: LDAPR"
        bl      operands
        str     x2, [x1]
        .word   0xf8bfc020              // ldapr x0, [x1]
        done
        at_el1  "FEAT_LRCPC2: STLUR and LDAPUR"
        bl      operands
        .word   0xd9008022              // stlur x2, [x1, #8]
        .word   0xd9408020              // ldapur x0, [x1, #8]
        done
        at_el1  "FEAT_LOR: STLLR and LDLAR"
        bl      operands
        .word   0xc89f7c22              // stllr x2, [x1]
        .word   0xc8df7c20              // ldlar x0, [x1]
        done
        at_el1  "FEAT_LOR: LORID_EL1"
        bl      operands
        .word   0xd538a4e0              // mrs x0, lorid_el1
        done
        at_el1  "FEAT_LOR: LORSA_EL1"
        bl      operands
        mov     x2, #0x10000
        .word   0xd518a402              // msr lorsa_el1, x2
        .word   0xd538a400              // mrs x0, lorsa_el1
        done
        at_el1  "FEAT_JSCVT: FJCVTZS"
        bl      operands
        .word   0x1e7e0000              // fjcvtzs w0, d0
        done
        at_el1  "FEAT_FCMA: FCADD"
        bl      operands
        .word   0x6e82e420              // fcadd v0.4s, v1.4s, v2.4s, #90
        fmov    x0, d0
        done
        at_el1  "FEAT_FCMA: FCMLA"
        bl      operands
        .word   0x6e82cc20              // fcmla v0.4s, v1.4s, v2.4s, #90
        fmov    x0, d0
        done
        at_el1  "FEAT_FRINTTS: FRINT32Z"
        bl      operands
        .word   0x1e684020              // frint32z d0, d1
        fmov    x0, d0
        done
        at_el1  "FEAT_SB: SB"
        bl      operands
        .word   0xd50330ff              // sb
        done
        at_el1  "FEAT_SPECRES: CFP RCTX at EL1"
        bl      operands
        .word   0xd50b7380              // cfp rctx, x0
        done
        at_el1  "FEAT_DPB: DC CVAP"
        bl      operands
        .word   0xd50b7c21              // dc cvap, x1
        done
        at_el1  "FEAT_DPB2: DC CVADP"
        bl      operands
        .word   0xd50b7d21              // dc cvadp, x1
        done
        at_el1  "FEAT_DotProd: SDOT"
        bl      operands
        .word   0x4e829420              // sdot v0.4s, v1.16b, v2.16b
        fmov    x0, d0
        done
        at_el1  "FEAT_FHM: FMLAL"
        bl      operands
        .word   0x4e22ec20              // fmlal v0.4s, v1.4h, v2.4h
        fmov    x0, d0
        done
        at_el1  "FEAT_FP16: FADD of half precision"
        bl      operands
        .word   0x4e421420              // fadd v0.8h, v1.8h, v2.8h
        fmov    x0, d0
        done
        at_el1  "FEAT_SM3: SM3PARTW1"
        bl      operands
        .word   0xce62c020              // sm3partw1 v0.4s, v1.4s, v2.4s
        fmov    x0, d0
        done
        at_el1  "FEAT_SM4: SM4E"
        bl      operands
        .word   0xcec08420              // sm4e v0.4s, v1.4s
        fmov    x0, d0
        done
        at_el1  "FEAT_SHA3: EOR3"
        bl      operands
        .word   0xce020c20              // eor3 v0.16b, v1.16b, v2.16b, v3.16b
        fmov    x0, d0
        done
        at_el1  "FEAT_SHA512: SHA512H"
        bl      operands
        .word   0xce628020              // sha512h q0, q1, v2.2d
        fmov    x0, d0
        done
        at_el1  "FEAT_SHA1: SHA1H"
        bl      operands
        .word   0x5e280820              // sha1h s0, s1
        fmov    x0, d0
        done
        at_el1  "FEAT_SHA256: SHA256H"
        bl      operands
        .word   0x5e024020              // sha256h q0, q1, v2.4s
        fmov    x0, d0
        done
        at_el1  "FEAT_AES: AESE"
        bl      operands
        .word   0x4e284820              // aese v0.16b, v1.16b
        fmov    x0, d0
        done
        at_el1  "FEAT_PMULL: PMULL"
        bl      operands
        .word   0x0ee2e020              // pmull v0.1q, v1.1d, v2.1d
        fmov    x0, d0
        done
        at_el1  "FEAT_RDM: SQRDMLAH"
        bl      operands
        .word   0x6e828420              // sqrdmlah v0.4s, v1.4s, v2.4s
        fmov    x0, d0
        done
        at_el1  "FEAT_CRC32: CRC32X"
        bl      operands
        .word   0x9ac24c20              // crc32x w0, w1, x2
        done
        at_el1  "FEAT_FlagM: CFINV"
        bl      operands
        .word   0xd500401f              // cfinv
        mrs     x0, nzcv
        done
        at_el1  "FEAT_FlagM: RMIF"
        bl      operands
        .word   0xba02044f              // rmif x2, #4, #15
        mrs     x0, nzcv
        done
        at_el1  "FEAT_FlagM2: AXFLAG"
        bl      operands
        .word   0xd500405f              // axflag
        mrs     x0, nzcv
        done
        at_el1  "FEAT_PAN: MSR PAN, MRS PAN"
        bl      operands
        .word   0xd500419f              // msr pan, #1
        .word   0xd5384260              // mrs x0, pan
        .word   0xd500409f              // msr pan, #0
        done
        at_el1  "FEAT_PAN2: AT S1E1RP"
        bl      operands
        .word   0xd5087901              // at s1e1rp, x1
        isb
        mrs     x0, par_el1
        done
        at_el1  "FEAT_UAO: MSR UAO, MRS UAO"
        bl      operands
        .word   0xd500417f              // msr uao, #1
        .word   0xd5384280              // mrs x0, uao
        .word   0xd500407f              // msr uao, #0
        done
        at_el1  "FEAT_BTI: BTI C"
        bl      operands
        .word   0xd503245f              // bti c
        done
        at_el1  "FEAT_PMUv3p4: PMMIR_EL1"
        bl      operands
        .word   0xd5389ec0              // mrs x0, S3_0_C9_C14_6
        done
        at_el1  "FEAT_SVE: PTRUE with CPACR_EL1.ZEN = 3"
        bl      operands
        .word   0x2518e3e0              // ptrue p0.b
        done
        at_el1  "FEAT_SVE: ZCR_EL1"
        bl      operands
        .word   0xd5381200              // mrs x0, S3_0_C1_C2_0
        done
        at_el1  "FEAT_SVE: PTRUE with CPACR_EL1.ZEN = 0"
        bl      operands
        mrs     x2, cpacr_el1
        and     x3, x2, #0xfffffffffffcffff
        msr     cpacr_el1, x3
        isb
        .word   0x2518e3e0              // ptrue p0.b
        done
        at_el1  "FEAT_RNG: RNDR"
        bl      operands
        .word   0xd53b2400              // mrs x0, rndr
        mov     x0, #0
        done
        at_el1  "FEAT_DIT: MRS DIT"
        bl      operands
        .word   0xd53b42a0              // mrs x0, S3_3_C4_C2_5
        done
        at_el1  "FEAT_SSBS: MRS SSBS"
        bl      operands
        .word   0xd53b42c0              // mrs x0, S3_3_C4_C2_6
        done
        at_el1  "FEAT_MTE: MRS TCO"
        bl      operands
        .word   0xd53b42e0              // mrs x0, S3_3_C4_C2_7
        done
        at_el1  "FEAT_TLBIRANGE: TLBI RVAE1IS"
        bl      operands
        .word   0xd5088222              // sys #0, C8, C2, #1, x2
        done
        at_el1  "FEAT_TLBIOS: TLBI VMALLE1OS"
        bl      operands
        .word   0xd508811f              // sys #0, C8, C1, #0
        done

        bl      tables_make
        entry   L3_TRY, P_GUARDED, 0x42001000 | PAGE | GP
        load64  x0, TCR_BASE
        bl      mmu_on
        at_el1  "FEAT_BTI: BR to what is no landing pad"
        load64  x1, (TRY + 4096 * P_GUARDED)
        br      x1
        done
        at_el1  "FEAT_BTI: RET to what is no landing pad"
        load64  x30, (TRY + 4096 * P_GUARDED)
        ret
        done

        mov     x0, #0
        ldp     x29, x30, [sp], #16
        ret

// operands: x1 = memory, x2 and x3 = values, V0 to V3 = values, PSTATE.NZCV = 0.
operands:
        load64  x1, DATA
        load64  x2, 0x1122334455667788
        mov     x3, #5
        load64  x4, 0x4009220000000000
        fmov    d0, x4
        dup     v0.2d, v0.d[0]
        load64  x4, 0x400c350041223c00
        dup     v1.2d, x4
        load64  x4, 0x3ff1234542104500
        dup     v2.2d, x4
        dup     v3.2d, x2
        msr     nzcv, xzr
        mov     x0, #0
        ret

// keys_set: five keys. Clobbers x2, x3.
keys_set:
        load64  x2, 0x84be85ce9804e94b
        load64  x3, 0xec2802d4e0a488e9
        .word   0xd5182102              // msr apiakeylo_el1, x2
        .word   0xd5182123              // msr apiakeyhi_el1, x3
        .word   0xd5182142              // msr apibkeylo_el1, x2
        .word   0xd5182163              // msr apibkeyhi_el1, x3
        .word   0xd5182202              // msr apdakeylo_el1, x2
        .word   0xd5182223              // msr apdakeyhi_el1, x3
        .word   0xd5182242              // msr apdbkeylo_el1, x2
        .word   0xd5182263              // msr apdbkeyhi_el1, x3
        .word   0xd5182302              // msr apgakeylo_el1, x2
        .word   0xd5182323              // msr apgakeyhi_el1, x3
        isb
        ret
