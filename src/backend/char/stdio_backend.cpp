// SPDX-License-Identifier: Apache-2.0
#include "backend/char/stdio_backend.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace kelvin::backend {

StdioBackend::StdioBackend(EventLoop& loop, const StdioOptions& options)
    : loop_(loop),
      options_(options),
      terminal_(options.input, options.signal),
      output_(options.output, loop, [this] { room_again(); }) {
    loop_.add_source(*this);
}

StdioBackend::~StdioBackend() {
    loop_.remove_source(*this);
    loop_.cancel(this);
    output_.finish();
}

void StdioBackend::resume() {
    terminal_.enter();
    background_ = false;
}

void StdioBackend::set_receiver(CharacterReceiver* receiver) {
    {
        const std::lock_guard lock(receiver_mutex_);
        receiver_ = receiver;
        announced_ = false;
    }
    loop_.post(call_method<&StdioBackend::announce, StdioBackend>, this);
}

void StdioBackend::announce() {
    const std::lock_guard lock(receiver_mutex_);
    if (receiver_ != nullptr && !announced_) {
        announced_ = true;
        receiver_->connected();
    }
}

void StdioBackend::accept_input() {
    loop_.post([](void*) {}, this);
}

void StdioBackend::room_again() {
    const std::lock_guard lock(receiver_mutex_);
    if (receiver_ != nullptr) {
        receiver_->output_possible();
    }
}

void StdioBackend::before_poll(std::vector<pollfd>& polled, int&) {
    const std::lock_guard lock(receiver_mutex_);
    const bool reads = receiver_ != nullptr && !ended_ && !background_ && receiver_->space() > 0;
    polled.push_back({reads ? options_.input : -1, POLLIN, 0});
}

void StdioBackend::after_poll(std::span<const pollfd> polled) {
    if (polled.empty() || polled.front().revents == 0) {
        return;
    }
    if (!terminal_.in_foreground()) {
        // Reading would stop the process by SIGTTIN. resume() comes when the shell gives the terminal back.
        background_ = true;
        return;
    }
    announce();
    std::array<u8, 512> buffer{};
    const std::lock_guard lock(receiver_mutex_);
    const std::size_t space = receiver_ != nullptr ? std::min(receiver_->space(), buffer.size()) : 0;
    if (space == 0) {
        return;
    }
    const ssize_t count = ::read(options_.input, buffer.data(), space);
    if (count > 0) {
        receiver_->receive(std::span(buffer).first(static_cast<std::size_t>(count)));
    } else if (count == 0 || (errno != EINTR && errno != EAGAIN)) {
        ended_ = true;
    }
}

}  // namespace kelvin::backend
