// SPDX-License-Identifier: Apache-2.0
// How long after its deadline the handler of a timer's interrupt reads the counter, while the processor computes, goes
// about in memory, or waits. Runs on the board of tests/smp.
#include "board.h"

enum { kSamples = 1000, kTimer = 27, kWords = 1 << 20 };

static u64 late_ns[kSamples];
static u64 memory[kWords];

static u64 random_below(u64 limit) {
    static u64 state = 88172645463325252ul;
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state % limit;
}

static u64 to_ns(u64 count) {
    return count * 1000 / (READ(cntfrq_el0) / 1000000);
}

static void mask(void) {
    asm volatile("msr daifset, #2" : : : "memory");
}
static void unmask(void) {
    asm volatile("msr daifclr, #2" : : : "memory");
}

/// What is measured is called with interrupts masked, so that none comes between the look whether it has and WFI.
static void compute(void) {
    unmask();
    u64 a = 1, b = 3;
    for (unsigned i = 0; i < 1000; i++) {
        asm volatile("eor %0, %0, %1, ror #7\n add %1, %1, %0" : "+r"(a), "+r"(b));
    }
}

static void go_about(void) {
    unmask();
    static u64 place;
    for (unsigned i = 0; i < 200; i++) {
        place = (place * 5 + 4099) % kWords;
        ((volatile u64*)memory)[place] += place;
    }
}

static void wait(void) {
    asm volatile("wfi" : : : "memory");
    unmask();
}

static void sort(u64* values, unsigned count) {
    for (unsigned i = 1; i < count; i++) {
        const u64 value = values[i];
        unsigned at = i;
        for (; at > 0 && values[at - 1] > value; at--) {
            values[at] = values[at - 1];
        }
        values[at] = value;
    }
}

static void print_percentile(const char* name, unsigned per_mille) {
    print(name);
    print_number(late_ns[(kSamples - 1) * per_mille / 1000]);
}

static void measure(u64 cpu, void (*work)(void)) {
    enable_interrupt(cpu, kTimer);
    for (unsigned i = 0; i < kSamples; i++) {
        const u64 before = taken[cpu][kTimer];
        ISB();
        const u64 wait = READ(cntfrq_el0) / 1000000 * (20 + random_below(500));
        const u64 deadline = READ(cntvct_el0) + wait;
        WRITE(cntv_cval_el0, deadline);
        WRITE(cntv_ctl_el0, 1);
        mask();
        while (__atomic_load_n(&taken[cpu][kTimer], __ATOMIC_ACQUIRE) == before) {
            work();
            mask();
        }
        unmask();
        if (taken_at[cpu] < deadline) {
            fail("early by", to_ns(deadline - taken_at[cpu]));
        }
        late_ns[i] = to_ns(taken_at[cpu] - deadline);
    }
    sort(late_ns, kSamples);
    print_percentile("  ns late: half ", 500);
    print_percentile(", 90 % ", 900);
    print_percentile(", 99 % ", 990);
    print_percentile(", all ", 1000);
    print("\n");
}

static void computing(u64 cpu) {
    measure(cpu, compute);
}
static void in_memory(u64 cpu) {
    measure(cpu, go_about);
}
static void waiting(u64 cpu) {
    measure(cpu, wait);
}

const struct Scenario scenarios[] = {{"computing", computing}, {"in memory", in_memory}, {"waiting", waiting}, {0, 0}};
