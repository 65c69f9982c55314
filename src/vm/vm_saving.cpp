// SPDX-License-Identifier: Apache-2.0
// The state of a machine's devices, saved and loaded while it stands still.
#include "vm/vm.h"

namespace kelvin::vm {

/// The board's come last: interrupts that the others raise are part of their state.
std::vector<bus::Part> Vm::parts() {
    std::vector<bus::Part> all = devices_->parts();
    for (bus::Part& part : board().parts()) {
        all.push_back(std::move(part));
    }
    return all;
}

Result<std::vector<state::Section>> Vm::save_devices() {
    KELVIN_ASSERT(!running_);
    Result<std::vector<state::Section>> outcome = std::vector<state::Section>();
    const std::vector<bus::Part> all = parts();
    io_.loop.call([&] { outcome = bus::save_parts(all); });
    return outcome;
}

Result<> Vm::load_devices(std::span<const state::Section> sections) {
    KELVIN_ASSERT(!running_);
    Result<> outcome = ok();
    const std::vector<bus::Part> all = parts();
    io_.loop.call([&] { outcome = bus::load_parts(all, sections); });
    return outcome;
}

}  // namespace kelvin::vm
