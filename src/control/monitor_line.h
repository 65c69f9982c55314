// SPDX-License-Identifier: Apache-2.0
// The human monitor at the end of a character device.
#pragma once

#include <string>

#include "backend/char/character_device.h"
#include "control/monitor.h"

namespace kelvin::control {

/// One client at a time. The event loop's thread.
class MonitorLine final : private backend::CharacterReceiver {
  public:
    /// Both outlive this object.
    MonitorLine(backend::CharacterBackend& line, MonitorTarget& target) : line_(line), monitor_(target) {
        line_.set_receiver(this);
    }
    ~MonitorLine() override { line_.set_receiver(nullptr); }
    MonitorLine(const MonitorLine&) = delete;
    MonitorLine& operator=(const MonitorLine&) = delete;

  private:
    static constexpr size_t kSpace = 4096;

    size_t space() override { return kSpace; }
    void receive(std::span<const u8> bytes) override { print(monitor_.type(bytes)); }
    void connected() override { print(monitor_.greeting()); }

    void print(std::string_view text) {
        // What is at the other end may be a terminal: a line ends at its first column.
        std::string out;
        for (const char c : text) {
            out += c == '\n' ? "\r\n" : std::string(1, c);
        }
        line_.write({reinterpret_cast<const u8*>(out.data()), out.size()});
    }

    backend::CharacterBackend& line_;
    Monitor monitor_;
};

}  // namespace kelvin::control
