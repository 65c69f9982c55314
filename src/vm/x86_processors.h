// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "accel/kvm/host.h"
#include "cpu/x86/model.h"
#include "vm/machine_spec.h"

namespace kelvin::vm {

/// What each processor of an x86 machine says that it is.
class X86Processors {
  public:
    X86Processors() = default;
    static Result<X86Processors> choose(const CpuSpec& spec, const kvm::Host& host);

    /// Of processor `index`, whose local APIC has that number.
    x86::Processor at(unsigned index) const;
    /// Lines for the user: what the host lacks.
    std::vector<std::string> notes() const;

  private:
    std::string name_;
    x86::Model model_;
    x86::Placement place_;
};

}  // namespace kelvin::vm
