// SPDX-License-Identifier: Apache-2.0
// What commands have a person do: keys that are pressed for a while, a pointer that moves.
#pragma once

#include <chrono>
#include <deque>
#include <span>
#include <string_view>
#include <vector>

#include "backend/input/input.h"
#include "base/event_loop.h"
#include "base/result.h"
#include "state/json.h"

namespace kelvin::control {

/// All methods belong to the thread of `loop`.
class InputSender {
  public:
    using Milliseconds = std::chrono::milliseconds;
    static constexpr Milliseconds kUsualHold{100};
    static constexpr Milliseconds kLongestHold{60'000};

    /// Both outlive this object.
    InputSender(EventLoop& loop, backend::Input& input) : loop_(loop), input_(input) {}
    ~InputSender() { loop_.cancel(this); }
    InputSender(const InputSender&) = delete;
    InputSender& operator=(const InputSender&) = delete;

    /// Presses `keys` one after the other, holds them, and lets go of them in the opposite order; what is asked for
    /// meanwhile comes afterwards.
    Result<> press(std::vector<u16> keys, Milliseconds hold = kUsualHold);
    /// "ctrl-alt-delete 200": the monitor's sendkey.
    Result<> send_keys(std::string_view text);
    /// QAPI's InputEvents, an array: all of them, or none if one is wrong.
    Result<> send_events(const state::Json& events);
    /// "DX DY [DZ]", and "BUTTONS": 1 left, 2 middle, 4 right; the monitor's mouse_move and mouse_button.
    Result<> move_mouse(std::string_view text);
    Result<> set_buttons(std::string_view text);

  private:
    struct Press {
        std::vector<u16> keys;
        Milliseconds hold;
    };
    /// Scripts that type more than this at once wait for none of it to arrive.
    static constexpr std::size_t kMostWaiting = 1024;

    void begin();
    void end();

    EventLoop& loop_;
    backend::Input& input_;
    std::deque<Press> waiting_;  // the first is down
    u16 x_ = 0;                  // where the pointer was put last
    u16 y_ = 0;
    u64 buttons_ = 0;
};

/// QAPI's KeyValue: {"type": "qcode", "data": "a"}, or a number.
Result<u16> read_key(const state::Json& key);

}  // namespace kelvin::control
