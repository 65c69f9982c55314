// SPDX-License-Identifier: Apache-2.0
// A PS/2 mouse with a wheel and five buttons, once its driver has asked for them in IntelliMouse's way. Its owner has
// the lock.
#pragma once

#include "backend/input/input.h"
#include "device/ps2/byte_queue.h"

namespace kelvin::device {

class Ps2Mouse {
  public:
    template <class Visitor>
    void fields(Visitor& visit) {
        visit("packets", packets_);
        visit("replies", replies_);
        visit("command", command_);
        visit("rates", rates_);
        visit("resolution", resolution_);
        visit("id", id_);
        visit("buttons", buttons_);
        visit("reported", reported_);
        visit("last", last_);
        visit("reports", reports_);
        visit("remote", remote_);
        visit("wraps", wraps_);
        visit("doubles", doubles_);
        visit("right", right_);
        visit("up", up_);
        visit("wheel", wheel_);
    }
    void trim();

    void write(u8 value);
    void button(backend::Button which, bool down);
    void move(i32 right, i32 down);
    void turn(i32 down);
    void end_of_frame();
    bool has_data() const { return !replies_.empty() || !packets_.empty(); }
    u8 take();

  private:
    void reply(u8 value) { replies_.push({&value, 1}); }
    void set_defaults();
    void begin(u8 command);
    void finish(u8 argument);
    void set_rate(u8 rate);
    bool send(ByteQueue& to);
    void send_all();

    ByteQueue packets_;
    ByteQueue replies_;                       // go first
    u8 command_ = 0;                          // that waits for its argument; 0: none
    std::array<u8, 3> rates_{100, 100, 100};  // the last ones set, the newest last
    u8 resolution_ = 2;
    u8 id_ = 0;  // 0: three buttons, 3: and a wheel, 4: and two more buttons
    u8 buttons_ = 0;
    u8 reported_ = 0;
    u8 last_ = 0;
    bool reports_ = false;
    bool remote_ = false;
    bool wraps_ = false;
    bool doubles_ = false;
    i32 right_ = 0, up_ = 0, wheel_ = 0;  // not yet sent
};

}  // namespace kelvin::device
