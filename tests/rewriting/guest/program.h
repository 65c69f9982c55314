// SPDX-License-Identifier: Apache-2.0
// A random program: what it is in words, and what it comes to.
#pragma once

#include "board.h"

enum { kMostSlots = 200, kRegisters = 8, kPatchWords = 7, kMostPatches = 16 };

/// One instruction. Where a sequence of kPatchWords begins that stores another one, `kind` is kPatch; the words behind
/// are kInside.
enum Kind {
    kAdd,
    kSub,
    kEor,
    kOrr,
    kMul,
    kAddNumber,
    kMove,
    kMoveHigh,
    kRotate,
    kSkipIfZero,
    kSkip,
    kSimpleKinds,
    kPatch,
    kInside
};

struct Slot {
    unsigned kind, d, n, m, number;
};

/// What a patch sequence loads: see encode().
struct Store {
    u64 address, word;
};

struct Program {
    unsigned length;
    struct Slot slots[kMostSlots];
    unsigned patches;
    unsigned targets[kMostPatches];          ///< slots that the patches replace
    struct Slot replacements[kMostPatches];  ///< with these
    struct Store stores[kMostPatches];
};

u64 random_below(u64 limit);
void seed_random(u64 seed);

/// All but `stores`, which depend on where it will lie.
void make_program(struct Program* program);
/// Of a slot that is neither kPatch nor kInside: another one.
void replace_slot(struct Program* program, unsigned slot);
/// The word at `slot`, whose kind is none of a patch.
u32 encode(const struct Slot* slot);
/// The kPatchWords words of patch `number`, to which x8 is the address of `stores`.
void encode_patch(unsigned number, u32* words);
/// Does to `x` and to the program what running it from `slot` on does.
void evaluate(struct Program* program, unsigned slot, u64* x);
