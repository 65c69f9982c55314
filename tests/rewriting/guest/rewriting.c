// SPDX-License-Identifier: Apache-2.0
// Random programs at random places, which overlap what was there, are run from the beginning or the middle, store over
// themselves and are stored over, a slot at a time, by all kinds of stores and at two addresses. Each run comes to what
// program.c says. Runs on the board of tests/smp.
#include "program.h"

enum { kCodePages = 4, kWords = kCodePages * kPage / 4 };

/// What the host has decided: the initrd.
static const volatile struct { u64 seed, seconds; }* const input = (const void*)0x44000000;

static __attribute__((aligned(4096))) u32 code[kWords];
static struct Program program;

/// Where a store to the word at `place` goes: the page is seen at two addresses.
static void* alias_of(u32* place) {
    return random_below(3) == 0 ? (void*)(kWindow + ((u64)place - (u64)code)) : place;
}

/// Without what is not the code's own: a word beside is written with what it holds.
static void store_word(u32* place, u32 word) {
    void* const to = alias_of(place);
    u32* const low = (u32*)((u64)to & ~7ul);
    const u64 both = low == to ? (u64)low[1] << 32 | word : (u64)word << 32 | low[0];
    switch (random_below(8)) {
        case 0:
            for (unsigned i = 0; i < 4; i++) {
                ((volatile u8*)to)[i] = (u8)(word >> 8 * i);
            }
            break;
        case 1:
            ((volatile unsigned short*)to)[0] = (unsigned short)word;
            ((volatile unsigned short*)to)[1] = (unsigned short)(word >> 16);
            break;
        case 2:
            *(volatile u64*)low = both;
            break;
        case 3:
            __atomic_exchange_n((u32*)to, word, __ATOMIC_SEQ_CST);
            break;
        case 4:
            asm volatile("stp %w0, %w1, [%2]" : : "r"((u32)both), "r"((u32)(both >> 32)), "r"(low) : "memory");
            break;
        case 5:
            asm volatile("stlr %w0, [%1]" : : "r"(word), "r"(to) : "memory");
            break;
        default:
            *(volatile u32*)to = word;
    }
}

static void synchronize(u32* first, unsigned count) {
    for (u64 line = (u64)first & ~63ul; line < (u64)(first + count); line += 64) {
        asm volatile("dc cvau, %0" : : "r"(line) : "memory");
    }
    DSB(ish);
    for (u64 line = (u64)first & ~63ul; line < (u64)(first + count); line += 64) {
        asm volatile("ic ivau, %0" : : "r"(line) : "memory");
    }
    DSB(ish);
    ISB();
}

static void write_program(u32* place) {
    for (unsigned i = 0; i < program.length;) {
        if (program.slots[i].kind != kPatch) {
            store_word(place + i, encode(&program.slots[i]));
            i++;
            continue;
        }
        u32 words[kPatchWords];
        encode_patch(program.slots[i].number, words);
        for (unsigned j = 0; j < kPatchWords; j++, i++) {
            store_word(place + i, words[j]);
        }
    }
    store_word(place + program.length, 0xd65f03c0);  // ret
    for (unsigned i = 0; i < program.patches; i++) {
        program.stores[i].address = (u64)alias_of(place + program.targets[i]);
        program.stores[i].word = encode(&program.replacements[i]);
    }
    synchronize(place, program.length + 1);
}

static void rewrite_some(u32* place) {
    for (u64 left = 1 + random_below(4); left > 0; left--) {
        const unsigned slot = (unsigned)random_below(program.length);
        if (program.slots[slot].kind < kSimpleKinds) {
            replace_slot(&program, slot);
            store_word(place + slot, encode(&program.slots[slot]));
            synchronize(place + slot, 1);
        }
    }
}

static void call(u32* entry, u64* x) {
    register u64* registers asm("x11") = x;
    register u32* target asm("x12") = entry;
    register struct Store* stores asm("x8") = program.stores;
    asm volatile(
        "ldp x0, x1, [x11]\n ldp x2, x3, [x11, #16]\n ldp x4, x5, [x11, #32]\n ldp x6, x7, [x11, #48]\n"
        "blr x12\n"
        "stp x0, x1, [x11]\n stp x2, x3, [x11, #16]\n stp x4, x5, [x11, #32]\n stp x6, x7, [x11, #48]\n"
        :
        : "r"(registers), "r"(target), "r"(stores)
        : "x0", "x1", "x2", "x3", "x4", "x5", "x6", "x7", "x9", "x10", "x30", "memory");
}

/// From the same state, the code and what it must come to. False: they differ.
static int runs_rightly(u32* place) {
    u64 wanted[kRegisters], found[kRegisters];
    for (unsigned i = 0; i < kRegisters; i++) {
        wanted[i] = found[i] = random_below(4) == 0 ? random_below(3) : random_below(~0ul);
    }
    unsigned slot = random_below(3) == 0 ? (unsigned)random_below(program.length) : 0;
    while (program.slots[slot].kind == kInside) {
        slot--;
    }
    call(place + slot, found);
    evaluate(&program, slot, wanted);
    for (unsigned i = 0; i < kRegisters; i++) {
        if (wanted[i] != found[i]) {
            return 0;
        }
    }
    return 1;
}

static void rewriting(u64 cpu) {
    (void)cpu;
    for (unsigned i = 0; i < kCodePages; i++) {
        window[i] = page_descriptor((u8*)code + i * kPage);
    }
    DSB(ish);
    ISB();
    seed_random(input->seed);
    const u64 end = now_ns() + input->seconds * 1000000000;
    u64 runs = 0;
    while (now_ns() < end) {
        make_program(&program);
        u32* const place = code + random_below(kWords - kMostSlots - 1);
        write_program(place);
        for (u64 turns = random_below(40); turns > 0; turns--) {
            for (u64 again = 1 + random_below(3); again > 0; again--, runs++) {
                if (!runs_rightly(place)) {
                    fail("wrong in run", runs);
                    return;
                }
            }
            rewrite_some(place);
        }
    }
    print_number(runs);
    print(" runs\n");
}

const struct Scenario scenarios[] = {{"rewriting", rewriting}, {0, 0}};
