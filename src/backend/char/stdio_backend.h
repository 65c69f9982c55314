// SPDX-License-Identifier: Apache-2.0
// The terminal (or pipe, or file) that Kelvin was started with, as the far end of a line.
#pragma once

#include <functional>
#include <mutex>

#include "backend/char/character_device.h"
#include "backend/char/host_output.h"
#include "backend/char/terminal.h"
#include "base/event_loop.h"

namespace kelvin::backend {

struct StdioOptions {
    bool signal = true;  ///< Ctrl-C and its kin end Kelvin; otherwise they are the guest's
    int input = 0;
    int output = 1;
};

/// Input is read on the event loop's thread, and only as fast as the guest takes it. Its end does not end the machine.
class StdioBackend final : public CharacterBackend, private PollSource {
  public:
    /// `loop` must outlive the back end. Made and destroyed on its thread, or while none runs it.
    StdioBackend(EventLoop& loop, const StdioOptions& options);
    ~StdioBackend() override;
    StdioBackend(const StdioBackend&) = delete;
    StdioBackend& operator=(const StdioBackend&) = delete;

    void write(std::span<const u8> bytes) override { output_.write(bytes); }
    std::size_t write_some(std::span<const u8> bytes) override { return output_.write_some(bytes); }
    void set_receiver(CharacterReceiver* receiver) override;
    void accept_input() override;
    std::string describe() const override { return "stdio"; }

    /// The process was continued: the terminal is in the shell's mode. On the event loop's thread.
    void resume();

  private:
    void before_poll(std::vector<pollfd>& polled, int& timeout_ms) override;
    void after_poll(std::span<const pollfd> polled) override;
    void announce();
    void room_again();

    EventLoop& loop_;
    const StdioOptions options_;
    Terminal terminal_;
    HostOutput output_;

    // Of the event loop's thread alone.
    bool background_ = false;  // the shell has given the terminal to another job
    bool ended_ = false;

    std::mutex receiver_mutex_;  // held while the receiver is called, so that set_receiver can wait for that
    CharacterReceiver* receiver_ = nullptr;
    bool announced_ = false;  // it has been told that somebody is there
};

}  // namespace kelvin::backend
