// SPDX-License-Identifier: Apache-2.0
// Atomics, exclusives, and the shapes of the memory model that Arm forbids (ARM ARM B2.3).
#include "board.h"

enum { kTimes = 20000 };

static struct { _Alignas(128) volatile u64 value; } counter[8];
static _Alignas(16) volatile u64 wide[2];
static volatile u8 bytes[8];

#define EXCLUSIVE_ADD(load, store, p)                                                             \
    do {                                                                                          \
        u64 value_;                                                                               \
        u32 status_;                                                                              \
        asm volatile("1: " load " %0, %2\n add %0, %0, #1\n " store " %w1, %0, %2\n cbnz %w1, 1b" \
                     : "=&r"(value_), "=&r"(status_), "+Q"(p)                                     \
                     :                                                                            \
                     : "memory");                                                                 \
    } while (0)

void exclusives(u64 cpu) {
    if (cpu == 0) {
        counter[0].value = counter[1].value = wide[0] = wide[1] = 0;
    }
    meet();
    for (int i = 0; i < kTimes; i++) {
        EXCLUSIVE_ADD("ldxr", "stxr", counter[0].value);
        EXCLUSIVE_ADD("ldaxr", "stlxr", counter[1].value);
        u64 low, high;
        u32 status;
        asm volatile("1: ldaxp %0, %1, %3\n add %0, %0, #1\n add %1, %1, #3\n stlxp %w2, %0, %1, %3\n cbnz %w2, 1b"
                     : "=&r"(low), "=&r"(high), "=&r"(status), "+Q"(*(u64(*)[2])wide)
                     :
                     : "memory");
        if (high != 3 * low) {
            fail("a torn pair", high);
        }
    }
    meet();
    const u64 expected = cpus * kTimes;
    if (counter[0].value != expected || counter[1].value != expected || wide[0] != expected ||
        wide[1] != 3 * expected) {
        fail("lost", expected - counter[0].value);
    }
}

#define LSE(text) asm volatile(".arch_extension lse\n " text

void lse(u64 cpu) {
    if (!has_lse) {
        return;
    }
    if (cpu == 0) {
        for (int i = 0; i < 8; i++) {
            counter[i].value = bytes[i] = 0;
        }
        counter[4].value = ~0ul;
        wide[0] = wide[1] = 0;
    }
    meet();
    u64 sum = 0;
    for (u64 i = 0; i < kTimes; i++) {
        u64 old;
        LSE("ldadd %1, %0, %2") : "=r"(old) : "r"(1ul), "Q"(counter[0].value) : "memory");
        LSE("stadd %0, %1") : : "r"(2ul), "Q"(counter[1].value) : "memory");
        LSE("ldaddalb %w1, %w0, %2") : "=r"(old) : "r"(1), "Q"(bytes[3]) : "memory");
        LSE("ldumaxal %1, %0, %2") : "=r"(old) : "r"(i), "Q"(counter[2].value) : "memory");
        LSE("ldeoral %1, %0, %2") : "=r"(old) : "r"(1ul << cpu), "Q"(counter[3].value) : "memory");
        LSE("ldclral %1, %0, %2") : "=r"(old) : "r"(1ul << (8 + cpu)), "Q"(counter[4].value) : "memory");
        LSE("ldset %1, %0, %2") : "=r"(old) : "r"(1ul << (8 + cpu)), "Q"(counter[4].value) : "memory");
        LSE("swpal %1, %0, %2") : "=r"(old) : "r"(i + 1), "Q"(counter[5].value) : "memory");
        sum += old;
        do {
            old = counter[6].value;
            const u64 before = old;
            LSE("casal %0, %1, %2") : "+r"(old) : "r"(old + 1), "Q"(counter[6].value) : "memory");
            if (old == before) {
                break;
            }
        } while (1);
        register u64 a asm("x4"), b asm("x5"), c asm("x6"), d asm("x7");
        u64 was;
        do {
            a = wide[0];
            b = wide[1];
            c = a + 1;
            d = b - 1;
            was = a;
            LSE("caspal x4, x5, x6, x7, %2") : "+r"(a), "+r"(b) : "Q"(*(u64(*)[2])wide), "r"(c), "r"(d) : "memory");
        } while (a != was || b != -was);
    }
    LSE("stadd %0, %1") : : "r"(sum), "Q"(counter[7].value) : "memory");
    meet();
    const u64 expected = cpus * kTimes;
    if (counter[0].value != expected || counter[1].value != 2 * expected || counter[6].value != expected) {
        fail("lost additions", counter[0].value);
    }
    if (bytes[3] != (u8)expected || counter[2].value != kTimes - 1 || counter[3].value != 0 ||
        counter[4].value != ~0ul) {
        fail("wrong", counter[2].value);
    }
    // Every value that was swapped in came out once, but for the last.
    if (counter[7].value + counter[5].value != cpus * kTimes * (kTimes + 1ul) / 2) {
        fail("lost swaps", counter[7].value);
    }
    if (wide[0] != expected || wide[1] != -expected) {
        fail("lost pairs", wide[0]);
    }
}

/// LDP and STP of 16 aligned bytes are one access with FEAT_LSE2, and so are smaller ones within 16 bytes.
void pairs(u64 cpu) {
    static _Alignas(64) u8 shared[64];
    if (!has_lse2) {
        return;
    }
    for (u64 i = 1; i <= 3 * kTimes; i++) {
        u64 a, b;
        const u64 all = (i & 255) * 0x0101010101010101ul;
        if (cpu == 0) {
            asm volatile("stp %0, %0, %1" : : "r"(i), "Q"(*(u64(*)[2])shared) : "memory");
            asm volatile("stp %w0, %w0, %1" : : "r"(i), "Q"(*(u64(*)[1])(shared + 16)) : "memory");
            asm volatile("str %0, [%1]" : : "r"(all), "r"(shared + 35) : "memory");
            asm volatile("str %w0, [%1]" : : "r"(all), "r"(shared + 54) : "memory");
            continue;
        }
        asm volatile("ldp %0, %1, %2" : "=r"(a), "=r"(b) : "Q"(*(u64(*)[2])shared) : "memory");
        if (a != b) {
            fail("a torn pair", a - b);
        }
        asm volatile("ldp %w0, %w1, %2" : "=r"(a), "=r"(b) : "Q"(*(u64(*)[1])(shared + 16)) : "memory");
        if (a != b) {
            fail("a torn pair of words", a - b);
        }
        asm volatile("ldr %0, [%1]" : "=r"(a) : "r"(shared + 35) : "memory");
        if (a != (a & 255) * 0x0101010101010101ul) {
            fail("a torn doubleword", a);
        }
        asm volatile("ldr %w0, [%1]" : "=r"(a) : "r"(shared + 54) : "memory");
        if (a != (a & 255) * 0x01010101ul) {
            fail("a torn word", a);
        }
    }
}

static struct {
    _Alignas(128) volatile u64 x;
    _Alignas(128) volatile u64 y;
    _Alignas(128) volatile u64 seen[kMaxCpus];
} litmus;

/// CPUs 1, 3... see what CPUs 0, 2... publish: message passing, each time another order.
void message_passing(u64 cpu) {
    static volatile u64 data[kMaxCpus][16], flag[kMaxCpus][16];
    const u64 pair = cpu & ~1ul;
    if (pair + 1 >= cpus) {
        return;
    }
    for (u64 i = 1; i <= 2 * kTimes; i++) {
        if (cpu == pair) {
            data[pair][0] = i;
            if (i % 3 == 0) {
                store_release(&flag[pair][0], i);
            } else if (i % 3 == 1) {
                DMB(ishst);
                flag[pair][0] = i;
            } else {
                DMB(ish);
                flag[pair][0] = i;
            }
            continue;
        }
        u64 seen;
        if (i % 2 == 0) {
            seen = load_acquire(&flag[pair][0]);
        } else {
            seen = flag[pair][0];
            DMB(ishld);
        }
        if (data[pair][0] < seen) {
            fail("a message before its data", seen);
        }
    }
    meet();
    if (cpu == pair) {
        flag[pair][0] = data[pair][0] = 0;
    }
}

/// Store buffering: of two that store and then load what the other stores, one must see it.
static void buffering(u64 cpu, int release) {
    for (u64 i = 0; i < 500; i++) {
        if (cpu == 0) {
            litmus.x = litmus.y = 0;
        }
        meet();
        if (cpu < 2) {
            volatile u64* const mine = cpu == 0 ? &litmus.x : &litmus.y;
            volatile u64* const other = cpu == 0 ? &litmus.y : &litmus.x;
            if (release) {
                store_release(mine, 1);
                litmus.seen[cpu] = load_acquire(other);
            } else {
                *mine = 1;
                DMB(ish);
                litmus.seen[cpu] = *other;
            }
        }
        meet();
        if (cpu == 0 && litmus.seen[0] == 0 && litmus.seen[1] == 0) {
            fail("neither store was seen", i);
        }
    }
}

void store_buffering(u64 cpu) {
    buffering(cpu, 0);
    buffering(cpu, 1);
}

/// Two readers agree on the order of two writers' stores. CPUs 0 and 1 write, 2 and 3 read.
void independent_reads(u64 cpu) {
    if (cpus < 4) {
        return;
    }
    for (u64 i = 0; i < 500; i++) {
        if (cpu == 0) {
            litmus.x = litmus.y = 0;
        }
        meet();
        if (cpu < 2) {
            store_release(cpu == 0 ? &litmus.x : &litmus.y, 1);
        } else if (cpu < 4) {
            const u64 first = load_acquire(cpu == 2 ? &litmus.x : &litmus.y);
            const u64 second = load_acquire(cpu == 2 ? &litmus.y : &litmus.x);
            litmus.seen[cpu] = first * 2 + second;
        }
        meet();
        if (cpu == 0 && litmus.seen[2] == 2 && litmus.seen[3] == 2) {
            fail("two orders", i);
        }
    }
}

/// A ticket lock whose waiters sleep in WFE with the owner's number monitored, as Linux' do; nobody executes SEV.
void waiting_lock(u64 cpu) {
    static volatile u64 next, owner;
    static volatile u64 guarded;
    if (cpu == 0) {
        guarded = next = owner = 0;
    }
    meet();
    for (int i = 0; i < 500; i++) {
        const u64 ticket = __atomic_fetch_add(&next, 1, __ATOMIC_RELAXED);
        u64 seen;
        asm volatile("sevl\n1: wfe\n ldaxr %0, %2\n cmp %0, %1\n b.ne 1b"
                     : "=&r"(seen)
                     : "r"(ticket), "Q"(owner)
                     : "cc", "memory");
        guarded = guarded + 1;
        store_release(&owner, ticket + 1);
    }
    meet();
    if (guarded != cpus * 500) {
        fail("lost", guarded);
    }
}

/// WFE sleeps until a plain store to what is monitored, and not for ever; and it does sleep.
void monitored_wait(u64 cpu) {
    static volatile u64 word, wakes;
    if (cpu == 0) {
        word = wakes = 0;
    }
    meet();
    if (cpu == 0) {
        const u64 begun = now_ns();
        while (now_ns() - begun < 30000000) {
        }
        DMB(ish);
        word = 1;
    } else if (cpu == 1) {
        u64 seen;
        do {
            asm volatile("ldaxr %0, %1" : "=r"(seen) : "Q"(word) : "memory");
            if (seen == 0) {
                asm volatile("wfe" : : : "memory");
                wakes++;
            }
        } while (seen == 0);
        if (wakes > 2000) {
            fail("WFE does not sleep", wakes);
        }
    }
}
