// SPDX-License-Identifier: Apache-2.0
// What the monitor's `info` says about a machine.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "backend/char/character_devices.h"
#include "vm/vm.h"

namespace kelvin::control {

struct InfoSources {
    vm::Vm& vm;
    const vm::MachineSpec& spec;
    const backend::CharacterDevices& characters;
    std::string_view run_state;  ///< QMP's word for it
};

/// `topic` is one of the monitor's.
std::string describe_topic(const InfoSources& sources, std::string_view topic, unsigned cpu, bool all);

/// See MonitorTarget::cannot_save().
Error why_not_saved(vm::Vm& vm);

/// Stops the machine for a moment: see MonitorTarget.
std::size_t read_machine_memory(vm::Vm& vm, unsigned cpu, bool physical, u64 address, std::span<u8> out);
std::optional<u64> read_machine_register(vm::Vm& vm, unsigned cpu, std::string_view name);

}  // namespace kelvin::control
