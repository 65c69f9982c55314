// SPDX-License-Identifier: Apache-2.0
// What a UART is connected to in its tests.
#pragma once

#include <span>
#include <string>

#include "backend/char/character_device.h"

namespace kelvin::device {

/// Keeps what was sent.
struct TestLine : backend::CharacterBackend {
    std::string sent;
    backend::CharacterReceiver* receiver = nullptr;
    int room_notices = 0;
    void write(std::span<const u8> bytes) override { sent.append(bytes.begin(), bytes.end()); }
    void set_receiver(backend::CharacterReceiver* who) override { receiver = who; }
    void accept_input() override { ++room_notices; }
};

/// Keeps the level of an interrupt, and how often it changed and rose.
struct TestPin {
    bool level = false;
    int changes = 0;
    int rises = 0;
    void set(bool high) {
        level = high;
        ++changes;
        rises += high ? 1 : 0;
    }
};

}  // namespace kelvin::device
