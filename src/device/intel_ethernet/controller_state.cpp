// SPDX-License-Identifier: Apache-2.0
// What is saved of a controller.
#include <algorithm>

#include "device/intel_ethernet/controller.h"
#include "state/saved_state.h"

namespace kelvin::device::intel {

struct Controller::Saved {
    std::vector<RegisterFile::SavedWord> registers;  ///< those that are not as after a reset
    Phy::State phy;
    network_card::SerialEeprom::State eeprom;
    std::array<Transmitter::State, 2> transmitters;
    u64 time = 0;
    i64 time_since_ns = 0;

    template <class Visitor>
    void fields(Visitor& visit) {
        visit("registers", registers);
        visit("phy", phy);
        visit("eeprom", eeprom);
        visit("transmitters", transmitters);
        visit("time", time);
        visit("time_since_ns", time_since_ns);
    }
};

void Controller::quiesce() {
    const std::lock_guard guard(lock_);
    interrupts_.settle();
}

state::Json Controller::save() {
    const std::lock_guard guard(lock_);
    Saved saved{.registers = registers_.save(),
                .phy = phy_.state(),
                .eeprom = eeprom_.state(),
                .transmitters = {transmitters_[0].state(), transmitters_[1].state()},
                .time = time_base_,
                .time_since_ns = time_since_ns_};
    return state::save_state(saved);
}

Result<> Controller::load(const state::Json& json) {
    Saved saved;
    KELVIN_TRY(state::load_state("", json, saved));
    const std::lock_guard guard(lock_);
    if (const auto registers = registers_.load(saved.registers); !registers) {
        return state::in_front(".registers", registers.error());
    }
    phy_.restore(saved.phy);
    phy_.set_cable(ends_.cable.link_up());
    eeprom_.state() = saved.eeprom;
    for (std::size_t queue = 0; queue < transmitters_.size(); ++queue) {
        transmitters_[queue].state() = std::move(saved.transmitters[queue]);
    }
    time_base_ = saved.time;
    time_since_ns_ = std::clamp<i64>(saved.time_since_ns, 0, ends_.timers.now_ns());
    interrupts_.loaded();
    update_link(false);
    schedule_transmission();
    schedule_ready();
    return ok();
}

}  // namespace kelvin::device::intel
