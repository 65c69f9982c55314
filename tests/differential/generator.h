// SPDX-License-Identifier: Apache-2.0
// Makes cases: a word of the entry in question, at times behind others, and inputs with which memory is reached where
// the window is.
#pragma once

#include <optional>
#include <random>
#include <vector>

#include "differential/lifted.h"
#include "differential/rules.h"

namespace kelvin::differential {

struct Made {
    const arm64::Instruction* entry = nullptr;
    u64 number = 0;  ///< which case this is, so that it can be made again
    Case in;
    Case interpreted;  ///< what the interpreter makes of it
    std::vector<u32> words;
    CompileChoices choices;
    Environment environment;
};

class Generator {
  public:
    /// `environments`: makes cases for all of them.
    Generator(const arm64::Model& model, const arm64::Decoder& decoder, const Rules& rules, Lifted& lifted,
              bool environments);

    /// All that are not excluded.
    const std::vector<const arm64::Instruction*>& entries() const { return entries_; }
    /// All that the model has.
    const std::vector<const arm64::Instruction*>& entries_with_excluded() const { return all_entries_; }
    const arm64::Instruction& entry_of(u64 number) const { return *entries_[number % entries_.size()]; }

    /// Case `number` of `seed`; its code will be at `pc`. Empty: no word that fits was found.
    std::optional<Made> make(u64 seed, u64 number, u64 pc);

  private:
    enum class Kind { straight, branch, stopped, unusable };

    bool add(Made& made, const arm64::Instruction& entry, bool last);
    bool add_word(Made& made, u32 word, bool last);
    void add_load_of_store_exclusive(Made& made, u32 store);
    std::optional<u32> word_of(const arm64::Instruction& entry);
    bool reach_window(Made& made);
    void make_fault(Made& made);
    Kind judge(const Made& made) const;

    const arm64::Decoder& decoder_;
    const Rules& rules_;
    Lifted& lifted_;
    bool environments_;
    std::vector<const arm64::Instruction*> entries_, all_entries_;
    std::mt19937_64 random_;
};

}  // namespace kelvin::differential
