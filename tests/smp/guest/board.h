// SPDX-License-Identifier: Apache-2.0
// What the scenarios run on: the virt board with several processors, all of them in every scenario at once.
#pragma once

typedef unsigned char u8;
typedef unsigned u32;
typedef unsigned long u64;

enum { kMaxCpus = 8, kPage = 4096 };

#define READ(reg)                                                  \
    ({                                                             \
        u64 value_;                                                \
        asm volatile("mrs %0, " #reg : "=r"(value_) : : "memory"); \
        value_;                                                    \
    })
#define WRITE(reg, value) asm volatile("msr " #reg ", %0" : : "r"((u64)(value)) : "memory")
#define ISB() asm volatile("isb" : : : "memory")
#define DSB(kind) asm volatile("dsb " #kind : : : "memory")
#define DMB(kind) asm volatile("dmb " #kind : : : "memory")

static inline u64 load_acquire(const volatile u64* p) {
    u64 value;
    asm volatile("ldar %0, %1" : "=r"(value) : "Q"(*p) : "memory");
    return value;
}
static inline void store_release(volatile u64* p, u64 value) {
    asm volatile("stlr %1, %0" : "=Q"(*p) : "r"(value) : "memory");
}

extern u64 cpus;
extern int has_gicv3, has_lse, has_lse2;

/// Who is switched on from now on takes part from the end of the last scenario.
extern volatile u64 rejoins;

/// A scenario's processors wait for each other here.
void meet(void);
/// The scenario has failed; the first to say so is heard.
void fail(const char* what, u64 value);
void print(const char* text);
void print_number(u64 value);

u64 now_ns(void);
long psci(u64 function, u64 a, u64 b, u64 c);
void start_secondary(void);
/// Makes it begin anew with `run`.
long cpu_on(u64 cpu);

/// Interrupts that a processor has taken, by number.
extern volatile u64 taken[kMaxCpus][64];
extern volatile u64 taken_at[kMaxCpus];  ///< the counter at the last one
void send_sgi(u64 targets, unsigned number);
void send_sgi_to_others(unsigned number);
void enable_interrupt(u64 cpu, unsigned number);
void route_shared(unsigned number, u64 cpu);
void set_pending(unsigned number);

/// The window is kWindowPages pages at kWindow whose descriptors are here; they begin unmapped.
enum { kWindowPages = 64 };
#define kWindow 0x80000000ul
extern volatile u64 window[512];
u64 page_descriptor(const void* page);
/// Data aborts in the window are repeated until they succeed.
extern u8 pages[kWindowPages][kPage];

struct Scenario {
    const char* name;
    void (*run)(u64 cpu);
};
extern const struct Scenario scenarios[];
