// SPDX-License-Identifier: Apache-2.0
// Several users of one line: one of them has what is typed, and Ctrl-A commands say which.
#pragma once

#include <atomic>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "backend/char/character_device.h"
#include "backend/char/escape_filter.h"
#include "base/event_loop.h"

namespace kelvin::backend {

/// What a user is to its line.
enum class LineUse : u8 {
    device,   ///< gets the focus when it comes
    monitor,  ///< is told that a peer has connected each time it gets the focus, and gets it at first if nobody has it
};

class Mux final : private CharacterReceiver {
  public:
    /// `line` and `loop` outlive it. `quit` is called on the back end's thread for Ctrl-A x.
    Mux(CharacterBackend& line, EventLoop& loop, std::function<void()> quit);
    ~Mux() override;

    /// A user's end, until remove(). Any thread.
    CharacterBackend* add(LineUse use);
    void remove(CharacterBackend* user);

  private:
    /// How much is read ahead of who takes nothing, because commands are only seen when what was typed before them has
    /// been read.
    static constexpr std::size_t kAhead = 65536;
    class Port;
    using Ports = std::vector<std::shared_ptr<Port>>;

    std::size_t space() override;
    void receive(std::span<const u8> bytes) override;
    void receive_break() override;
    void connected() override;
    void disconnected() override;
    void output_possible() override;

    void act(Typed typed, u8 byte);
    void change_focus();
    void help();
    void print(std::string_view text);
    void hand_out();
    void settle();
    Ports ports() const;
    std::shared_ptr<Port> focus() const;

    CharacterBackend& line_;
    EventLoop& loop_;
    const std::function<void()> quit_;
    EscapeFilter filter_;  // of the back end's thread
    std::atomic<bool> connected_;

    mutable std::mutex mutex_;  // guards what follows; innermost, never held while a receiver is called
    Ports ports_;
    std::size_t focus_ = 0;  // of ports_
};

}  // namespace kelvin::backend
