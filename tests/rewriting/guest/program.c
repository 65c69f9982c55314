// SPDX-License-Identifier: Apache-2.0
#include "program.h"

static u64 state = 1;

void seed_random(u64 seed) {
    state = seed * 2 + 1;
}

u64 random_below(u64 limit) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (state >> 11) % limit;
}

/// Skips lead to slots that begin an instruction or a patch.
static int may_lead_to(const struct Program* program, unsigned slot) {
    return slot <= program->length && (slot == program->length || program->slots[slot].kind != kInside);
}

static struct Slot make_slot(const struct Program* program, unsigned at) {
    struct Slot slot = {(unsigned)random_below(kSimpleKinds), (unsigned)random_below(kRegisters),
                        (unsigned)random_below(kRegisters), (unsigned)random_below(kRegisters),
                        (unsigned)random_below(1 << 16)};
    if (slot.kind == kSkipIfZero || slot.kind == kSkip) {
        slot.number = 1 + slot.number % 8;
        if (!may_lead_to(program, at + slot.number)) {
            slot.kind = kEor;
        }
    }
    return slot;
}

void replace_slot(struct Program* program, unsigned slot) {
    program->slots[slot] = make_slot(program, slot);
}

static void make_patches(struct Program* program) {
    for (unsigned at = 0; at + kPatchWords + 1 < program->length && program->patches < kMostPatches;) {
        at += (unsigned)random_below(60);
        if (at + kPatchWords + 1 >= program->length) {
            break;
        }
        program->slots[at].kind = kPatch;
        program->slots[at].number = program->patches++;
        for (unsigned i = 1; i < kPatchWords; i++) {
            program->slots[at + i].kind = kInside;
        }
        at += kPatchWords;
    }
}

void make_program(struct Program* program) {
    program->length = 4 + (unsigned)random_below(kMostSlots - 4);
    program->patches = 0;
    for (unsigned i = 0; i < program->length; i++) {
        program->slots[i].kind = kAdd;
    }
    if (random_below(2) != 0) {
        make_patches(program);
    }
    for (unsigned i = 0; i < program->length; i++) {
        if (program->slots[i].kind < kSimpleKinds) {
            replace_slot(program, i);
        }
    }
    for (unsigned i = 0; i < program->patches; i++) {
        unsigned target;
        do {
            target = (unsigned)random_below(program->length);
        } while (program->slots[target].kind >= kSimpleKinds);
        program->targets[i] = target;
        program->replacements[i] = make_slot(program, target);
    }
}

u32 encode(const struct Slot* slot) {
    const u32 d = slot->d, n = slot->n << 5, m = slot->m << 16, number = slot->number;
    switch (slot->kind) {
        case kAdd:
            return 0x8b000000 | m | n | d;
        case kSub:
            return 0xcb000000 | m | n | d;
        case kEor:
            return 0xca000000 | m | n | d;
        case kOrr:
            return 0xaa000000 | m | n | d;
        case kMul:
            return 0x9b007c00 | m | n | d;
        case kAddNumber:
            return 0x91000000 | (number & 0xfff) << 10 | n | d;
        case kMove:
            return 0xd2800000 | number << 5 | d;
        case kMoveHigh:
            return 0xf2a00000 | number << 5 | d;
        case kRotate:
            return 0x93c00000 | slot->n << 16 | (number & 63) << 10 | n | d;
        case kSkipIfZero:
            return 0xb4000000 | number << 5 | slot->n;
        default:
            return 0x14000000 | number;
    }
}

void encode_patch(unsigned number, u32* words) {
    words[0] = 0xa9400000 | number * 2 << 15 | 9 << 10 | 8 << 5 | 10;  // ldp x10, x9, [x8, #number * 16]
    words[1] = 0xb9000149;                                             // str w9, [x10]
    words[2] = 0xd50b7b2a;                                             // dc cvau, x10
    words[3] = 0xd5033b9f;                                             // dsb ish
    words[4] = 0xd50b752a;                                             // ic ivau, x10
    words[5] = 0xd5033b9f;                                             // dsb ish
    words[6] = 0xd5033fdf;                                             // isb
}

void evaluate(struct Program* program, unsigned at, u64* x) {
    while (at < program->length) {
        const struct Slot slot = program->slots[at];
        const u64 n = x[slot.n], m = x[slot.m];
        u64* const d = &x[slot.d];
        unsigned step = 1;
        switch (slot.kind) {
            case kAdd:
                *d = n + m;
                break;
            case kSub:
                *d = n - m;
                break;
            case kEor:
                *d = n ^ m;
                break;
            case kOrr:
                *d = n | m;
                break;
            case kMul:
                *d = n * m;
                break;
            case kAddNumber:
                *d = n + (slot.number & 0xfff);
                break;
            case kMove:
                *d = slot.number;
                break;
            case kMoveHigh:
                *d = (*d & ~0xffff0000ul) | (u64)slot.number << 16;
                break;
            case kRotate:
                *d = n >> (slot.number & 63) | n << (-slot.number & 63);
                break;
            case kSkipIfZero:
                step = n == 0 ? slot.number : 1;
                break;
            case kSkip:
                step = slot.number;
                break;
            default:
                program->slots[program->targets[slot.number]] = program->replacements[slot.number];
                step = kPatchWords;
        }
        at += step;
    }
}
