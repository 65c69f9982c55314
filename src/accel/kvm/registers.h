// SPDX-License-Identifier: Apache-2.0
// All that a vCPU of KVM's holds.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "accel/kvm/host.h"

namespace kelvin::kvm {

struct Registers {
    kvm_regs general{};
    kvm_sregs special{};
    kvm_xcrs extended_control{};
    kvm_debugregs debug{};
    kvm_vcpu_events events{};
    kvm_lapic_state local_apic{};
    kvm_mp_state activity{};
    std::vector<u8> extended;  ///< XSAVE's area
    std::vector<kvm_msr_entry> model_specific;

    /// Of `vcpu`, which does not run.
    static Result<Registers> read(const Fd& vcpu, const Host& host);
    Result<> write(const Fd& vcpu) const;
    /// General and special registers only.
    Result<> write_basic(const Fd& vcpu) const;
};

/// Nothing if the vCPU has no such register.
std::optional<u64> read_msr(const Fd& vcpu, u32 index);
/// False if the vCPU has no such register, or not for that value.
bool write_msr(const Fd& vcpu, kvm_msr_entry entry);

/// Lines for people: general registers, segments, control registers.
std::string describe(const kvm_regs& general, const kvm_sregs& special);

}  // namespace kelvin::kvm
