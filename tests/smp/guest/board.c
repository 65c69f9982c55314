// SPDX-License-Identifier: Apache-2.0
#include "board.h"

#define UART ((volatile u32*)0x09000000ul)
#define GICD 0x08000000ul
#define GICC 0x08010000ul
#define GICR 0x080a0000ul

u64 cpus = 1;
int has_gicv3, has_lse, has_lse2;
volatile u64 taken[kMaxCpus][64], taken_at[kMaxCpus];
__attribute__((aligned(4096))) volatile u64 level1[512], level2[512], window[512];
__attribute__((aligned(4096))) u8 pages[kWindowPages][kPage];
volatile u64 rejoins;
static volatile u64 arrived, turn, failed;

void make_tables(void) {
    level1[0] = 0x0000000000000401ul;           // devices
    level1[1] = 0x40000000ul | 0x701 | 1 << 2;  // RAM: inner shareable, Normal
    level1[2] = (u64)level2 | 3;
    level2[0] = (u64)window | 3;
}

static u32 get(u64 address) {
    return *(volatile u32*)address;
}
static void put(u64 address, u32 value) {
    *(volatile u32*)address = value;
}

void print(const char* text) {
    for (; *text != 0; text++) {
        UART[0] = (u8)*text;
    }
}

void print_number(u64 value) {
    char text[24];
    char* p = text + sizeof text;
    *--p = 0;
    do {
        *--p = (char)('0' + value % 10);
        value /= 10;
    } while (value != 0);
    print(p);
}

static u64 self(void) {
    return READ(mpidr_el1) & 0xff;
}

void fail(const char* what, u64 value) {
    if (__atomic_exchange_n(&failed, 1, __ATOMIC_SEQ_CST) == 0) {
        print("  CPU ");
        print_number(self());
        print(": ");
        print(what);
        print(" ");
        print_number(value);
        print("\n");
    }
}

void meet(void) {
    const u64 mine = __atomic_load_n(&turn, __ATOMIC_ACQUIRE);
    if (__atomic_add_fetch(&arrived, 1, __ATOMIC_ACQ_REL) == cpus) {
        __atomic_store_n(&arrived, 0, __ATOMIC_RELAXED);
        __atomic_store_n(&turn, mine + 1, __ATOMIC_RELEASE);
        DSB(ish);
        asm volatile("sev");
        return;
    }
    while (__atomic_load_n(&turn, __ATOMIC_ACQUIRE) == mine) {
        asm volatile("wfe");
    }
}

u64 now_ns(void) {
    ISB();
    return READ(cntvct_el0) * 1000 / (READ(cntfrq_el0) / 1000000);
}

long psci(u64 function, u64 a, u64 b, u64 c) {
    register u64 x0 asm("x0") = function;
    register u64 x1 asm("x1") = a;
    register u64 x2 asm("x2") = b;
    register u64 x3 asm("x3") = c;
    asm volatile("hvc #0" : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3) : : "memory");
    return (long)x0;
}

long cpu_on(u64 cpu) {
    return psci(0xc4000003, cpu, (u64)&start_secondary, cpu);
}

u64 page_descriptor(const void* page) {
    return (u64)page | 0xf03 | 1 << 2;
}

// The interrupt controller.

static u64 redistributor(u64 cpu) {
    return GICR + cpu * 0x20000;
}

static void start_controller(u64 cpu) {
    if (!has_gicv3) {
        if (cpu == 0) {
            put(GICD, 1);
        }
        put(GICC + 4, 0xf0);
        put(GICC, 1);
        return;
    }
    if (cpu == 0) {
        put(GICD, 0x12);
    }
    put(redistributor(cpu) + 0x14, 0);
    put(redistributor(cpu) + 0x10080, ~0u);
    WRITE(s3_0_c4_c6_0, 0xf0);  // ICC_PMR_EL1
    WRITE(s3_0_c12_c12_7, 1);   // ICC_IGRPEN1_EL1
    put(redistributor(cpu) + 0x10100, 0xffff);
    ISB();
}

void enable_interrupt(u64 cpu, unsigned number) {
    if (number < 32) {
        put(has_gicv3 ? redistributor(cpu) + 0x10100 : GICD + 0x100, 1u << number);
        return;
    }
    if (has_gicv3) {
        put(GICD + 0x80 + number / 32 * 4, ~0u);
    }
    put(GICD + 0xc00 + number / 16 * 4, 2u << number % 16 * 2);
    put(GICD + 0x100 + number / 32 * 4, 1u << number % 32);
}

void route_shared(unsigned number, u64 cpu) {
    if (has_gicv3) {
        put(GICD + 0x6000 + number * 8, (u32)cpu);
        put(GICD + 0x6004 + number * 8, 0);
    } else {
        *(volatile u8*)(GICD + 0x800 + number) = (u8)(1u << cpu);
    }
}

void set_pending(unsigned number) {
    put(GICD + 0x200 + number / 32 * 4, 1u << number % 32);
}

void send_sgi(u64 targets, unsigned number) {
    DSB(ishst);
    if (has_gicv3) {
        WRITE(s3_0_c12_c11_5, (u64)number << 24 | targets);
        ISB();
    } else {
        put(GICD + 0xf00, (u32)(targets << 16 | number));
    }
}

void send_sgi_to_others(unsigned number) {
    DSB(ishst);
    if (has_gicv3) {
        WRITE(s3_0_c12_c11_5, (u64)number << 24 | 1ul << 40);
        ISB();
    } else {
        put(GICD + 0xf00, 1u << 24 | number);
    }
}

static void take_interrupt(void) {
    const u32 answer = has_gicv3 ? (u32)READ(s3_0_c12_c12_0) : get(GICC + 12);
    const u32 number = answer & 0x3ff;
    const u64 cpu = self();
    if (number == 27) {
        WRITE(cntv_ctl_el0, 2);
        ISB();
    }
    if (number < 64) {
        taken_at[cpu] = READ(cntvct_el0);
        __atomic_store_n(&taken[cpu][number], taken[cpu][number] + 1, __ATOMIC_RELEASE);
    }
    if (number < 1020) {
        if (has_gicv3) {
            WRITE(s3_0_c12_c12_1, answer);
            ISB();
        } else {
            put(GICC + 16, answer);
        }
    }
}

/// Kind 5 is an IRQ at EL1, 4 an exception; a data abort in the window is tried again.
void handle(u64 kind) {
    const u64 syndrome = READ(esr_el1);
    if (kind == 5) {
        return take_interrupt();
    }
    if (kind == 4 && syndrome >> 26 == 0x25 && READ(far_el1) - kWindow < kWindowPages * kPage) {
        return;
    }
    fail("exception", kind << 32 | syndrome);
    print_number(READ(elr_el1));
    print("\nfailed\n");
    psci(0x84000008, 0, 0, 0);
}

static void run_all(u64 cpu) {
    for (const struct Scenario* scenario = scenarios; scenario->name != 0; scenario++) {
        meet();
        scenario->run(cpu);
        meet();
        if (cpu == 0) {
            print(scenario->name);
            print(failed ? ": WRONG\n" : ": good\n");
            failed = 0;
        }
    }
}

void run(u64 cpu) {
    if (cpu == 0) {
        has_gicv3 = (READ(id_aa64pfr0_el1) >> 24 & 15) != 0;
        has_lse = (READ(id_aa64isar0_el1) >> 20 & 15) >= 2;
        has_lse2 = (READ(s3_0_c0_c7_2) >> 32 & 15) != 0;
        start_controller(0);
        u64 count = 1;
        while (count < kMaxCpus && psci(0xc4000004, count, 0, 0) == 1) {
            count++;
        }
        cpus = count;
        print_number(count);
        print(has_gicv3 ? " CPUs, GICv3\n" : " CPUs, GICv2\n");
        for (u64 other = 1; other < count; other++) {
            if (cpu_on(other) != 0) {
                fail("CPU_ON", other);
            }
        }
    } else {
        start_controller(cpu);
    }
    if ((READ(mpidr_el1) & 0xffffff) != cpu) {
        fail("MPIDR", READ(mpidr_el1));
    }
    if (rejoins) {
        meet();
    } else {
        run_all(cpu);
    }
    if (cpu == 0) {
        psci(0x84000008, 0, 0, 0);
    }
    for (;;) {
        asm volatile("wfi");
    }
}
