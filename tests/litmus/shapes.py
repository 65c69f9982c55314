# SPDX-License-Identifier: Apache-2.0
"""The litmus tests: what each processor executes, and the outcome that is looked for.

x0, x1 and x2 are the addresses of x, y and z (64 bytes each, of zeros), x9 is 1, x10 is 2. x4 to x7 begin as 0 and are what a
processor has seen; x11 to x17 and v0 to v7 are free. An outcome is a condition on these (`1:x4` is processor 1's x4) and on the
first doubleword of x, y and z at the end.

`never` says whether Arm forbids the outcome (ARM ARM B2.3). What is allowed is counted.
"""

import itertools
from dataclasses import dataclass


@dataclass
class Test:
    name: str
    threads: list
    outcome: str
    never: bool = True
    fill: int = 0  # the byte that x, y and z begin with
    needs: str = "1"  # a condition in the guest's C


# Rows by hand: name, threads, outcome. One line more is one test more.
BY_HAND = [
    # Coherence (B2.3.6): one location has one order.
    Test("CoRR", ["str x9, [x0]", "ldr x4, [x0]; ldr x5, [x0]"], "1:x4=1 & 1:x5=0"),
    Test("CoRR+atomic", ["swp x9, x11, [x0]", "ldadd xzr, x4, [x0]; ldr x5, [x0]"], "1:x4=1 & 1:x5=0"),
    Test("CoRR+acquires", ["stlr x9, [x0]", "ldar x4, [x0]; ldapr x5, [x0]"], "1:x4=1 & 1:x5=0"),
    Test("CoRW1", ["ldr x4, [x0]; str x9, [x0]"], "0:x4=1"),
    Test("CoRW2", ["ldr x4, [x0]; str x9, [x0]", "str x10, [x0]"], "0:x4=2 & x=2"),
    Test("CoWR", ["str x9, [x0]; ldr x4, [x0]", "str x10, [x0]"], "0:x4=2 & x=1"),
    Test("CoWW", ["str x9, [x0]; str x10, [x0]"], "x=1"),
    Test("CoWW+atomic", ["str x9, [x0]; swp x10, x4, [x0]"], "x=1 | 0:x4=0"),
    Test("CoWW+pair", ["str x9, [x0]; stp x10, x10, [x0]"], "x=1"),
    Test("CoRR+sizes", ["movn x11, #0; str x11, [x0]", "ldrb w4, [x0, #5]; ldr x5, [x0]"], "1:x4!=0 & 1:x5=0"),
    Test("CoRR+sizes back", ["movn x11, #0; str x11, [x0]", "ldr w4, [x0]; ldrb w5, [x0, #3]"], "1:x4!=0 & 1:x5=0"),
    Test("CoRR+pair then word", ["stp x9, x9, [x0]", "ldp x4, x5, [x0]; ldr x6, [x0, #8]"], "1:x5=1 & 1:x6=0"),
    Test("CoWR+sizes", ["strb w9, [x0]; ldr w4, [x0]", "strb w9, [x0, #1]"], "0:x4=0 | 0:x4=0x100"),
    # Two threads that each store a byte and read both (as Linux' queued spin locks do).
    Test("SB+sizes+po", ["strb w9, [x0]; ldr w4, [x0]", "strb w9, [x0, #1]; ldr w4, [x0]"], "0:x4=1 & 1:x4=0x100", never=False),
    Test("SB+sizes+dmb", ["strb w9, [x0]; dmb ish; ldr w4, [x0]", "strb w9, [x0, #1]; dmb ish; ldr w4, [x0]"], "0:x4=1 & 1:x4=0x100"),
    Test("SB+sizes+stlr-ldar", ["stlrb w9, [x0]; ldar w4, [x0]", "add x11, x0, #1; stlrb w9, [x11]; ldar w4, [x0]"], "0:x4=1 & 1:x4=0x100"),
    Test("MP+sizes", ["strb w9, [x0, #3]; dmb ishst; strh w9, [x1, #2]", "ldr w4, [x1]; dmb ishld; ldr x5, [x0]"], "1:x4!=0 & 1:x5=0"),
    Test("MP+sizes+stlr-ldar", ["str x9, [x0]; stlrb w9, [x1]", "ldar x4, [x1]; ldrb w5, [x0]"], "1:x4=1 & 1:x5=0"),
    Test("MP+sizes+stlr-ldapr", ["strh w9, [x0]; stlrh w9, [x1]", "ldaprb w4, [x1]; ldr w5, [x0]"], "1:x4=1 & 1:x5=0"),
    # Publication by other instructions.
    Test("MP+osh", ["str x9, [x0]; dmb oshst; str x9, [x1]", "ldr x4, [x1]; dmb oshld; ldr x5, [x0]"], "1:x4=1 & 1:x5=0"),
    Test("MP+dsbs", ["str x9, [x0]; dsb ishst; str x9, [x1]", "ldr x4, [x1]; dsb ishld; ldr x5, [x0]"], "1:x4=1 & 1:x5=0"),
    Test("MP+vectors", ["dup v0.2d, x9; str q0, [x0]; dmb ishst; str d0, [x1]", "ldr d1, [x1]; dmb ishld; ldp q2, q3, [x0]; fmov x4, d1; mov x5, v2.d[0]; mov x6, v2.d[1]"], "1:x4=1 & (1:x5=0 | 1:x6=0)"),
    Test("MP+ld1-st1", ["dup v0.2d, x9; dup v1.2d, x9; st1 {v0.2d, v1.2d}, [x0]; stlr x9, [x1]", "ldar x4, [x1]; ld1 {v2.2d, v3.2d}, [x0]; mov x5, v2.d[0]; mov x6, v3.d[1]"], "1:x4=1 & (1:x5=0 | 1:x6=0)"),
    Test("MP+st4-ld4", ["dup v0.2d, x9; mov v1.16b, v0.16b; mov v2.16b, v0.16b; mov v3.16b, v0.16b; st4 {v0.2d, v1.2d, v2.2d, v3.2d}, [x0]; stlr x9, [x1]", "ldar x4, [x1]; ld4 {v0.2d, v1.2d, v2.2d, v3.2d}, [x0]; mov x5, v0.d[0]; mov x6, v3.d[1]"], "1:x4=1 & (1:x5=0 | 1:x6=0)"),
    Test("MP+dc zva+stlr", ["dc zva, x0; stlr xzr, [x1]", "ldar x4, [x1]; ldr x5, [x0, #56]"], "1:x4=0 & 1:x5!=0", fill=0xFF),
    Test("MP+dc zva+dmb.st", ["dc zva, x0; dmb ishst; str xzr, [x1]", "ldr x4, [x1]; dmb ishld; ldr x5, [x0, #24]"], "1:x4=0 & 1:x5!=0", fill=0xFF),
    Test("MP+prefetch", ["str x9, [x0]; dmb ishst; str x9, [x1]", "prfm pldl1keep, [x0]; ldr x4, [x1]; dmb ishld; ldr x5, [x0]"], "1:x4=1 & 1:x5=0"),
    Test("MP+early load", ["str x9, [x0]; dmb ishst; str x9, [x1]", "ldr x6, [x0]; ldr x4, [x1]; dmb ishld; ldr x5, [x0]"], "1:x4=1 & 1:x5=0"),
    Test("MP+early load+ldar", ["str x9, [x0]; stlr x9, [x1]", "ldr x6, [x0]; ldar x4, [x1]; ldr x5, [x0]"], "1:x4=1 & 1:x5=0"),
    Test("MP+store before+ldar", ["str x9, [x0, #8]; stlr x9, [x1]", "str x10, [x0]; ldar x4, [x1]; ldp x6, x5, [x0]"], "1:x4=1 & 1:x5=0"),
    Test("MP+across lines", ["str x9, [x0, #60]; dmb ishst; str x9, [x2]", "ldr x4, [x2]; dmb ishld; ldr x5, [x0, #60]"], "1:x4=1 & 1:x5!=1"),
    Test("MP+ldxr", ["str x9, [x0]; 1: ldxr x11, [x1]; stlxr w12, x9, [x1]; cbnz w12, 1b", "ldaxr x4, [x1]; ldr x5, [x0]; clrex"], "1:x4=1 & 1:x5=0"),
    Test("MP+casp", ["mov x12, #0; mov x13, #0; mov x14, #1; mov x15, #1; str x9, [x0]; caspl x12, x13, x14, x15, [x1]", "mov x12, #0; mov x13, #0; mov x14, #0; mov x15, #0; caspa x12, x13, x14, x15, [x1]; mov x4, x12; mov x6, x13; ldr x5, [x0]"], "1:x4!=1:x6 | (1:x4=1 & 1:x5=0)", needs="has_lse"),
    Test("MP+loop", ["str x9, [x0]; dmb ish; str x9, [x1]", "mov x12, #64; 1: ldr x4, [x1]; sub x12, x12, #1; cbz x12, 2f; cbz x4, 1b; 2: dmb ishld; ldr x5, [x0]"], "1:x4=1 & 1:x5=0"),
    Test("MP+call", ["str x9, [x0]; dmb ish; str x9, [x1]", "mov x11, x30; ldr x4, [x1]; bl 1f; ldr x5, [x0]; b 2f; 1: dmb ishld; ret; 2: mov x30, x11"], "1:x4=1 & 1:x5=0"),
    # Single-copy atomicity.
    Test("torn stxp-ldxp", ["1: ldxp x11, x12, [x0]; stxp w13, x9, x9, [x0]; cbnz w13, 1b", "1: ldxp x4, x5, [x0]; stxp w13, x4, x5, [x0]; cbnz w13, 1b"], "1:x4!=1:x5"),
    Test("torn casp-ldxp", ["mov x12, #0; mov x13, #0; mov x14, #1; mov x15, #1; casp x12, x13, x14, x15, [x0]", "1: ldxp x4, x5, [x0]; stxp w13, x4, x5, [x0]; cbnz w13, 1b"], "1:x4!=1:x5", needs="has_lse"),
    Test("torn casp-casp w", ["mov w12, #0; mov w13, #0; mov w14, #1; mov w15, #1; casp w12, w13, w14, w15, [x0]", "mov w12, #0; mov w13, #0; mov w14, #0; mov w15, #0; casp w12, w13, w14, w15, [x0]; mov w4, w12; mov w5, w13"], "1:x4!=1:x5", needs="has_lse"),
    Test("torn stp-ldp", ["stp x9, x9, [x0, #16]", "ldp x4, x5, [x0, #16]"], "1:x4!=1:x5", needs="has_lse2"),
    Test("torn stp-ldp updates", ["add x11, x0, #16; stp x9, x9, [x11], #16", "mov x11, x0; ldp x4, x5, [x11, #16]!"], "1:x4!=1:x5", needs="has_lse2"),
    Test("torn q-ldp", ["dup v0.2d, x9; str q0, [x0]", "ldp x4, x5, [x0]"], "1:x4!=1:x5", needs="has_lse2"),
    Test("torn stp-q", ["stp x9, x9, [x0]", "ldr q1, [x0]; mov x4, v1.d[0]; mov x5, v1.d[1]"], "1:x4!=1:x5", needs="has_lse2"),
    Test("torn stnp-ldnp", ["stnp x9, x9, [x0]", "ldnp x4, x5, [x0]"], "1:x4!=1:x5", needs="has_lse2"),
    # Two accesses, as FEAT_LSE2 speaks of general registers only.
    Test("torn stp d-ldp d", ["fmov d0, x9; stp d0, d0, [x0]", "ldp d1, d2, [x0]; fmov x4, d1; fmov x5, d2"], "1:x4!=1:x5", never=False),
    Test("torn stp q-ldp q", ["dup v0.2d, x9; stp q0, q0, [x0]", "ldp q1, q2, [x0]; mov x4, v2.d[0]; mov x5, v2.d[1]"], "1:x4!=1:x5", needs="has_lse2"),
    Test("torn x at 3", ["movn x11, #0; stur x11, [x0, #3]", "ldur x4, [x0, #3]"], "1:x4!=0 & 1:x4!=~0ul", needs="has_lse2"),
    Test("torn w at 6", ["movn w11, #0; stur w11, [x0, #6]", "ldur w4, [x0, #6]"], "1:x4!=0 & 1:x4!=0xffffffff", needs="has_lse2"),
    Test("torn h at 7", ["movn w11, #0; sturh w11, [x0, #7]", "ldurh w4, [x0, #7]"], "1:x4!=0 & 1:x4!=0xffff", needs="has_lse2"),
    Test("torn d at 5", ["movn x11, #0; fmov d0, x11; stur d0, [x0, #5]", "ldur d1, [x0, #5]; fmov x4, d1"], "1:x4!=0 & 1:x4!=~0ul", needs="has_lse2"),
    Test("torn stlr at 4", ["movn x11, #0; add x12, x0, #4; stur x11, [x12]", "ldur x4, [x0, #4]"], "1:x4!=0 & 1:x4!=~0ul", needs="has_lse2"),
    Test("torn atomic at 4", ["movn x11, #0; add x12, x0, #4; swp x11, x13, [x12]", "add x12, x0, #4; ldadd xzr, x4, [x12]"], "1:x4!=0 & 1:x4!=~0ul", needs="has_lse2 && has_lse"),
    Test("torn atomic-ldr at 5", ["movn x11, #0; add x12, x0, #5; ldset x11, x13, [x12]", "ldur x4, [x0, #5]"], "1:x4!=0 & 1:x4!=~0ul", needs="has_lse2 && has_lse"),
    # Atomicity of read-modify-writes.
    Test("exclusive, swp between", ["ldxr x4, [x0]; mov w5, #1; stxr w5, x10, [x0]", "swp x9, x4, [x0]"], "0:x4=0 & 0:x5=0 & 1:x4=0 & x=2"),
    Test("two exclusives", ["1: ldxr x4, [x0]; add x5, x4, #1; stxr w6, x5, [x0]; cbnz w6, 1b", "1: ldxr x4, [x0]; add x5, x4, #1; stxr w6, x5, [x0]; cbnz w6, 1b"], "x!=2"),
    Test("exclusive and atomic", ["1: ldxr x4, [x0]; add x5, x4, #1; stxr w6, x5, [x0]; cbnz w6, 1b", "ldadd x9, x4, [x0]"], "x!=2", needs="has_lse"),
    Test("exclusive word and atomic double", ["1: ldaxr w4, [x0]; add w5, w4, #1; stlxr w6, w5, [x0]; cbnz w6, 1b", "lsl x11, x9, #32; ldadd x11, x4, [x0]"], "x!=0x100000001", needs="has_lse"),
    Test("exclusive byte and double", ["1: ldxrb w4, [x0]; add w5, w4, #1; stxrb w6, w5, [x0]; cbnz w6, 1b", "1: ldxr x4, [x0]; add x5, x4, #256; stxr w6, x5, [x0]; cbnz w6, 1b"], "x!=257"),
    Test("atomics of all kinds", ["ldadd x9, x4, [x0]; stset x10, [x0]", "lsl x11, x9, #8; ldset x11, x4, [x0]; lsl x12, x9, #16; ldeor x12, x5, [x0]; steor x12, [x0]; ldclr x11, x6, [x0]"], "x!=3", needs="has_lse"),
    Test("swp, one gets each", ["swp x9, x4, [x0]", "swp x10, x4, [x0]"], "!((0:x4=0 & 1:x4=1 & x=2) | (1:x4=0 & 0:x4=2 & x=1))", needs="has_lse"),
    Test("cas, one wins", ["mov x4, #0; cas x4, x9, [x0]", "mov x4, #0; cas x4, x10, [x0]"], "!((0:x4=0 & 1:x4=1 & x=1) | (1:x4=0 & 0:x4=2 & x=2))", needs="has_lse"),
    Test("max and min", ["mov x11, #7; ldumax x11, x4, [x0]; ldsmin x10, x5, [x0]", "mov x11, #5; ldsmax x11, x4, [x0]"], "x!=2 & x!=5", needs="has_lse"),
]


@dataclass
class Order:
    """What makes one access come before the next: {r} and {w} stand for the accesses' own forms."""

    name: str
    first: str = "plain"
    between: str = ""
    second: str = "plain"
    strong: bool = True


LOADS = {
    "plain": "ldr x{r}, [{p}]",
    "acquire": "ldar x{r}, [{p}]",
    "acquirepc": "ldapr x{r}, [{p}]",
    "exclusive": "ldaxr x{r}, [{p}]; clrex",
    "ldadda": "ldadda xzr, x{r}, [{p}]",
    "ldseta": "ldseta xzr, x{r}, [{p}]",
    "ldsmaxa": "ldsmaxa xzr, x{r}, [{p}]",
    "casa": "mov x{r}, #0; casa x{r}, xzr, [{p}]",
    "address": "eor x17, x{a}, x{a}; ldr x{r}, [{p}, x17]",
    "control": "cbnz x{a}, 9f; 9: isb; ldr x{r}, [{p}]",
}
STORES = {
    "plain": "str x{v}, [{p}]",
    "release": "stlr x{v}, [{p}]",
    "swpl": "swpl x{v}, x17, [{p}]",
    "swpal": "swpal x{v}, x17, [{p}]",
    "exclusive": "8: ldxr x17, [{p}]; stlxr w16, x{v}, [{p}]; cbnz w16, 8b",
    "address": "eor x17, x{a}, x{a}; str x{v}, [{p}, x17]",
    "data": "eor x17, x{a}, x{a}; add x17, x17, x{v}; str x17, [{p}]",
    "control": "cbnz x{a}, 9f; 9: str x{v}, [{p}]",
}
ORDERS = {
    "ww": [
        Order("po", strong=False),
        Order("dmb", between="dmb ish"),
        Order("dmb.st", between="dmb ishst"),
        Order("dmb.ld", between="dmb ishld", strong=False),
        Order("dsb", between="dsb ish"),
        Order("stlr", second="release"),
        Order("swpl", second="swpl"),
        Order("stlxr", second="exclusive"),
    ],
    "wr": [
        Order("po", strong=False),
        Order("dmb", between="dmb ish"),
        Order("dmb.st", between="dmb ishst", strong=False),
        Order("dsb", between="dsb ish"),
        Order("stlr-ldar", first="release", second="acquire"),
        Order("stlr-ldapr", first="release", second="acquirepc", strong=False),
        Order("stlxr-ldaxr", first="exclusive", second="exclusive"),
        Order("swpal", first="swpal"),
        Order("swpl-ldadda", first="swpl", second="ldadda"),
    ],
    "rr": [
        Order("po", strong=False),
        Order("dmb", between="dmb ish"),
        Order("dmb.ld", between="dmb ishld"),
        Order("dmb.st", between="dmb ishst", strong=False),
        Order("ldar", first="acquire"),
        Order("ldapr", first="acquirepc"),
        Order("ldaxr", first="exclusive"),
        Order("ldadda", first="ldadda"),
        Order("ldseta", first="ldseta"),
        Order("ldsmaxa", first="ldsmaxa"),
        Order("casa", first="casa"),
        Order("addr", second="address"),
        Order("ctrl-isb", second="control"),
    ],
    "rw": [
        Order("po", strong=False),
        Order("dmb", between="dmb ish"),
        Order("dmb.ld", between="dmb ishld"),
        Order("ldar", first="acquire"),
        Order("ldapr", first="acquirepc"),
        Order("ldadda", first="ldadda"),
        Order("stlr", second="release"),
        Order("stlxr", second="exclusive"),
        Order("addr", second="address"),
        Order("data", second="data"),
        Order("ctrl", second="control"),
    ],
}

# Each row: name, threads of accesses (R or W, where; W what, R into which register) with the kind of order between, outcome.
SHAPES = [
    ("MP", ["Wx1 ww Wy1", "Ry4 rr Rx5"], "1:x4=1 & 1:x5=0"),
    ("SB", ["Wx1 wr Ry4", "Wy1 wr Rx4"], "0:x4=0 & 1:x4=0"),
    ("LB", ["Rx4 rw Wy1", "Ry4 rw Wx1"], "0:x4=1 & 1:x4=1"),
    ("R", ["Wx1 ww Wy1", "Wy2 wr Rx4"], "y=2 & 1:x4=0"),
    ("S", ["Wx2 ww Wy1", "Ry4 rw Wx1"], "x=2 & 1:x4=1"),
    ("2+2W", ["Wx1 ww Wy2", "Wy1 ww Wx2"], "x=1 & y=1"),
    ("WRC", ["Wx1", "Rx4 rw Wy1", "Ry4 rr Rx5"], "1:x4=1 & 2:x4=1 & 2:x5=0"),
    ("RWC", ["Wx1", "Rx4 rr Ry5", "Wy1 wr Rx4"], "1:x4=1 & 1:x5=0 & 2:x4=0"),
    ("ISA2", ["Wx1 ww Wy1", "Ry4 rw Wz1", "Rz4 rr Rx5"], "1:x4=1 & 2:x4=1 & 2:x5=0"),
    ("3.SB", ["Wx1 wr Ry4", "Wy1 wr Rz4", "Wz1 wr Rx4"], "0:x4=0 & 1:x4=0 & 2:x4=0"),
    ("W+RWC", ["Wx1 ww Wy1", "Ry4 rr Rz5", "Wz1 wr Rx4"], "1:x4=1 & 1:x5=0 & 2:x4=0"),
    ("IRIW", ["Wx1", "Wy1", "Rx4 rr Ry5", "Ry4 rr Rx5"], "2:x4=1 & 2:x5=0 & 3:x4=1 & 3:x5=0"),
]
PLACES = {"x": "x0", "y": "x1", "z": "x2"}
VALUES = {"1": "9", "2": "10"}


def access(text, form, before):
    """`Wx1` or `Ry4` as instructions."""
    place = PLACES[text[1]]
    after = before[2] if before else None
    if text[0] == "R":
        return LOADS[form].format(p=place, r=text[2], a=after)
    return STORES[form].format(p=place, v=VALUES[text[2]], a=after)


def thread(text, orders):
    """The code of a thread of which `orders` has what stands between its accesses."""
    words = text.split()
    if len(words) == 1:
        return access(words[0], "plain", None)
    first, _, second = words
    order = next(orders)
    parts = [access(first, order.first, None), order.between, access(second, order.second, first)]
    return "; ".join(part for part in parts if part)


def choices(kinds, all_of_them):
    """The combinations of orders: all, or each order with two of the others' each."""
    lists = [ORDERS[kind] for kind in kinds]
    if all_of_them:
        return itertools.product(*lists)
    longest = max(len(orders) for orders in lists)
    return [[orders[(i + i // 3 * step * n) % len(orders)] for n, orders in enumerate(lists)] for i in range(longest) for step in (0, 1)]


def from_shapes():
    for name, threads, outcome in SHAPES:
        kinds = [text.split()[1] for text in threads if " " in text]
        for chosen in choices(kinds, len(threads) == 2):
            orders = iter(chosen)
            code = [thread(text, orders) for text in threads]
            test = Test("+".join([name, *(order.name for order in chosen)]), code, outcome)
            test.never = all(order.strong for order in chosen)
            yield test


def all_tests():
    for test in itertools.chain(BY_HAND, from_shapes()):
        text = " ".join(test.threads)
        if any(word in text for word in ("swp", "ldadd", "ldset", "ldsmax", "casa", "ldclr")) and "has_lse" not in test.needs:
            test.needs += " && has_lse"
        if "ldapr" in text:
            test.needs += " && has_rcpc"
        yield test
