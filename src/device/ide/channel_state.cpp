// SPDX-License-Identifier: Apache-2.0
// What is saved of a channel: a command may wait for its host, or for the I/O loop to look at it.
#include <fmt/format.h>

#include "device/ide/channel.h"
#include "device/ide/ports.h"
#include "state/saved_state.h"

namespace kelvin::device::ide {

std::span<const state::EnumName<Phase>> enum_names(Phase) {
    static constexpr state::EnumName<Phase> kNames[] = {
        {"idle", Phase::idle},       {"begin", Phase::begin},         {"packet", Phase::packet},
        {"execute", Phase::execute}, {"await-dma", Phase::await_dma}, {"run", Phase::run},
        {"data-in", Phase::data_in}, {"data-out", Phase::data_out},
    };
    return kNames;
}

Result<> Channel::State::check() const {
    const bool moves = phase == Phase::data_in || phase == Phase::data_out;
    const bool has_packet = phase == Phase::packet ||
                            (phase == Phase::execute && drives.at(active & 1).command == bus::ata::command::kPacket);
    const bool sound =
        selected < 2 && active < 2 && (phase == Phase::idle || has_unit.at(active & 1)) &&
        (control & ~control::kWritable) == 0 && phase != Phase::run && buffer.size() <= bus::ata::kMaxTransfer &&
        position <= block_end && block_end <= buffer.size() && (!moves || (position < block_end && block != 0)) &&
        (!has_packet || buffer.size() == bus::ata::kPacketSize) && block <= bus::ata::kMaxTransfer &&
        (phase != Phase::packet || (position < block_end && block_end == buffer.size())) && master_table % 4 == 0;
    return sound ? ok() : Result<>(user_error("this is nothing that a channel can be at"));
}

Result<state::Json> Channel::save() const {
    const std::lock_guard lock(lock_);
    State saved = state_;
    if (saved.phase == Phase::run) {
        return user_error("a drive is at a command that waits for the host's storage",
                          "cont tries it again when there is room");
    }
    for (unsigned place = 0; place < units_.size(); ++place) {
        saved.has_unit.at(place) = units_.at(place) != nullptr;
    }
    return state::save_state(saved);
}

Result<> Channel::load(const state::Json& json) {
    State saved;
    KELVIN_TRY(state::load_state("", json, saved));
    for (unsigned place = 0; place < units_.size(); ++place) {
        if (saved.has_unit.at(place) != (units_.at(place) != nullptr)) {
            return user_error(fmt::format(".has_unit[{}]: it was saved {} a drive", place,
                                          saved.has_unit.at(place) ? "with" : "without"));
        }
    }
    stop();
    const std::lock_guard lock(lock_);
    state_ = std::move(saved);
    state_.has_unit = {};
    if (state_.phase == Phase::await_dma && is_packet()) {
        std::ranges::copy(std::span(state_.buffer).first(std::min<u64>(state_.buffer.size(), bus::ata::kPacketSize)),
                          request_.packet.begin());
    }
    post_run();
    drive_line();
    return ok();
}

}  // namespace kelvin::device::ide
