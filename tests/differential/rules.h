// SPDX-License-Identifier: Apache-2.0
// exceptions.txt, read.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "lift/arm64/pattern.h"

namespace kelvin::differential {

class Rules {
  public:
    /// Fails with the line that is wrong.
    static Result<Rules> read(const std::string& path);

    /// A name that a rule has and no entry of `entries`; empty if there is none.
    std::string unknown_name(const std::vector<const arm64::Instruction*>& entries) const;

    bool excluded(const arm64::Instruction& entry) const;
    /// No word of it does anything but raise the exception.
    bool undefined(const arm64::Instruction& entry) const;
    /// Nothing comes before it.
    bool only_first(const arm64::Instruction& entry) const;
    /// `word` with the bits that it must have; `choice` selects among several ways.
    u32 constrain(const arm64::Instruction& entry, u32 word, u64 choice) const;
    bool allowed(const arm64::Instruction& entry, u32 word) const;

    /// Bits of FPSR in which compiled code may differ that runs with this FPCR.
    u64 compiled_fpsr(u64 fpcr) const { return compiled_fpsr_ | ((fpcr & kFlushToZero) != 0 ? flushing_fpsr_ : 0); }

  private:
    struct Pattern {
        u32 value, mask;
    };
    struct Fields {
        unsigned first, second;
    };
    struct Entry {
        bool excluded = false;
        bool undefined = false;
        bool first = false;
        std::vector<Pattern> only, avoid;
        std::vector<Fields> differ;
    };

    bool add(const std::vector<std::string>& fields);
    const Entry* find(const arm64::Instruction& entry) const;

    std::map<std::string, Entry, std::less<>> entries_;
    static constexpr u64 kFlushToZero = 1u << 24;
    u64 compiled_fpsr_ = 0;
    u64 flushing_fpsr_ = 0;
};

}  // namespace kelvin::differential
