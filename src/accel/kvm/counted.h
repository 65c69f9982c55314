// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstring>
#include <span>
#include <vector>

#include "base/assert.h"
#include "base/types.h"

namespace kelvin::kvm {

/// A struct with a count and so many entries behind it, as KVM takes and fills them.
template <class Header, class Entry>
class Counted {
  public:
    explicit Counted(size_t capacity) : bytes_(sizeof(Header) + capacity * sizeof(Entry)) {}
    Header* header() { return reinterpret_cast<Header*>(bytes_.data()); }
    void set(std::span<const Entry> entries) {
        KELVIN_ASSERT(entries.size_bytes() <= bytes_.size() - sizeof(Header));
        std::memcpy(bytes_.data() + sizeof(Header), entries.data(), entries.size_bytes());
    }
    std::vector<Entry> entries(size_t count) const {
        KELVIN_ASSERT(count * sizeof(Entry) <= bytes_.size() - sizeof(Header));
        std::vector<Entry> all(count);
        std::memcpy(all.data(), bytes_.data() + sizeof(Header), count * sizeof(Entry));
        return all;
    }

  private:
    std::vector<u8> bytes_;
};

}  // namespace kelvin::kvm
