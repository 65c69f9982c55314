// SPDX-License-Identifier: Apache-2.0
// The terminal (or pipe, or file) that Kelvin was started with, as the far end of a serial line.
#pragma once

#include <deque>
#include <mutex>
#include <string_view>

#include "backend/char/character_device.h"
#include "backend/char/escape_filter.h"
#include "backend/char/host_output.h"
#include "backend/char/terminal.h"
#include "base/event_loop.h"

namespace kelvin::backend {

/// What the user can ask of the machine from its terminal. Called on the event loop's thread.
class ConsoleOwner {
  public:
    virtual ~ConsoleOwner() = default;

    virtual void quit_requested() = 0;
    /// The monitor got the focus: it shows its prompt.
    virtual void monitor_entered() = 0;
    /// Bytes typed while the monitor has the focus.
    virtual void monitor_typed(std::span<const u8> bytes) = 0;
};

struct ConsoleOptions {
    bool escapes = false;       ///< Ctrl-A commands; the keys that signal belong to the guest
    bool monitor = false;       ///< Ctrl-A c changes to the monitor
    bool monitor_only = false;  ///< all that is typed is the monitor's
    int input = 0;
    int output = 1;
};

/// Input is read on the event loop's thread, and only as fast as the guest takes it. Its end does not end the machine.
class StdioConsole final : public CharacterBackend {
  public:
    /// `loop` and `owner` must outlive the console, which must outlive the loop's run().
    StdioConsole(EventLoop& loop, ConsoleOwner& owner, const ConsoleOptions& options);
    ~StdioConsole() override;
    StdioConsole(const StdioConsole&) = delete;
    StdioConsole& operator=(const StdioConsole&) = delete;

    void write(std::span<const u8> bytes) override { output_.write(bytes); }
    void set_receiver(CharacterReceiver* receiver) override;
    void accept_input() override;

    /// Text of our own: the monitor's, help.
    void print(std::string_view text);
    /// The process was continued: the terminal is in the shell's mode. On the event loop's thread.
    void resume();
    /// Begins to read input.
    void start();
    Terminal& terminal() { return terminal_; }

  private:
    void readable();
    void take(std::span<const u8> bytes);
    void act(Typed typed, u8 byte);
    void deliver();
    void help();

    EventLoop& loop_;
    ConsoleOwner& owner_;
    const ConsoleOptions options_;
    Terminal terminal_;
    HostOutput output_;

    // Of the event loop's thread alone.
    EscapeFilter filter_;
    bool monitor_focus_;
    bool reading_ = false;
    bool ended_ = false;
    std::deque<u8> typed_;  // for the guest, until it has space

    std::mutex receiver_mutex_;  // held while the receiver is called, so that set_receiver can wait for that
    CharacterReceiver* receiver_ = nullptr;
};

}  // namespace kelvin::backend
