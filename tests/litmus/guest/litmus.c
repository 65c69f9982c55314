// SPDX-License-Identifier: Apache-2.0
// Runs each test on many places at once: the threads go through these side by side, meet, and one looks at the
// outcomes. As many groups of processors as there are do the same test at the same time.
#include "litmus.h"

enum { kPlaces = 60, kMaxGroups = kMaxCpus / 2, kLine = 64, kGroupPages = 3, kSetPages = kMaxGroups * kGroupPages };

/// How a batch is run.
enum {
    kNear = 1,      ///< x, y and z are in lines that follow each other
    kAliased = 2,   ///< each thread has virtual addresses of its own
    kWithCode = 4,  ///< x is in a page that code runs from
    kVariants = 8,
};

int has_rcpc;
/// From the kernel's arguments.
static u64 milliseconds = 3000;
static char only[64];

static struct {
    const struct Test* test;
    u64 variant, rotation;
    int more;
} plan;
static u64 results[kMaxGroups][kPlaces][kMaxThreads][4];
static struct { _Alignas(128) volatile u64 place; } pace[kMaxGroups][kMaxThreads];
static u64 random_state[kMaxCpus];

static u64 random_number(u64 cpu) {
    u64 x = random_state[cpu];
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    return random_state[cpu] = x;
}

/// The value of `name=` in the device tree's /chosen/bootargs, as there is no other such text; null if there is none.
static const char* argument(const char* name) {
    const char* const tree = (const char*)0x40000000ul;
    for (const char* p = tree; p < tree + 0x100000; p++) {
        const char *a = p, *b = name;
        while (*b != 0 && *a == *b) {
            a++;
            b++;
        }
        if (*b == 0) {
            return a;
        }
    }
    return 0;
}

static void read_arguments(void) {
    const char* p = argument("litmus-ms=");
    for (milliseconds = p != 0 ? 0 : milliseconds; p != 0 && *p >= '0' && *p <= '9'; p++) {
        milliseconds = milliseconds * 10 + (u64)(*p - '0');
    }
    p = argument("litmus-only=");
    for (unsigned i = 0; p != 0 && i + 1 < sizeof only && p[i] != 0 && p[i] != ' '; i++) {
        only[i] = p[i];
    }
    has_rcpc = (READ(id_aa64isar1_el1) >> 20 & 15) >= 1;
}

/// If its name begins with what was asked for.
static int is_wanted(const struct Test* test) {
    for (unsigned i = 0; only[i] != 0; i++) {
        if (test->name[i] != only[i]) {
            return 0;
        }
    }
    return test->needs() && test->threads <= cpus;
}

static u64 group_page(u64 group, u64 variant) {
    return group * kGroupPages + (variant & kWithCode ? kSetPages : 0);
}

/// Where a thread finds location 0, 1 or 2 of a place.
static u64* location(u64 group, u64 place, u64 which, u64 thread, u64 variant) {
    const u64 near = variant & kNear;
    const u64 page = group_page(group, variant) + (near ? 0 : which);
    const u64 line = near ? place * 3 + which : place;
    u8* const base = variant & kAliased ? (u8*)kWindow + thread * 2 * kSetPages * kPage : pages[0];
    return (u64*)(base + page * kPage + line * kLine);
}

static u64 places_of(u64 variant) {
    return variant & kNear ? kPlaces / 3 : kPlaces;
}

/// Each thread's addresses of all pages, and code at the end of those that shall have some.
static void prepare_pages(void) {
    for (u64 thread = 0; thread < kMaxThreads; thread++) {
        for (u64 page = 0; page < 2 * kSetPages; page++) {
            window[thread * 2 * kSetPages + page] = page_descriptor(pages[page]);
        }
    }
    for (u64 group = 0; group < kMaxGroups; group++) {
        u32* const code = (u32*)(pages[group_page(group, kWithCode)] + kPage - kLine);
        *code = 0xd65f03c0;  // ret
        asm volatile("dc cvau, %0\n dsb ish\n ic ivau, %0" : : "r"(code) : "memory");
    }
    DSB(ish);
    ISB();
}

static void clear_places(const struct Test* test) {
    for (u64 group = 0; group < kMaxGroups; group++) {
        for (u64 thread = 0; thread < kMaxThreads; thread++) {
            pace[group][thread].place = 0;
        }
        for (u64 place = 0; place < places_of(plan.variant); place++) {
            for (u64 which = 0; which < 3; which++) {
                u64* const p = location(group, place, which, 0, plan.variant & ~(u64)kAliased);
                for (u64 i = 0; i < kLine / 8; i++) {
                    p[i] = test->fill * 0x0101010101010101ul;
                }
            }
        }
    }
}

/// Goes on when the group's other threads have come as far, or after a while: they may have no host processor.
static void keep_pace(u64 group, u64 thread, u64 threads, u64 place) {
    pace[group][thread].place = place;
    for (u64 other = 0; other < threads; other++) {
        for (unsigned turns = place == 1 ? 5000 : 60; turns != 0 && pace[group][other].place < place; turns--) {
        }
    }
}

/// One thread's part of a batch.
static void run_batch(u64 cpu) {
    const struct Test* const test = plan.test;
    const u64 role = (cpu + plan.rotation) % cpus;
    const u64 group = role / test->threads, thread = role % test->threads;
    if (group >= cpus / test->threads) {
        return;
    }
    const ThreadCode code = test->code[plan.variant & kNear ? 1 : 0][thread];
    if (plan.variant & kWithCode) {
        ((void (*)(void))(pages[group_page(group, plan.variant)] + kPage - kLine))();
    }
    // Who comes last starts as soon as the others hear of it: some 100 ns make up for that.
    const u64 longest = (1ul << random_number(cpu) % 9) - 1;
    for (u64 place = 0; place < places_of(plan.variant); place++) {
        u64* at[3];
        for (u64 which = 0; which < 3; which++) {
            at[which] = location(group, place, which, thread, plan.variant);
        }
        keep_pace(group, thread, test->threads, place + 1);
        for (u64 delay = random_number(cpu) & longest; delay != 0; delay--) {
            asm volatile("");
        }
        code(at[0], at[1], at[2], results[group][place][thread]);
    }
}

/// How often the outcome was there.
static u64 count_outcomes(u64* batches) {
    const struct Test* const test = plan.test;
    u64 count = 0;
    for (u64 group = 0; group < cpus / test->threads; group++) {
        for (u64 place = 0; place < places_of(plan.variant); place++) {
            u64 locations[3];
            for (u64 which = 0; which < 3; which++) {
                locations[which] = *location(group, place, which, 0, plan.variant);
            }
            count += test->outcome(results[group][place], locations) != 0;
            ++*batches;
        }
    }
    return count;
}

static void report(const struct Test* test, u64 count, u64 times, u64 variants) {
    if (count == 0) {
        return;
    }
    print(test->never ? "  FORBIDDEN " : "  ");
    print(test->name);
    print(" ");
    print_number(count);
    print(" of ");
    print_number(times);
    if (test->never) {
        print(" in variants ");
        print_number(variants);
        fail("a forbidden outcome", count);
    }
    print("\n");
}

/// CPU 0's part: plans, clears, looks.
static void lead(const struct Test* test, u64 longest_ns, u64* total) {
    const u64 begun = now_ns();
    u64 count = 0, times = 0, variants = 0;
    do {
        plan.test = test;
        plan.variant = random_number(0) % kVariants;
        plan.rotation = random_number(0) % cpus;
        plan.more = 1;
        clear_places(test);
        meet();
        run_batch(0);
        meet();
        const u64 seen = count_outcomes(&times);
        count += seen;
        variants |= seen != 0 ? 1ul << plan.variant : 0;
    } while (now_ns() - begun < longest_ns);
    *total += times;
    report(test, count, times, variants);
}

static void litmus(u64 cpu) {
    if (cpu == 0) {
        read_arguments();
        prepare_pages();
    }
    random_state[cpu] = READ(cntvct_el0) * 2654435761ul + cpu * 977 + 1;
    meet();
    ISB();
    if (cpu != 0) {
        for (meet(); plan.more; meet()) {
            run_batch(cpu);
            meet();
        }
        return;
    }
    u64 wanted = 0, total = 0;
    for (const struct Test* test = tests; test->name != 0; test++) {
        wanted += is_wanted(test) ? 1 : 0;
    }
    for (const struct Test* test = tests; test->name != 0; test++) {
        if (is_wanted(test)) {
            lead(test, milliseconds * 1000000 / wanted, &total);
        }
    }
    plan.more = 0;
    meet();
    print("  ");
    print_number(wanted);
    print(" tests, ");
    print_number(total);
    print(" times\n");
}

const struct Scenario scenarios[] = {{"litmus", litmus}, {0, 0}};
