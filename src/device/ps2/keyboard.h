// SPDX-License-Identifier: Apache-2.0
// A PS/2 keyboard (IBM PS/2 Hardware Interface Technical Reference, "Keyboard and Auxiliary Device"), with scan code
// sets 1 and 2. Its owner has the lock.
#pragma once

#include "device/ps2/byte_queue.h"

namespace kelvin::device {

/// What the controller makes of a byte of scan code set 2: set 1's.
u8 translate_scan_code(u8 code);

class Ps2Keyboard {
  public:
    /// Fields of the saved state are its own.
    template <class Visitor>
    void fields(Visitor& visit) {
        visit("keys", keys_);
        visit("replies", replies_);
        visit("command", command_);
        visit("leds", leds_);
        visit("rate", rate_);
        visit("set", set_);
        visit("scans", scans_);
        visit("last", last_);
    }
    void trim();

    void write(u8 value);
    void key(u16 code, bool down);
    bool has_data() const { return !replies_.empty() || !keys_.empty(); }
    u8 take();

  private:
    void reply(u8 value) { replies_.push({&value, 1}); }
    void set_defaults();
    void begin(u8 command);
    void finish(u8 argument);

    ByteQueue keys_;
    ByteQueue replies_;  // go first
    u8 command_ = 0;     // that waits for its argument; 0: none
    u8 leds_ = 0;
    u8 rate_ = 0x2b;
    u8 set_ = 2;
    bool scans_ = true;
    u8 last_ = 0;
};

}  // namespace kelvin::device
