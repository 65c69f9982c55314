// SPDX-License-Identifier: Apache-2.0
// Notices whether a guest ever writes to its serial port.
#pragma once

#include <atomic>

#include "backend/char/character_device.h"

namespace kelvin::control {

/// Passes everything on to the line it stands in front of, which must outlive it.
class SilenceWatch final : public backend::CharacterBackend {
  public:
    explicit SilenceWatch(backend::CharacterBackend& line) : line_(line) {}

    void write(std::span<const u8> bytes) override {
        silent_.store(false, std::memory_order_relaxed);
        line_.write(bytes);
    }
    void set_receiver(backend::CharacterReceiver* receiver) override { line_.set_receiver(receiver); }
    void accept_input() override { line_.accept_input(); }

    bool silent() const { return silent_.load(std::memory_order_relaxed); }

  private:
    backend::CharacterBackend& line_;
    std::atomic<bool> silent_ = true;
};

}  // namespace kelvin::control
