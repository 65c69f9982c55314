// SPDX-License-Identifier: Apache-2.0
// The words of a controller's register space: what they are after a reset, which of their bits a guest can write, and
// which the controller itself changes.
#pragma once

#include <span>
#include <vector>

#include "base/result.h"
#include "base/types.h"

namespace kelvin::device::intel {

/// A register, or `count` of them in a row.
struct RegisterRow {
    const char* name;
    u32 offset;
    u32 count = 1;
    u32 reset = 0;
    u32 writable = 0;
    u32 changing = 0;  ///< by the controller
};

/// What all controllers of a model have in common. Never changes.
class RegisterLayout {
  public:
    static constexpr u32 kSpace = 0xc000;

    explicit RegisterLayout(std::initializer_list<std::span<const RegisterRow>> tables);

    u32 reset(u32 offset) const { return words_[offset / 4].reset; }
    u32 writable(u32 offset) const { return words_[offset / 4].writable; }
    u32 changeable(u32 offset) const { return words_[offset / 4].writable | words_[offset / 4].changing; }

  private:
    struct Word {
        u32 reset = 0;
        u32 writable = 0;
        u32 changing = 0;
    };
    std::vector<Word> words_;
};

/// The controller's lock guards it. Offsets are multiples of 4 within the space.
class RegisterFile {
  public:
    struct SavedWord {
        u32 offset = 0;
        u32 value = 0;

        template <class Visitor>
        void fields(Visitor& visit) {
            visit("offset", offset);
            visit("value", value);
        }
    };

    /// `layout` outlives it.
    explicit RegisterFile(const RegisterLayout& layout) : layout_(layout), words_(RegisterLayout::kSpace / 4) {
        reset();
    }

    u32 get(u32 offset) const { return words_[offset / 4]; }
    void set(u32 offset, u32 value) { words_[offset / 4] = value; }
    bool has(u32 offset, u32 bits) const { return (get(offset) & bits) != 0; }
    /// By the guest.
    void write(u32 offset, u32 value, u32 mask);
    void reset();
    /// Statistics stay at their largest value (8254x 13.7).
    void count(u32 offset, u64 amount = 1);
    /// With its high half behind it.
    void count_wide(u32 offset, u64 amount);

    /// Those words that are not as after a reset, ascending.
    std::vector<SavedWord> save() const;
    Result<> load(std::span<const SavedWord> saved);

  private:
    const RegisterLayout& layout_;
    std::vector<u32> words_;
};

}  // namespace kelvin::device::intel
