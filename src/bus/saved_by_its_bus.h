// SPDX-License-Identifier: Apache-2.0
// For devices whose state is saved by the one that has the bus they are on, because neither is whole without the other:
// a port of a virtio console, a namespace of an NVMe controller.
#pragma once

#include "bus/savable.h"
#include "state/saved_state.h"

namespace kelvin::bus {

class SavedByItsBus : public Savable {
  public:
    Result<state::Json> save() override {
        Nothing nothing;
        return state::save_state(nothing);
    }
    Result<> load(const state::Json& saved) override {
        Nothing nothing;
        return state::load_state("", saved, nothing);
    }

  private:
    struct Nothing {
        template <class Visitor>
        void fields(Visitor&) {}
    };
};

}  // namespace kelvin::bus
