// SPDX-License-Identifier: Apache-2.0
// The architecture's view of what KVM has of a vCPU.
#pragma once

#include "accel/kvm/host.h"
#include "cpu/x86/state.h"

namespace kelvin::kvm {

/// Of `vcpu`, which does not run.
Result<x86::State> read_state(const Fd& vcpu);
/// All else of the vCPU stays.
Result<> write_state(const Fd& vcpu, const x86::State& state);

}  // namespace kelvin::kvm
