// SPDX-License-Identifier: Apache-2.0
// Finds Ctrl-A commands in what the user types.
#pragma once

#include "base/types.h"

namespace kelvin::backend {

enum class Typed : u8 {
    character,   ///< goes to whoever has the focus
    nothing,     ///< half of a command, or an unknown one
    quit,        ///< Ctrl-A x
    help,        ///< Ctrl-A h, Ctrl-A ?
    change,      ///< Ctrl-A c: between the guest and the monitor
    send_break,  ///< Ctrl-A b
};

class EscapeFilter {
  public:
    /// What `byte` is, given what came before.
    Typed type(u8 byte) {
        if (!pending_) {
            pending_ = byte == kEscape;
            return pending_ ? Typed::nothing : Typed::character;
        }
        pending_ = false;
        switch (byte) {
            case 'x':
                return Typed::quit;
            case 'h':
            case '?':
                return Typed::help;
            case 'c':
                return Typed::change;
            case 'b':
                return Typed::send_break;
            case kEscape:
                return Typed::character;
            default:
                return Typed::nothing;
        }
    }

  private:
    static constexpr u8 kEscape = 1;
    bool pending_ = false;
};

}  // namespace kelvin::backend
