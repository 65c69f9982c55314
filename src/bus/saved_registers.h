// SPDX-License-Identifier: Apache-2.0
// Saves a board's device that has `State save() const` and `void restore(const State&)`, with State as in
// state/saved_state.h.
#pragma once

#include "bus/savable.h"
#include "state/saved_state.h"

namespace kelvin::bus {

/// restore() takes what registers can hold of what it is given, as they do of a write. What it does not take makes the
/// saved state one of something else, and is refused.
template <class Device>
class SavedRegisters final : public Savable {
  public:
    /// `device` outlives this object.
    explicit SavedRegisters(Device& device) : device_(device) {}

    Result<state::Json> save() override { return write(); }

    Result<> load(const state::Json& json) override {
        typename Device::State saved{};
        KELVIN_TRY(state::load_state("", json, saved));
        device_.restore(saved);
        return state::require_equal(json, write());
    }

  private:
    state::Json write() const {
        typename Device::State now = device_.save();
        return state::save_state(now);
    }

    Device& device_;
};

}  // namespace kelvin::bus
