// SPDX-License-Identifier: Apache-2.0
#include "device/virtio_console/serial_port.h"

#include <fmt/format.h>

#include <algorithm>

namespace kelvin::device {

namespace {

/// A guest's console must not hold its processor for longer because of who does not read it: drivers wait for each
/// character to be taken.
constexpr i64 kPatienceNs = 100'000'000;

}  // namespace

Result<std::unique_ptr<SerialPort>> SerialPort::create(const Options& options, const bus::Surroundings& surroundings,
                                                       Kind kind) {
    if (options.name.size() > kLongestName) {
        return user_error(fmt::format("a port's name has {} characters at most", kLongestName));
    }
    backend::CharacterBackend* const line =
        options.chardev.empty() ? nullptr : KELVIN_TRY(surroundings.backends.claim_character(options.chardev));
    return std::make_unique<SerialPort>(options, kind, surroundings.id, surroundings.io, surroundings.events, line);
}

SerialPort::SerialPort(Options options, Kind kind, std::string id, EventLoop& io, bus::DeviceEvents& events,
                       backend::CharacterBackend* line)
    : options_(std::move(options)), kind_(kind), id_(std::move(id)), io_(io), events_(events), line_(line) {
    if (line_ != nullptr) {
        // Output to a console that nobody looks at is lost, as on a real one; the guest need not know.
        host_open_ = is_console() || !line_->needs_peer();
        line_->set_front_open(is_console());
        line_->set_receiver(this);
    }
}

SerialPort::~SerialPort() {
    if (line_ != nullptr) {
        line_->set_receiver(nullptr);
    }
    io_.cancel(this);
}

void SerialPort::set_guest_open(bool open) {
    if (guest_open_ == open) {
        return;
    }
    guest_open_ = open;
    {
        const std::lock_guard lock(mutex_);
        accepting_ = open;
    }
    if (!id_.empty()) {
        events_.device_event("VSERPORT_CHANGE", {{"id", id_}, {"open", open}});
    }
    if (line_ == nullptr) {
        return;
    }
    line_->set_front_open(open || is_console());
    if (open) {
        line_->accept_input();
    }
}

std::size_t SerialPort::send(std::span<const u8> bytes) {
    if (line_ == nullptr) {
        return bytes.size();
    }
    if (hurried_) {
        line_->write(bytes);
        return bytes.size();
    }
    const std::size_t taken = line_->write_some(bytes);
    if (taken < bytes.size() && is_console() && !waiting_) {
        waiting_ = true;
        io_.post(call_method<&SerialPort::waited_enough, SerialPort>, this, kPatienceNs);
    }
    return taken;
}

void SerialPort::waited_enough() {
    hurried_ = waiting_;
    if (hurried_ && listener_ != nullptr) {
        listener_->port_changed(*this);
    }
}

void SerialPort::send_emergency(u8 character) {
    if (line_ != nullptr) {
        line_->write({&character, 1});
    }
}

bool SerialPort::has_input() const {
    const std::lock_guard lock(mutex_);
    return !input_.empty();
}

std::size_t SerialPort::fetch(std::span<u8> out) {
    std::size_t count = 0;
    bool was_full = false;
    {
        const std::lock_guard lock(mutex_);
        was_full = input_.size() == kMostInput;
        count = std::min(out.size(), input_.size());
        const auto end = input_.begin() + static_cast<std::ptrdiff_t>(count);
        std::copy(input_.begin(), end, out.begin());
        input_.erase(input_.begin(), end);
    }
    if (was_full && count != 0) {
        line_->accept_input();
    }
    return count;
}

bool SerialPort::host_open() {
    bool changed = false;
    {
        const std::lock_guard lock(mutex_);
        if (!changes_.empty() && (input_.empty() || !accepting_ || changes_.front())) {
            host_open_ = changes_.front();
            changes_.pop_front();
            changed = true;
            if (!changes_.empty()) {
                stir_locked();
            }
        }
    }
    if (changed && line_ != nullptr) {
        line_->accept_input();
    }
    return host_open_;
}

SerialPort::State SerialPort::save_host() const {
    const std::lock_guard lock(mutex_);
    return {{input_.begin(), input_.end()}, host_open_, {changes_.begin(), changes_.end()}};
}

Result<> SerialPort::State::check() const {
    if (input.size() > kMostInput) {
        return user_error(fmt::format(".input: {} bytes are more than {}", input.size(), kMostInput));
    }
    if (changes.size() > 2 || (changes.size() == 2 && changes[0] == changes[1])) {
        return user_error(".changes: who comes and goes unseen is not remembered");
    }
    return ok();
}

void SerialPort::restore_host(const State& state) {
    waiting_ = false;
    hurried_ = false;
    const std::lock_guard lock(mutex_);
    const bool present = changes_.empty() ? host_open_ : changes_.back();
    input_.assign(state.input.begin(), state.input.end());
    host_open_ = state.host_open;
    changes_.assign(state.changes.begin(), state.changes.end());
    if ((changes_.empty() ? host_open_ : changes_.back()) != present) {
        note_change_locked(present);
    }
    stir_locked();
}

std::size_t SerialPort::space() {
    const std::lock_guard lock(mutex_);
    return accepting_ && changes_.empty() ? kMostInput - input_.size() : 0;
}

void SerialPort::receive(std::span<const u8> bytes) {
    const std::lock_guard lock(mutex_);
    const std::size_t count = std::min(bytes.size(), kMostInput - input_.size());
    input_.insert(input_.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(count));
    stir_locked();
}

void SerialPort::output_possible() {
    const std::lock_guard lock(mutex_);
    room_ = true;
    stir_locked();
}

void SerialPort::change_peer(bool present) {
    if (is_console()) {
        return;
    }
    const std::lock_guard lock(mutex_);
    note_change_locked(present);
    stir_locked();
}

/// Who came and went unseen need not be told of: what is told is of the other kind each time.
void SerialPort::note_change_locked(bool present) {
    if (!changes_.empty() && changes_.back() != present && changes_.size() > 1) {
        changes_.pop_back();
    } else if (changes_.empty() || changes_.back() != present) {
        changes_.push_back(present);
    }
}

void SerialPort::stir_locked() {
    if (!stir_posted_) {
        stir_posted_ = true;
        io_.post(call_method<&SerialPort::stirred, SerialPort>, this);
    }
}

void SerialPort::stirred() {
    {
        const std::lock_guard lock(mutex_);
        stir_posted_ = false;
        if (room_) {
            room_ = false;
            waiting_ = false;
            hurried_ = false;
        }
    }
    if (listener_ != nullptr) {
        listener_->port_changed(*this);
    }
}

}  // namespace kelvin::device
