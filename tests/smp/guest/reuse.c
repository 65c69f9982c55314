// SPDX-License-Identifier: Apache-2.0
// What is given to another user: address space identifiers, reservations of exclusives, processors that are off.
#include "board.h"

/// In nanoseconds.
enum { kLongest = 500000000 };

/// Two address spaces that differ in the page of the window they share an ASID for.
enum { kAsids = 4, kSpaces = 2, kOwnPage = 62 };
static _Alignas(4096) volatile u64 roots[kSpaces][512], middles[kSpaces][512], leaves[kSpaces][512];
/// Of each ASID: how often it was given away times kSpaces, and the space that has it.
static struct { _Alignas(128) volatile u64 value; } owner[kAsids];
static volatile u64 holders[kMaxCpus][16];
static volatile u64 stop;

static u64 space_entry(u64 space, u64 asid) {
    return (u64)roots[space] | asid << 48;
}

static void make_spaces(void) {
    extern volatile u64 level1[512];
    for (u64 space = 0; space < kSpaces; space++) {
        roots[space][0] = level1[0];
        roots[space][1] = level1[1];
        roots[space][2] = (u64)middles[space] | 3;
        middles[space][0] = (u64)leaves[space] | 3;
        leaves[space][0] = page_descriptor(pages[kOwnPage + space]);
        *(volatile u64*)pages[kOwnPage + space] = space;
    }
    DSB(ish);
}

/// Waits until nobody else is in an address space with the identifier, as who reuses it must.
static void await_leaving(u64 asid) {
    for (u64 other = 1; other < cpus; other++) {
        while (load_acquire(&holders[other][0]) == asid + 1) {
        }
    }
}

/// CPU 0 gives ASIDs to other address spaces, with what translations there are of them invalidated everywhere; the
/// others go through the spaces, and must see each one's own page.
void asids(u64 cpu) {
    const u64 begun = now_ns();
    const u64 before = READ(ttbr0_el1);
    if (cpu == 0) {
        make_spaces();
        stop = 0;
        for (u64 asid = 0; asid < kAsids; asid++) {
            owner[asid].value = asid % kSpaces;
        }
    }
    holders[cpu][0] = 0;
    meet();
    for (u64 i = 0; cpu == 0 && i < 20000 && now_ns() - begun < kLongest; i++) {
        const u64 asid = i % kAsids;
        const u64 old = owner[asid].value;
        owner[asid].value = ~0ul;
        DMB(ish);
        await_leaving(asid);
        asm volatile("tlbi aside1is, %0\n dsb ish" : : "r"((asid + 1) << 48) : "memory");
        store_release(&owner[asid].value, 1 - old);
    }
    if (cpu == 0) {
        stop = 1;
    }
    for (u64 i = cpu; cpu != 0 && !stop; i++) {
        const u64 asid = i % kAsids;
        holders[cpu][0] = asid + 1;
        DMB(ish);
        const u64 space = owner[asid].value;
        if (space < kSpaces) {
            DMB(ishld);
            WRITE(ttbr0_el1, space_entry(space, asid + 1));
            ISB();
            const u64 seen = *(volatile u64*)kWindow;
            if (seen != space) {
                fail("another address space's page by ASID", asid + 1);
            }
            WRITE(ttbr0_el1, before);
            ISB();
        }
        store_release(&holders[cpu][0], 0);
    }
    meet();
}

/// The local monitor is cleared by CLREX, by a store-exclusive, and by an exception's return (B2.12.2).
void reservations(u64 cpu) {
    static _Alignas(128) volatile u64 words[kMaxCpus][16];
    volatile u64* const word = words[cpu];
    for (u64 i = 0; i < 200; i++) {
        u64 value;
        u32 status = 0, again = 0;
        asm volatile("ldxr %0, %3\n clrex\n stxr %w1, %0, %3\n ldxr %0, %3\n stxr %w2, %0, %3\n stxr %w2, %0, %3"
                     : "=&r"(value), "=&r"(status), "=&r"(again), "+Q"(*word)
                     :
                     : "memory");
        if (status != 1 || again != 1) {
            fail("a reservation that is gone", status);
        }
        const u64 taken_before = taken[cpu][5];
        asm volatile("ldaxr %0, %1" : "=r"(value) : "Q"(*word) : "memory");
        send_sgi(1ul << cpu, 5);
        const u64 begun = now_ns();
        while (load_acquire(&taken[cpu][5]) == taken_before && now_ns() - begun < 10000000000) {
        }
        asm volatile("stlxr %w0, %1, %2" : "=&r"(status) : "r"(value), "Q"(*word) : "memory");
        if (status != 1) {
            fail("a reservation from before an interrupt", i);
        }
    }
}

/// Adds one to what its argument points to, with the MMU off, and switches off.
void count_and_leave(void);
asm("count_and_leave:\n"
    "    ldr x1, [x0]\n"
    "    add x1, x1, #1\n"
    "    str x1, [x0]\n"
    "    dsb sy\n"
    "    movz x0, #0x8400, lsl #16\n"
    "    movk x0, #2\n"
    "    hvc #0\n"
    "    b .\n");

/// All processors but the last switch that on at once, again and again: it lives once for each call that says so.
void race_for_power(u64 cpu) {
    static volatile u64 begun_lives, counted_lives, ready;
    const u64 last = cpus - 1;
    const u64 begun = now_ns();
    for (u64 i = 0; i < 300 && now_ns() - begun < kLongest; i++) {
        const long answer = psci(0xc4000003, last, (u64)&count_and_leave, (u64)&counted_lives);
        if (answer == 0) {
            __atomic_fetch_add(&begun_lives, 1, __ATOMIC_RELAXED);
        } else if (answer != -4 && answer != -5) {
            fail("CPU_ON", (u64)-answer);
        }
        const long state = psci(0xc4000004, last, 0, 0);
        if (state < 0 || state > 2) {
            fail("AFFINITY_INFO", (u64)state);
        }
    }
    __atomic_fetch_add(&ready, 1, __ATOMIC_ACQ_REL);
    if (cpu != 0) {
        return;
    }
    while (load_acquire(&ready) < last || psci(0xc4000004, last, 0, 0) != 1) {
        if (now_ns() - begun > 10000000000) {
            return fail("it does not go off after a race", last);
        }
    }
    if (begun_lives == 0 || counted_lives != begun_lives) {
        fail("lives that were not lived", begun_lives - counted_lives);
    }
}
