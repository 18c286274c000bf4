// SPDX-License-Identifier: MIT
// One of each instruction a guest is likely to use, on the encoder's way through keystone.
        .arch   armv8-a+crc
_start:
        add     x0, x1, x2
        add     x0, x1, #4
        add     x0, sp, x1, uxtx #2
        adds    w0, w1, w2, lsl #3
        sub     sp, sp, #16
        and     x0, x1, #0xff
        ands    w0, w1, w2, ror #3
        orr     x0, x1, x2, lsl #4
        eor     w1, w2, #1
        bic     x0, x1, x2
        mov     x0, #1
        mov     w0, #0xffff0000
        mov     x0, sp
        mov     v0.s[1], w1
        mov     w0, v1.s[2]
        mov     v0.16b, v1.16b
        movz    x0, #1, lsl #16
        movk    w0, #1, lsl #16
        movn    x1, #3
        mvn     x0, x1
        neg     x0, x1
        cmp     x0, #1
        cmp     w0, w1, uxtb
        cmn     x0, x1
        tst     x0, #8
        adc     x0, x1, x2
        lsl     x0, x1, #3
        lsl     w0, w1, w2
        asr     x0, x1, #63
        ror     w0, w1, #31
        madd    x0, x1, x2, x3
        mul     x0, x1, x2
        smaddl  x0, w1, w2, x3
        udiv    x0, x1, x2
        ubfx    x0, x1, #3, #4
        bfi     w0, w1, #3, #4
        bfxil   x0, x1, #1, #2
        sbfiz   x0, x1, #1, #2
        ubfm    x0, x1, #1, #2
        sxtw    x0, w1
        uxtb    w0, w1
        extr    x0, x1, x2, #3
        clz     x0, x1
        rev     x0, x1
        rbit    w0, w1
        csel    x0, x1, x2, eq
        cset    x0, ne
        cinc    x0, x1, lo
        ccmp    x0, x1, #0, eq
        ccmp    x0, #1, #0, eq
        ldr     x0, [x1]
        ldr     w0, [x1, #4]
        ldr     x0, [x1], #8
        ldr     x0, [x1, #8]!
        ldr     x0, [x1, x2, lsl #3]
        ldr     w0, [x1, w2, uxtw #2]
        ldrb    w0, [x1, #1]
        ldrsh   x0, [x1, #2]
        ldrsw   x0, [x1, #4]
        str     q0, [x1, #16]
        str     s0, [x1, x2]
        ldur    x0, [x1, #1]
        ldp     x0, x1, [sp, #16]
        ldp     w0, w1, [sp], #8
        stp     q0, q1, [sp, #-32]!
        ldpsw   x0, x1, [x2]
        ldnp    x0, x1, [x2, #8]
        ldxr    x0, [x1]
        stxr    w0, x1, [x2]
        stlxp   w0, x1, x2, [x3]
        ldar    w0, [x1]
        ldtr    x0, [x1, #4]
        prfm    pldl1keep, [x0, #8]
        prfm    #3, [x0]
        br      x0
        ret     x1
        svc     #1
        hvc     #0xffff
        hlt     #3
        brk     #1
        hint    #5
        dsb     sy
        dmb     ishst
        isb
        isb     sy
        msr     daifset, #2
        msr     vbar_el1, x0
        mrs     x0, cntvct_el0
        msr     s3_0_c1_c2_3, x0
        sys     #3, c7, c5, #1, x0
        sysl    x0, #3, c7, c5, #1
        dc      civac, x0
        ic      ivau, x0
        tlbi    vae1is, x0
        at      s1e1r, x0
        fmov    s0, #1.0
        fmov    d0, x1
        fmov    v0.4s, #2.0
        fadd    s0, s1, s2
        fadd    v0.4s, v1.4s, v2.4s
        fcmp    s0, #0.0
        fcvt    d0, s1
        fcvtzs  x0, d1
        fcvtzs  w0, s1, #4
        scvtf   d0, x1
        fmadd   d0, d1, d2, d3
        fcsel   s0, s1, s2, eq
        frintz  d0, d1
        dup     v0.4s, w1
        dup     v0.4s, v1.s[1]
        ins     v0.s[1], v1.s[2]
        umov    w0, v0.h[3]
        smov    x0, v0.b[3]
        movi    v0.4s, #1, lsl #8
        movi    v0.2d, #0xff00ff00ff00ff00
        movi    v0.16b, #5
        mvni    v0.4s, #1, msl #8
        ld1     {v0.16b}, [x0]
        ld1     {v0.4s-v3.4s}, [x0], #64
        ld1     {v0.s}[1], [x0]
        st2     {v0.8b, v1.8b}, [x0], x1
        ld1r    {v0.8h}, [x0]
        addv    s0, v1.4s
        addp    v0.4s, v1.4s, v2.4s
        cnt     v0.8b, v1.8b
        tbl     v0.16b, {v1.16b}, v2.16b
        zip1    v0.4s, v1.4s, v2.4s
        xtn     v0.4h, v1.4s
        shl     v0.4s, v1.4s, #3
        sshr    d0, d1, #5
        ushll   v0.8h, v1.8b, #2
        crc32b  w0, w1, w2
        crc32cx w0, w1, x2
        ext     v0.16b, v1.16b, v2.16b, #3
        mul     v0.4s, v1.4s, v2.s[1]
        fmla    v0.4s, v1.4s, v2.s[1]
        cmeq    v0.4s, v1.4s, #0
        not     v0.16b, v1.16b
        orr     v0.4s, #1, lsl #8
        bic     v0.8h, #3
        fmul    v0.2d, v1.2d, v2.d[1]
        sqdmull s0, h1, v2.h[3]
        pmull   v0.8h, v1.8b, v2.8b
        mov     x0, #-1
        mov     w0, #-16
        mov     x0, #0xffff0000
        mov     x0, #0xffffffffffff1234
        mov     x0, #0x00ff00ff00ff00ff
        mov     w0, #0xffff1234
        mov     x0, lr
        mov     fp, sp
        MOV     X0, X1
        add     x0, x0, #0x5000
        add     x0, x0, #-4
        cmp     x0, #-1
        tst     w0, #0x80000000
        bic     x0, x0, #0xf
        ldr     x0, [x1, #3]
        ldr     x0, [x1, #-8]
        ldr     x0, [x1, xzr]
        ldr     w0, [x1, w2, sxtw]
        ldxp    x0, x1, [x2]
        ldaxrb  w0, [x1]
        stlrh   w0, [x1]
        clrex
        csdb
        yield
        sevl
        eret
        drps
        udf     #0
        udf     #0xffff
        hlt     #0xf000
        dcps1
        smc     #0
        wfi
        wfe
        sev
        dsb     ish
        dsb     #15
        dmb     nshld
        msr     spsel, #1
        msr     daifclr, #(1 << 1)
        msr     S3_0_C4_C2_2, x0
        mrs     x0, S3_3_C14_C3_1
        mrs     x0, currentel
        mrs     x0, icc_iar1_el1
        mrs     x0, cntv_ctl_el0
        msr     tpidr_el1, xzr
        tlbi    vmalle1
        tlbi    vaae1is, x0
        ic      iallu
        dc      zva, x0
        fmov    d0, #-0.125
        fmov    s0, #31.0
        fmov    v0.d[1], x0
        fmov    x0, v0.d[1]
        fcmeq   v0.4s, v1.4s, #0
        count .req x19
        ticks .req w20
        add     count, count, #1
        mov     ticks, #3
        ldr     ticks, [count, #4]
        cbz     count, _start
        .unreq  ticks
