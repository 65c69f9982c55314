// SPDX-License-Identifier: Apache-2.0
// An accelerator makes vCPUs for one machine.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "accel/injections.h"
#include "accel/log_options.h"
#include "accel/vcpu.h"
#include "base/instruction_clock.h"
#include "cpu/arm64/gic_cpu_interface.h"
#include "cpu/arm64/model.h"
#include "emit/x64/host_features.h"
#include "memory/address_map.h"

namespace kelvin::accel {

/// What a vCPU of an AArch64 machine is connected to. All of it outlives the vCPU.
struct Arm64Ports {
    u32 affinity = 0;  ///< Aff2 to Aff0 of MPIDR_EL1
    FirmwareInterface* firmware = nullptr;
    const Clock* clock = nullptr;
    TimerService* timers = nullptr;
    InstructionClock* instructions = nullptr;  ///< the same clock, if it counts what the vCPU executes
    arm64::GicCpuInterface* gic = nullptr;     ///< null with GICv2
    Wire timer_virtual, timer_physical, timer_hypervisor, timer_secure, pmu;
};

class Accelerator {
  public:
    virtual ~Accelerator() = default;

    /// `model` is copied.
    virtual std::unique_ptr<Arm64Vcpu> make_arm64_vcpu(unsigned index, const arm64::Model& model,
                                                       const Arm64Ports& ports) = 0;
    /// Lines for `info jit` and its kin; empty if there is nothing to tell.
    virtual std::string statistics() const = 0;
    /// What the user asked to be told when the machine ends; empty if it is nothing.
    virtual std::string closing_words() const = 0;
};

/// What the translator may be told (-accel translator,...) and what it logs (-d).
struct TranslatorOptions {
    u64 code_cache_size = u64{64} << 20;
    unsigned max_instructions = 64;      ///< per region; 1 = one instruction a region
    std::vector<std::string> disabled;   ///< names of optimizations switched off
    std::optional<u64> bisect;           ///< optimize only so many regions, the first
    std::optional<x64::HostLevel> host;  ///< code for a host of that level, though this one has more
    Injections inject;
    bool metered = false;  ///< vCPUs have an InstructionClock
    u64 check_every = 0;   ///< every so many regions one is also interpreted, and compared; 0: none
    LogOptions log;
    bool count = false;     ///< generated code counts what it does, and is slower for it
    bool perf_map = false;  ///< write /tmp/perf-PID.map
    bool jit_dump = false;  ///< write jit-PID.dump
};

/// What TranslatorOptions::disabled may name.
Result<> check_optimizations(std::span<const std::string> names);
/// A line for each of them.
std::string describe_optimizations();

/// Fails with a cure if this host's processor lacks what generated code needs, or is not of the level asked for.
/// `memory` outlives the accelerator.
Result<std::unique_ptr<Accelerator>> make_translator(memory::AddressMap& memory, const TranslatorOptions& options);

}  // namespace kelvin::accel
