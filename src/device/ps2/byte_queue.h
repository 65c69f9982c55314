// SPDX-License-Identifier: Apache-2.0
// What a PS/2 device has yet to send.
#pragma once

#include <array>
#include <span>

#include "base/types.h"

namespace kelvin::device {

class ByteQueue {
  public:
    static constexpr u32 kCapacity = 32;

    bool empty() const { return count_ == 0; }
    void clear() { first_ = count_ = 0; }
    /// All of `bytes`, or nothing where there is no room: half a key or movement would be another.
    bool push(std::span<const u8> bytes) {
        if (bytes.size() > kCapacity - count_) {
            return false;
        }
        for (const u8 byte : bytes) {
            bytes_[(first_ + count_) % kCapacity] = byte;
            ++count_;
        }
        return true;
    }
    /// Of one that is not empty.
    u8 pop() {
        const u8 byte = bytes_[first_];
        first_ = (first_ + 1) % kCapacity;
        --count_;
        return byte;
    }
    /// After restoring fields.
    void trim() {
        first_ %= kCapacity;
        count_ = count_ < kCapacity ? count_ : kCapacity;
    }
    template <class Visitor>
    void fields(Visitor& visit) {
        visit("bytes", bytes_);
        visit("first", first_);
        visit("count", count_);
    }

  private:
    std::array<u8, kCapacity> bytes_{};
    u32 first_ = 0;
    u32 count_ = 0;
};

}  // namespace kelvin::device
