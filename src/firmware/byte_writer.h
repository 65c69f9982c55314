// SPDX-License-Identifier: Apache-2.0
// Tables as firmware wants them: fields one after the other, little-endian, without padding.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "base/assert.h"
#include "base/types.h"

namespace kelvin::firmware {

class ByteWriter {
  public:
    ByteWriter& put8(u8 value) { return put(value, 1); }
    ByteWriter& put16(u16 value) { return put(value, 2); }
    ByteWriter& put32(u32 value) { return put(value, 4); }
    ByteWriter& put64(u64 value) { return put(value, 8); }
    ByteWriter& bytes(std::span<const u8> value) {
        bytes_.insert(bytes_.end(), value.begin(), value.end());
        return *this;
    }
    /// In a field of `size` bytes, of which `fill` fills the rest.
    ByteWriter& text(std::string_view value, std::size_t size, char fill = 0) {
        KELVIN_ASSERT(value.size() <= size);
        bytes_.insert(bytes_.end(), value.begin(), value.end());
        bytes_.resize(bytes_.size() + size - value.size(), static_cast<u8>(fill));
        return *this;
    }
    ByteWriter& zeros(std::size_t count) {
        bytes_.resize(bytes_.size() + count);
        return *this;
    }

    /// What is to be written once more is known.
    void patch32(std::size_t at, u32 value) {
        KELVIN_ASSERT(at + sizeof value <= bytes_.size());
        for (std::size_t n = 0; n < sizeof value; ++n) {
            bytes_[at + n] = static_cast<u8>(value >> (8 * n));
        }
    }

    u32 size() const { return static_cast<u32>(bytes_.size()); }
    const std::vector<u8>& content() const { return bytes_; }
    std::vector<u8> take() { return std::move(bytes_); }

  private:
    ByteWriter& put(u64 value, std::size_t size) {
        for (std::size_t n = 0; n < size; ++n) {
            bytes_.push_back(static_cast<u8>(value >> (8 * n)));
        }
        return *this;
    }
    std::vector<u8> bytes_;
};

}  // namespace kelvin::firmware
