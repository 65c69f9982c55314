// SPDX-License-Identifier: Apache-2.0
// What is saved of a console: what its driver and it have told each other, and its ports.
#include <fmt/format.h>

#include <algorithm>

#include "device/virtio_console/virtio_console.h"
#include "state/saved_state.h"

namespace kelvin::device {

namespace {

struct SavedPort {
    u32 number = 0;
    bool ready = false;
    bool told_open = false;
    bool guest_open = false;
    u64 sent = 0;  ///< of the first request that waits in its queue
    SerialPort::State host;

    template <class Visitor>
    void fields(Visitor& visit) {
        visit("number", number);
        visit("ready", ready);
        visit("told_open", told_open);
        visit("guest_open", guest_open);
        visit("sent", sent);
        visit("host", host);
    }
    bool is_fresh() const { return !ready && !told_open && !guest_open && sent == 0; }
};

}  // namespace

struct VirtioConsole::State {
    bool driver_ready = false;
    std::vector<SavedPort> ports;  // those that are plugged in, ascending
    std::vector<Message> messages;

    template <class Visitor>
    void fields(Visitor& visit) {
        visit("driver_ready", driver_ready);
        visit("ports", ports);
        visit("messages", messages);
    }
};

/// What is half sent goes on where it was when it is taken again.
void VirtioConsole::quiesce() {
    for (u32 number = 0; number < slots_.size(); ++number) {
        Slot& slot = slots_[number];
        if (std::exchange(slot.sending, false)) {
            put_back(Slot::output_queue(number), {&slot.output, 1});
        }
    }
}

Result<state::Json> VirtioConsole::save() {
    State saved;
    saved.driver_ready = driver_ready_;
    saved.messages.assign(messages_.begin(), messages_.end());
    for (u32 number = 0; number < slots_.size(); ++number) {
        const Slot& slot = slots_[number];
        if (slot.port != nullptr) {
            saved.ports.push_back(
                {number, slot.ready, slot.told_open, slot.port->is_guest_open(), slot.sent, slot.port->save_host()});
        }
    }
    return state::save_state(saved);
}

Result<> VirtioConsole::check(const State& saved) const {
    std::vector<u32> here;
    for (u32 number = 0; number < slots_.size(); ++number) {
        if (slots_[number].port != nullptr) {
            here.push_back(number);
        }
    }
    if (!std::ranges::equal(saved.ports, here, {}, &SavedPort::number)) {
        return user_error(".ports: they have other numbers than those of this console");
    }
    if (!running() &&
        (saved.driver_ready || !saved.messages.empty() || !std::ranges::all_of(saved.ports, &SavedPort::is_fresh))) {
        return user_error(": a driver that is not there has used it");
    }
    if (saved.driver_ready && !multiport()) {
        return user_error(".driver_ready: a driver that knows one port only does not say so");
    }
    const auto possible = [this](const Message& message) {
        return message.port < slots_.size() && message.name.size() <= SerialPort::kLongestName;
    };
    if (!std::ranges::all_of(saved.messages, possible)) {
        return user_error(".messages: of no port that there can be, or of a name that is too long");
    }
    return ok();
}

Result<> VirtioConsole::load(const state::Json& json) {
    State saved;
    KELVIN_TRY(state::load_state("", json, saved));
    KELVIN_TRY(check(saved));
    driver_ready_ = saved.driver_ready;
    messages_.assign(saved.messages.begin(), saved.messages.end());
    for (const SavedPort& port : saved.ports) {
        Slot& slot = slots_[port.number];
        slot.ready = port.ready;
        slot.told_open = port.told_open;
        slot.sent = port.sent;
        slot.port->restore_host(port.host);
        slot.port->set_guest_open(port.guest_open);
    }
    return ok();
}

}  // namespace kelvin::device
