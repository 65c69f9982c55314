// SPDX-License-Identifier: Apache-2.0
#include "backend/char/stdio_console.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace kelvin::backend {

namespace {

/// How much is read ahead of a guest that takes nothing. With Ctrl-A commands there is more, because they are only seen
/// when what was typed before them has been read.
constexpr std::size_t kAhead = 4096;
constexpr std::size_t kAheadWithEscapes = 65536;

}  // namespace

StdioConsole::StdioConsole(EventLoop& loop, ConsoleOwner& owner, const ConsoleOptions& options)
    : loop_(loop),
      owner_(owner),
      options_(options),
      terminal_(options.input, !options.escapes),
      output_(options.output, loop),
      monitor_focus_(options.monitor_only) {}

StdioConsole::~StdioConsole() {
    output_.finish();
}

void StdioConsole::start() {
    reading_ = true;
    loop_.watch(options_.input, call_method<&StdioConsole::readable, StdioConsole>, this);
}

void StdioConsole::resume() {
    terminal_.enter();
    if (!ended_ && !reading_) {
        start();
    }
}

void StdioConsole::set_receiver(CharacterReceiver* receiver) {
    const std::lock_guard lock(receiver_mutex_);
    receiver_ = receiver;
}

void StdioConsole::accept_input() {
    loop_.post(call_method<&StdioConsole::deliver, StdioConsole>, this);
}

void StdioConsole::print(std::string_view text) {
    const std::vector<u8> bytes(text.begin(), text.end());
    output_.write(bytes);
}

void StdioConsole::readable() {
    if (!terminal_.in_foreground()) {
        // Reading would stop the process by SIGTTIN. resume() comes when the shell gives the terminal back.
        reading_ = false;
        loop_.unwatch(options_.input);
        return;
    }
    std::array<u8, 512> buffer{};
    const ssize_t count = ::read(options_.input, buffer.data(), buffer.size());
    if (count < 0 && (errno == EINTR || errno == EAGAIN)) {
        return;
    }
    if (count <= 0) {
        ended_ = true;
        reading_ = false;
        loop_.unwatch(options_.input);
        return;
    }
    take(std::span(buffer).first(static_cast<std::size_t>(count)));
}

void StdioConsole::take(std::span<const u8> bytes) {
    for (const u8 byte : bytes) {
        act(options_.escapes ? filter_.type(byte) : Typed::character, byte);
    }
    deliver();
}

void StdioConsole::act(Typed typed, u8 byte) {
    switch (typed) {
        case Typed::character:
            if (monitor_focus_) {
                owner_.monitor_typed(std::span(&byte, 1));
            } else {
                typed_.push_back(byte);
            }
            break;
        case Typed::quit:
            owner_.quit_requested();
            break;
        case Typed::help:
            help();
            break;
        case Typed::change:
            if (options_.monitor) {
                monitor_focus_ = !monitor_focus_;
                print("\n");
                if (monitor_focus_) {
                    owner_.monitor_entered();
                }
            }
            break;
        case Typed::send_break: {
            const std::lock_guard lock(receiver_mutex_);
            if (receiver_ != nullptr) {
                receiver_->receive_break();
            }
            break;
        }
        case Typed::nothing:
            break;
    }
}

void StdioConsole::deliver() {
    {
        const std::lock_guard lock(receiver_mutex_);
        while (receiver_ != nullptr && !typed_.empty()) {
            const std::size_t count = std::min(receiver_->space(), typed_.size());
            if (count == 0) {
                break;
            }
            const std::vector<u8> bytes(typed_.begin(), typed_.begin() + static_cast<std::ptrdiff_t>(count));
            typed_.erase(typed_.begin(), typed_.begin() + static_cast<std::ptrdiff_t>(count));
            receiver_->receive(bytes);
        }
    }
    const bool room = typed_.size() < (options_.escapes ? kAheadWithEscapes : kAhead);
    if (reading_ && !room) {
        reading_ = false;
        loop_.unwatch(options_.input);
    } else if (!reading_ && room && !ended_ && terminal_.in_foreground()) {
        start();
    }
}

void StdioConsole::help() {
    print(
        "\nCtrl-A x  end the machine\n"
        "Ctrl-A h  this help\n"
        "Ctrl-A b  send a break\n");
    if (options_.monitor) {
        print("Ctrl-A c  change between console and monitor\n");
    }
    print("Ctrl-A Ctrl-A  send Ctrl-A\n");
}

}  // namespace kelvin::backend
