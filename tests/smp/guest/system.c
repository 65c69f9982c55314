// SPDX-License-Identifier: Apache-2.0
// What processors do to each other's translations, code, interrupts and power.
#include "board.h"

static volatile u64 stop, round_number;

/// Of a scenario, in nanoseconds: a host with fewer processors than the guest takes its time.
enum { kLongest = 1500000000 };

static void invalidate(const volatile void* address, unsigned how) {
    const u64 page = (u64)address >> 12 & 0xfffffffffff;
    switch (how % 4) {
        case 0:
            asm volatile("tlbi vaae1is, %0" : : "r"(page));
            break;
        case 1:
            asm volatile("tlbi vae1is, %0" : : "r"(page));
            break;
        case 2:
            asm volatile("tlbi aside1is, %0" : : "r"(0ul));
            break;
        default:
            asm volatile("tlbi vmalle1is");
            break;
    }
}

/// CPU 0 moves pages of the window about by break-before-make; nobody may reach a page once its translation has gone.
void shootdown(u64 cpu) {
    enum { kRounds = 3000, kGone = 0xdead };
    const u64 begun = now_ns();
    volatile u64* const word = (volatile u64*)kWindow;
    if (cpu == 0) {
        stop = 0;
        for (unsigned i = 0; i < 2; i++) {
            for (unsigned j = 0; j < 32; j++) {
                ((volatile u64*)pages[i])[j] = 1;
            }
        }
        window[0] = page_descriptor(pages[0]);
        DSB(ishst);
    }
    meet();
    if (cpu != 0) {
        while (!stop) {
            if (word[0] == kGone) {
                fail("a load through a translation that is gone", round_number);
                break;
            }
            word[8 + cpu] = round_number + 1;
        }
    } else {
        for (unsigned i = 0; i < kRounds && now_ns() - begun < kLongest; i++) {
            volatile u64* const old = (volatile u64*)pages[i % 2];
            volatile u64* const new = (volatile u64*)pages[1 - i % 2];
            window[0] = 0;
            DSB(ishst);
            invalidate(word, i);
            DSB(ish);
            old[0] = kGone;
            for (unsigned other = 1; other < kMaxCpus; other++) {
                old[8 + other] = 0;
            }
            DMB(ish);
            round_number = i;
            new[0] = 1;
            window[0] = page_descriptor((const void*)new);
            DSB(ishst);
            ISB();
            for (unsigned other = 1; other < kMaxCpus; other++) {
                if (old[8 + other] != 0) {
                    fail("a store through a translation that is gone", i);
                }
            }
        }
        stop = 1;
    }
    meet();
    if (cpu == 0) {
        window[0] = 0;
        DSB(ishst);
        invalidate(word, 0);
        DSB(ish);
    }
}

/// All processors invalidate at once: nobody may wait for ever.
void shootdown_by_all(u64 cpu) {
    volatile u64* const word = (volatile u64*)(kWindow + (1 + cpu) * kPage);
    const u64 begun = now_ns();
    for (unsigned i = 0; i < 3000 && now_ns() - begun < kLongest; i++) {
        window[1 + cpu] = page_descriptor(pages[1 + cpu]);
        DSB(ishst);
        ISB();
        *word = i;
        window[1 + cpu] = 0;
        DSB(ishst);
        invalidate(word, i);
        DSB(ish);
        if (*(volatile u64*)pages[1 + cpu] != i) {
            fail("the page was not reached", i);
        }
    }
}

/// Descriptors whose access flag and dirty state the walkers of all processors set, while software changes others of
/// their bits by exclusives: no update is lost (D8.4.6).
void table_updates(u64 cpu) {
    enum { kFirst = 16, kCount = 32, kRounds = 20 };
    if ((READ(id_aa64mmfr1_el1) & 15) < 2) {
        return;
    }
    for (unsigned i = 0; i < kRounds; i++) {
        if (cpu == 0) {
            for (unsigned n = kFirst; n < kFirst + kCount; n++) {
                // Clean (AP[2] and DBM), access flag clear.
                window[n] = (page_descriptor(pages[n]) & ~(1ul << 10)) | 1ul << 7 | 1ul << 51;
            }
            DSB(ishst);
            invalidate(0, 3);
            DSB(ish);
            ISB();
        }
        meet();
        for (unsigned n = kFirst; n < kFirst + kCount; n++) {
            volatile u64* const word = (volatile u64*)(kWindow + n * kPage);
            if (cpu % 2 == 0) {
                __atomic_fetch_or(&window[n], 1ul << (55 + cpu / 2), __ATOMIC_RELAXED);
            } else {
                word[cpu] = i;
            }
        }
        meet();
        for (unsigned n = kFirst; cpu == 0 && n < kFirst + kCount; n++) {
            const u64 expected = 1ul << 10 | 1ul << 55 | (cpus > 2 ? 1ul << 56 : 0);
            if ((window[n] & expected) != expected || (window[n] & 1ul << 7) != 0) {
                fail("an update was lost", window[n]);
            }
            window[n] = 0;
        }
        meet();
    }
}

typedef u64 (*Function)(void);

static void write_function(u32* code, u64 value) {
    code[0] = 0xd2800000 | (u32)(value & 0xffff) << 5;  // mov x0, #value
    code[1] = 0xd65f03c0;                               // ret
}

static void publish(const u32* code, int maintain) {
    if (maintain) {
        asm volatile("dc cvau, %0\n dsb ish\n ic ivau, %0" : : "r"(code) : "memory");
    }
    DSB(ish);
    ISB();
}

/// CPU 0 changes a function again and again; the others, once told, execute what they were told of or newer. At first
/// nothing has been executed in the page, and its writer has the right to store there.
static void change_code(u64 cpu, u8* page, unsigned rounds, int maintain) {
    static volatile u64 told;
    u32* const code = (u32*)page;
    if (cpu == 0) {
        told = 0;
        write_function(code, 0);
        publish(code, 1);
    }
    meet();
    if (cpu == 0) {
        const u64 begun = now_ns();
        u64 i = 0;
        while (i < rounds) {
            i = now_ns() - begun < kLongest / 4 ? i + 1 : rounds;
            code[16] = (u32)i;
            write_function(code, i);
            publish(code, maintain);
            store_release(&told, i);
        }
    } else {
        u64 known = 0;
        while (known < rounds) {
            known = load_acquire(&told);
            ISB();
            const u64 executed = ((Function)code)();
            if (executed < known) {
                fail("old code", known - executed);
                break;
            }
        }
    }
    meet();
}

void code(u64 cpu) {
    static _Alignas(4096) u8 fresh[40][kPage];
    const int needs_maintenance = (READ(ctr_el0) >> 29 & 1) == 0;
    change_code(cpu, pages[60], 1500, 1);
    change_code(cpu, pages[61], 1500, needs_maintenance);
    for (unsigned i = 0; i < 40; i++) {
        change_code(cpu, fresh[i], 5, needs_maintenance);
    }
}

/// Waits for the interrupt that makes `*count` reach `wanted`; false after ten seconds.
static int wait_for(const volatile u64* count, u64 wanted) {
    const u64 begun = now_ns();
    while (load_acquire(count) < wanted) {
        if (now_ns() - begun > 10000000000) {
            return 0;
        }
    }
    return 1;
}

/// CPU 0 and each of the others throw an SGI to and fro; the others sleep.
void interrupts(u64 cpu) {
    enum { kTimes = 1000 };
    static volatile u64 done;
    if (cpu == 0) {
        for (u64 other = 1; other < cpus; other++) {
            const u64 begun = now_ns();
            for (u64 i = 0; i < kTimes && now_ns() - begun < kLongest / 3; i++) {
                const u64 before = taken[0][2];
                send_sgi(1ul << other, 1);
                if (!wait_for(&taken[0][2], before + 1)) {
                    fail("no answer from", other);
                    break;
                }
            }
        }
        const u64 before = taken[1][3];
        send_sgi_to_others(3);
        for (u64 other = 1; other < cpus; other++) {
            if (!wait_for(&taken[other][3], before + 1)) {
                fail("not to all others", other);
            }
        }
        if (taken[0][3] != 0) {
            fail("to itself", 0);
        }
        for (u64 other = 0; other < cpus; other++) {
            route_shared(40, other);
            enable_interrupt(other, 40);
            const u64 seen = taken[other][40];
            set_pending(40);
            if (!wait_for(&taken[other][40], seen + 1)) {
                fail("no shared interrupt", other);
            }
        }
        store_release(&done, 1);
        send_sgi_to_others(4);
        return;
    }
    u64 answered = 0;
    while (!load_acquire(&done)) {
        asm volatile("msr daifset, #2");
        if (taken[cpu][1] == answered && !load_acquire(&done)) {
            asm volatile("wfi");
        }
        asm volatile("msr daifclr, #2");
        ISB();
        if (taken[cpu][1] != answered) {
            answered++;
            send_sgi(1, 2);
        }
    }
}

/// Each processor's own timer interrupts it, and not much too late.
void timers(u64 cpu) {
    const u64 frequency = READ(cntfrq_el0);
    enable_interrupt(cpu, 27);
    for (int i = 0; i < 20; i++) {
        const u64 before = taken[cpu][27];
        const u64 due = READ(cntvct_el0) + frequency / 1000;
        WRITE(cntv_cval_el0, due);
        WRITE(cntv_ctl_el0, 1);
        ISB();
        if (!wait_for(&taken[cpu][27], before + 1)) {
            return fail("no timer interrupt", cpu);
        }
        if (taken_at[cpu] < due) {
            fail("too early", due - taken_at[cpu]);
        }
    }
    WRITE(cntv_ctl_el0, 0);
}

void race_for_power(u64);

/// What PSCI says of processors that are on, off and not there; and one is switched off, and on again by all others.
void power(u64 cpu) {
    static volatile u64 racing;
    if (cpu != 0) {
        if (cpu == cpus - 1) {
            rejoins = 1;
            DSB(ish);
            psci(0x84000002, 0, 0, 0);
            fail("CPU_OFF came back", cpu);
        }
        while (!load_acquire(&racing)) {
        }
        return race_for_power(cpu);
    }
    const u64 last = cpus - 1;
    if (cpu_on(0) != -4) {
        fail("the first CPU is not on", 0);
    }
    if (cpu_on(cpus) != -2 || cpu_on(0x100000) != -2 || psci(0xc4000004, cpus, 0, 0) != -2) {
        fail("a CPU that is not there", cpus);
    }
    const u64 begun = now_ns();
    while (psci(0xc4000004, last, 0, 0) != 1) {
        if (now_ns() - begun > 10000000000) {
            store_release(&racing, 1);
            return fail("it does not go off", last);
        }
    }
    store_release(&racing, 1);
    race_for_power(0);
    if (cpu_on(last) != 0) {
        fail("it does not go on again", last);
    }
}

void shootdown(u64), shootdown_by_all(u64), exclusives(u64), lse(u64), pairs(u64), message_passing(u64);
void asids(u64), reservations(u64), store_buffering(u64), independent_reads(u64), waiting_lock(u64),
    monitored_wait(u64);

const struct Scenario scenarios[] = {
    {"exclusives", exclusives},
    {"lse", lse},
    {"pairs", pairs},
    {"message passing", message_passing},
    {"store buffering", store_buffering},
    {"independent reads", independent_reads},
    {"waiting lock", waiting_lock},
    {"monitored wait", monitored_wait},
    {"shootdown", shootdown},
    {"shootdown by all", shootdown_by_all},
    {"asids", asids},
    {"reservations", reservations},
    {"table updates", table_updates},
    {"code", code},
    {"interrupts", interrupts},
    {"timers", timers},
    {"power", power},
    {0, 0},
};
