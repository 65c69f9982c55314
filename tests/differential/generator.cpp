// SPDX-License-Identifier: Apache-2.0
#include "differential/generator.h"

#include <bit>
#include <csignal>

#include "base/bits.h"
#include "differential/operands.h"
#include "lift/arm64/lifter.h"
#include "lift/arm64/random_instruction.h"

namespace kelvin::differential {

namespace {

constexpr unsigned kAttempts = 200;
/// Branches must not lead into what is mapped beside the slots: the guest program lies here.
constexpr u64 kNoTargetsEnd = CASE_CODE + (u64{32} << 20);
constexpr u64 kSlotBytes = CASE_SLOT_WORDS * 4;

u64 mixed(u64 value) {
    value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9;
    value = (value ^ (value >> 27)) * 0x94d049bb133111eb;
    return value ^ (value >> 31);
}

/// Nothing but BRK or nothing at all is there, in QEMU's process too.
bool is_safe_target(u64 target) {
    if (target >= CASE_CODE && target < CASE_CODE + CASE_CODE_BYTES) {
        return (target - CASE_CODE) % kSlotBytes / 4 >= CASE_MOST_WORDS + 2;
    }
    const u64 low_mappings = 1 << 20;
    const u64 user_end = u64{1} << 40;  // QEMU itself, and the guest's stack, are above
    return (target < CASE_CODE || target >= kNoTargetsEnd) && target >= low_mappings &&
           (target < user_end || target >> 52 != 0);
}

/// Store-exclusives have bits 29:24 = 001000, and 23:21 = 00x.
bool is_store_exclusive(u32 word) {
    return (word & 0x3fc00000) == 0x08000000;
}

}  // namespace

Generator::Generator(const arm64::Model& model, const arm64::Decoder& decoder, const Rules& rules, Lifted& lifted,
                     bool environments)
    : decoder_(decoder), rules_(rules), lifted_(lifted), environments_(environments) {
    for (const auto chapter : arm64::instruction_chapters()) {
        for (const arm64::Instruction& entry : chapter()) {
            if (!model.has(entry.feature)) {
                continue;
            }
            all_entries_.push_back(&entry);
            if (!rules.excluded(entry)) {
                entries_.push_back(&entry);
            }
        }
    }
}

std::optional<u32> Generator::word_of(const arm64::Instruction& entry) {
    for (unsigned i = 0; i < kAttempts; i++) {
        const u32 word = rules_.constrain(entry, arm64::random_instruction(random_, entry), random_());
        if (decoder_.decode(word) == &entry && rules_.allowed(entry, word)) {
            return word;
        }
    }
    return {};
}

Generator::Kind Generator::judge(const Made& made) const {
    const Case& out = made.interpreted;
    const u64 end = made.in.pc + 4 * made.words.size();
    if (out.signal == SIGILL || out.signal == SIGBUS || out.signal > kOtherExceptions) {
        // Only as the last word's doing. Whether a misaligned store-exclusive faults or merely fails is the
        // implementation's choice (AArch64.ExclusiveMonitorsPass).
        const bool chosen = out.signal == SIGBUS && is_store_exclusive(made.words.back());
        return out.pc == end - 4 && !chosen ? Kind::stopped : Kind::unusable;
    }
    if (out.signal != 0 || lifted_.constrained()) {
        return Kind::unusable;
    }
    if (out.pc == end) {
        return Kind::straight;
    }
    return is_safe_target(out.pc) ? Kind::branch : Kind::unusable;
}

/// The last access missed the window: moves the base register, or the literal's displacement, so that it does not.
bool Generator::reach_window(Made& made) {
    const Miss miss = lifted_.miss();
    u64 wanted = window_address(random_);
    const u64 size = u64{1} << miss.info.size_log2;
    if (miss.info.aligned && (random_() % 32 != 0 || is_store_exclusive(made.words.back()))) {
        wanted = align_down(wanted, size);
    }
    const Case before = made.in;
    if (miss.info.base == ir::MemInfo::kNoBase) {
        const u64 pc = made.in.pc + 4 * (made.words.size() - 1);
        const u64 displacement = (align_down(wanted, 4) - pc) / 4;
        made.words.back() = static_cast<u32>(with_bits(made.words.back(), 23, 5, displacement));
    } else if (miss.info.base == arm64::slot::kSp) {
        made.in.sp += align_down(wanted, 16) - align_down(miss.address, 16);
    } else {
        made.in.x[miss.info.base] += wanted - miss.address;
    }
    made.interpreted = lifted_.interpret(made.in, made.words);
    if (made.interpreted.signal == SIGSEGV) {
        made.in = before;
        return false;
    }
    return true;
}

bool Generator::add_word(Made& made, u32 word, bool last) {
    made.words.push_back(word);
    made.interpreted = lifted_.interpret(made.in, made.words);
    bool usable = made.interpreted.signal != SIGSEGV || reach_window(made);
    if (usable) {
        const Kind kind = judge(made);
        const bool stop = kind == Kind::stopped && random_() % 8 == 0;
        usable = kind == Kind::straight || (last && (kind == Kind::branch || stop));
    }
    if (!usable) {
        made.words.pop_back();
    }
    return usable;
}

/// Without a load-exclusive in front, a store-exclusive does nothing but fail.
void Generator::add_load_of_store_exclusive(Made& made, u32 store) {
    const u32 load = store | 1u << 22 | 31u << 16;
    const arm64::Instruction* entry = decoder_.decode(load);
    if (entry != nullptr && rules_.allowed(*entry, load)) {
        add_word(made, load, false);
    }
}

bool Generator::add(Made& made, const arm64::Instruction& entry, bool last) {
    for (unsigned i = 0; i < kAttempts; i++) {
        const std::optional<u32> word = word_of(entry);
        if (!word) {
            return false;
        }
        const std::size_t before = made.words.size();
        if (is_store_exclusive(*word) && made.words.size() + 2 <= CASE_MOST_WORDS && random_() % 2 == 0) {
            add_load_of_store_exclusive(made, *word);
        }
        if (add_word(made, *word, last)) {
            return true;
        }
        made.words.resize(before);
    }
    return false;
}

/// Points a base register to a page where nothing is: then an instruction in the middle may fault, and all that was
/// done before it, and nothing behind it, must show.
void Generator::make_fault(Made& made) {
    constexpr u64 kGeneral = 0x7fffffff;
    const u64 bases = lifted_.bases() & kGeneral;
    if (bases == 0) {
        return;
    }
    const Made before = made;
    made.in.x[std::countr_zero(bases)] = CASE_UNMAPPED + 1024 + random_() % 2048;
    made.interpreted = lifted_.interpret(made.in, made.words);
    const u64 index = (made.interpreted.pc - made.in.pc) / 4;
    // A store-exclusive may just fail instead: see judge().
    const bool faulted = made.interpreted.signal == SIGSEGV && !lifted_.constrained() &&
                         !is_store_exclusive(made.words[index % made.words.size()]) &&
                         lifted_.miss().address - CASE_UNMAPPED < CASE_WINDOW - CASE_UNMAPPED - 16;
    if (!faulted) {
        made = before;
    }
}

std::optional<Made> Generator::make(u64 seed, u64 number, u64 pc) {
    random_.seed(mixed(seed + mixed(number)));
    Made made;
    made.entry = &entry_of(number);
    made.number = number;
    randomize(random_, made.in);
    if (environments_) {
        made.environment = {random_() % 2 == 0, random_() % 2 == 0, random_() % 2 == 0, random_() % 8 == 0};
        made.in.sp += random_() % 4 == 0 ? 8 : 0;
    }
    lifted_.set_environment(made.environment);
    made.in.pc = pc;
    const unsigned others = random_() % 2 == 0 ? 0 : static_cast<unsigned>(random_() % (CASE_MOST_WORDS - 1));
    for (unsigned i = 0; i < others && !rules_.only_first(*made.entry); i++) {
        const arm64::Instruction& other = *entries_[random_() % entries_.size()];
        if (rules_.only_first(other) && !made.words.empty()) {
            continue;
        }
        // One that does not fit after what came before is left out.
        if (const auto word = word_of(other)) {
            add_word(made, *word, false);
        }
    }
    if (!add(made, *made.entry, true)) {
        return {};
    }
    made.interpreted = lifted_.interpret(made.in, made.words);
    if (random_() % 4 == 0) {
        make_fault(made);
    }
    made.choices.passes = random_() % 4 != 0;
    made.choices.whole = random_() % 4 != 0;
    made.choices.tlb_filled = random_() % 2 == 0;
    made.choices.builder = {random_() % 8 != 0, random_() % 8 != 0, random_() % 8 != 0, random_() % 8 != 0};
    return made;
}

}  // namespace kelvin::differential
