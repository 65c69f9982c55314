// SPDX-License-Identifier: Apache-2.0
// Keeps the last bytes that were written, for whoever asks for them.
#pragma once

#include <deque>
#include <memory>
#include <mutex>
#include <string>

#include "backend/char/character_device.h"
#include "base/result.h"

namespace kelvin::backend {

class RingBuffer final : public CharacterBackend {
  public:
    /// `size`: a power of two, at most kLargest.
    static Result<std::unique_ptr<RingBuffer>> make(u64 size);
    static constexpr u64 kLargest = u64{1} << 26;

    void write(std::span<const u8> bytes) override;
    void set_receiver(CharacterReceiver*) override {}
    void accept_input() override {}
    std::string describe() const override { return "ringbuf"; }

    /// Takes out the oldest `count` bytes, or all.
    std::string read(std::size_t count);

  private:
    explicit RingBuffer(std::size_t size) : size_(size) {}

    const std::size_t size_;
    std::mutex mutex_;  // guards what follows; innermost
    std::deque<u8> bytes_;
};

}  // namespace kelvin::backend
