// SPDX-License-Identifier: Apache-2.0
// A function's 4 KiB of configuration space: bytes, which of their bits may be written, and how.
#pragma once

#include <array>
#include <memory>
#include <span>
#include <vector>

#include "base/result.h"
#include "base/types.h"

namespace kelvin::bus::pci {

class ConfigSpace {
  public:
    static constexpr u32 kSize = 4096;

    ConfigSpace();

    /// T is u8, u16 or u32; within the space.
    template <class T>
    T get(u32 offset) const {
        u32 value = 0;
        for (u32 i = 0; i < sizeof(T); ++i) {
            value |= u32{content_->bytes.at(offset + i)} << (8 * i);
        }
        return static_cast<T>(value);
    }
    template <class T>
    void set(u32 offset, T value) {
        for (u32 i = 0; i < sizeof(T); ++i) {
            content_->bytes.at(offset + i) = static_cast<u8>(u32{value} >> (8 * i));
        }
    }

    // While the function is being made; these also fix what reset() goes back to.
    template <class T>
    void define(u32 offset, T value, T writable = 0, T write_one_clears = 0) {
        set(offset, value);
        for (u32 i = 0; i < sizeof(T); ++i) {
            content_->reset.at(offset + i) = static_cast<u8>(u32{value} >> (8 * i));
            content_->writable.at(offset + i) = static_cast<u8>(u32{writable} >> (8 * i));
            content_->clears.at(offset + i) = static_cast<u8>(u32{write_one_clears} >> (8 * i));
        }
    }
    /// Puts a capability of `size` bytes, header included, at the list's end; where it is.
    u32 add_capability(u8 id, u32 size);

    /// What the guest reads and writes: 1, 2 or 4 bytes, aligned.
    u32 read(u32 offset, unsigned size) const;
    void write(u32 offset, unsigned size, u32 value);
    void reset() { content_->bytes = content_->reset; }

    /// A word's bits that the guest can change.
    struct SavedWord {
        u32 offset = 0;
        u32 value = 0;

        template <class Visitor>
        void fields(Visitor& visit) {
            visit("offset", offset);
            visit("value", value);
        }
    };
    /// The words that have such bits, ascending.
    std::vector<SavedWord> save() const;
    /// Refuses words of another function's, and bits that cannot be written.
    Result<> load(std::span<const SavedWord> words);

  private:
    u32 changeable(u32 offset) const;

    using Bytes = std::array<u8, kSize>;
    struct Content {
        Bytes bytes{};
        Bytes reset{};
        Bytes writable{};
        Bytes clears{};
    };
    std::unique_ptr<Content> content_;
    u32 next_capability_ = 0x40;
    u32 last_link_ = 0;  // the byte that names the next capability
};

}  // namespace kelvin::bus::pci
