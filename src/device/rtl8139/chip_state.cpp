// SPDX-License-Identifier: Apache-2.0
// What is saved of the chip.
#include <fmt/format.h>

#include <algorithm>

#include "device/rtl8139/chip.h"
#include "state/saved_state.h"

namespace kelvin::device::rtl {

Result<> Chip::Queue::check() const {
    constexpr std::size_t kMost = 65535 + 18;
    if (index >= kDescriptors) {
        return user_error(fmt::format("index: a ring has {} descriptors, not {}", kDescriptors, index));
    }
    if (frame.size() > kMost) {
        return user_error(fmt::format("frame: {} bytes are more than a packet has", frame.size()));
    }
    return ok();
}

Result<> Chip::State::check() const {
    if (next_transmit >= 4) {
        return user_error(fmt::format("next_transmit: there are 4 registers, not {}", next_transmit));
    }
    if (receive_index >= kDescriptors) {
        return user_error(fmt::format("receive_index: a ring has {} descriptors, not {}", kDescriptors, receive_index));
    }
    return ok();
}

state::Json Chip::save() {
    const std::lock_guard guard(lock_);
    State saved = state_;
    saved.eeprom = eeprom_.state();
    return state::save_state(saved);
}

Result<> Chip::load(const state::Json& json) {
    State saved;
    KELVIN_TRY(state::load_state("", json, saved));
    const std::lock_guard guard(lock_);
    eeprom_.state() = saved.eeprom;
    state_ = std::move(saved);
    state_.counter_since_ns = std::clamp<i64>(state_.counter_since_ns, 0, ends_.timers.now_ns());
    cable_ = ends_.cable.link_up();
    update_timer();
    drive_line();
    schedule_transmission();
    schedule_ready();
    return ok();
}

}  // namespace kelvin::device::rtl
