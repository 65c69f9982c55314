// SPDX-License-Identifier: Apache-2.0
#include "backend/char/mux.h"

#include <algorithm>
#include <utility>

namespace kelvin::backend {

/// A user's end. A receiver is called with the port's lock held, so that set_receiver can wait for that; each port has
/// its own, as what one user is told may end another.
class Mux::Port final : public CharacterBackend {
  public:
    Port(Mux& mux, LineUse use) : mux_(mux), use_(use) {}

    void write(std::span<const u8> bytes) override { mux_.line_.write(bytes); }
    std::size_t write_some(std::span<const u8> bytes) override { return mux_.line_.write_some(bytes); }
    void set_receiver(CharacterReceiver* receiver) override {
        {
            const std::lock_guard lock(mutex_);
            receiver_ = receiver;
            told_ = false;
        }
        accept_input();
    }
    void accept_input() override { mux_.loop_.post(call_method<&Mux::settle, Mux>, &mux_); }
    bool needs_peer() const override { return mux_.line_.needs_peer(); }
    std::string describe() const override { return mux_.line_.describe(); }

    LineUse use() const { return use_; }
    // The back end's thread:
    std::size_t typed() const { return typed_.size(); }
    void type(u8 byte) { typed_.push_back(byte); }
    void deliver();
    /// The peer can be heard by this user, or not any more.
    void tell(bool present);
    template <class Tell>
    void tell_receiver(Tell tell) {
        const std::lock_guard lock(mutex_);
        if (receiver_ != nullptr) {
            tell(*receiver_);
        }
    }

  private:
    Mux& mux_;
    const LineUse use_;
    std::deque<u8> typed_;  // until the receiver has space; of the back end's thread

    std::mutex mutex_;  // guards what follows
    CharacterReceiver* receiver_ = nullptr;
    bool told_ = false;  // that there is a peer
};

void Mux::Port::deliver() {
    const std::lock_guard lock(mutex_);
    while (receiver_ != nullptr && !typed_.empty()) {
        const std::size_t count = std::min(receiver_->space(), typed_.size());
        if (count == 0) {
            return;
        }
        const auto end = typed_.begin() + static_cast<std::ptrdiff_t>(count);
        const std::vector<u8> bytes(typed_.begin(), end);
        typed_.erase(typed_.begin(), end);
        receiver_->receive(bytes);
    }
}

void Mux::Port::tell(bool present) {
    const std::lock_guard lock(mutex_);
    if (receiver_ != nullptr && told_ != present) {
        told_ = present;
        present ? receiver_->connected() : receiver_->disconnected();
    }
}

Mux::Mux(CharacterBackend& line, EventLoop& loop, std::function<void()> quit)
    : line_(line), loop_(loop), quit_(std::move(quit)), connected_(!line.needs_peer()) {
    line_.set_receiver(this);
}

Mux::~Mux() {
    line_.set_receiver(nullptr);
    loop_.cancel(this);
}

CharacterBackend* Mux::add(LineUse use) {
    const std::lock_guard lock(mutex_);
    ports_.push_back(std::make_shared<Port>(*this, use));
    if (use == LineUse::device) {
        focus_ = ports_.size() - 1;
    }
    return ports_.back().get();
}

void Mux::remove(CharacterBackend* user) {
    const std::lock_guard lock(mutex_);
    const auto found = std::ranges::find_if(ports_, [&](const auto& port) { return port.get() == user; });
    if (found != ports_.end()) {
        const auto index = static_cast<std::size_t>(found - ports_.begin());
        ports_.erase(found);
        focus_ -= focus_ > index || focus_ == ports_.size() ? std::min<std::size_t>(focus_, 1) : 0;
    }
    loop_.post(call_method<&Mux::settle, Mux>, this);
}

Mux::Ports Mux::ports() const {
    const std::lock_guard lock(mutex_);
    return ports_;
}

std::shared_ptr<Mux::Port> Mux::focus() const {
    const std::lock_guard lock(mutex_);
    return focus_ < ports_.size() ? ports_[focus_] : nullptr;
}

/// Everybody gets what is theirs: word of the peer, and what was typed for them.
void Mux::hand_out() {
    const std::shared_ptr<Port> first = focus();
    for (const std::shared_ptr<Port>& port : ports()) {
        const bool hears = connected_ && (port->use() == LineUse::device || port == first);
        port->tell(hears);
        port->deliver();
    }
}

void Mux::settle() {
    hand_out();
    line_.accept_input();
}

std::size_t Mux::space() {
    const std::shared_ptr<Port> port = focus();
    const std::size_t waiting = port != nullptr ? port->typed() : 0;
    return kAhead - std::min(kAhead, waiting);
}

void Mux::receive(std::span<const u8> bytes) {
    for (const u8 byte : bytes) {
        act(filter_.type(byte), byte);
    }
    hand_out();
}

void Mux::act(Typed typed, u8 byte) {
    const std::shared_ptr<Port> port = focus();
    switch (typed) {
        case Typed::character:
            if (port != nullptr) {
                port->type(byte);
            }
            break;
        case Typed::quit:
            quit_();
            break;
        case Typed::help:
            help();
            break;
        case Typed::change:
            change_focus();
            break;
        case Typed::send_break:
            receive_break();
            break;
        case Typed::nothing:
            break;
    }
}

void Mux::change_focus() {
    if (const std::shared_ptr<Port> former = focus()) {
        former->deliver();
    }
    {
        const std::lock_guard lock(mutex_);
        if (ports_.size() < 2) {
            return;
        }
        focus_ = (focus_ + 1) % ports_.size();
    }
    print("\n");
    settle();
}

void Mux::receive_break() {
    if (const std::shared_ptr<Port> port = focus()) {
        port->tell_receiver([](CharacterReceiver& receiver) { receiver.receive_break(); });
    }
}

void Mux::connected() {
    connected_ = true;
    settle();
}

void Mux::disconnected() {
    connected_ = false;
    settle();
}

void Mux::output_possible() {
    for (const std::shared_ptr<Port>& port : ports()) {
        port->tell_receiver([](CharacterReceiver& receiver) { receiver.output_possible(); });
    }
}

void Mux::print(std::string_view text) {
    // The peer may be a terminal in raw mode: a line ends at its first column.
    std::string out;
    for (const char c : text) {
        out += c == '\n' ? "\r\n" : std::string(1, c);
    }
    line_.write({reinterpret_cast<const u8*>(out.data()), out.size()});
}

void Mux::help() {
    print(
        "\nCtrl-A x  end the machine\n"
        "Ctrl-A h  this help\n"
        "Ctrl-A b  send a break\n");
    if (ports().size() > 1) {
        print("Ctrl-A c  change between console and monitor\n");
    }
    print("Ctrl-A Ctrl-A  send Ctrl-A\n");
}

}  // namespace kelvin::backend
