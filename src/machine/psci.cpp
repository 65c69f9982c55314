// SPDX-License-Identifier: Apache-2.0
#include "machine/psci.h"

#include "base/bits.h"
#include "machine/cpu_affinity.h"

namespace kelvin::machine {

namespace {

/// Function identifiers, DEN0022 chapter 5; bit 30 chooses the 64-bit convention where a function has one.
enum Function : u32 {
    kVersion = 0x84000000,
    kCpuSuspend = 0x84000001,
    kCpuOff = 0x84000002,
    kCpuOn = 0x84000003,
    kAffinityInfo = 0x84000004,
    kMigrateInfoType = 0x84000006,
    kSystemOff = 0x84000008,
    kSystemReset = 0x84000009,
    kFeatures = 0x8400000a,
};

constexpr u32 k64Bit = 0x40000000;

/// DEN0022 5.2.2, return codes.
enum Status : i64 {
    kSuccess = 0,
    kNotSupported = -1,
    kInvalidParameters = -2,
    kAlreadyOn = -4,
    kOnPending = -5,
    kInvalidAddress = -9,
};

constexpr i64 kVersion1_1 = 0x10001;
constexpr i64 kNoTrustedOs = 2;

bool has_64_bit_form(u32 function) {
    return function == kCpuSuspend || function == kCpuOn || function == kAffinityInfo;
}

bool is_implemented(u32 function) {
    const u32 base = function & ~k64Bit;
    if ((function & k64Bit) != 0 && !has_64_bit_form(base)) {
        return false;
    }
    switch (base) {
        case kVersion:
        case kCpuSuspend:
        case kCpuOff:
        case kCpuOn:
        case kAffinityInfo:
        case kMigrateInfoType:
        case kSystemOff:
        case kSystemReset:
        case kFeatures:
            return true;
        default:
            return false;
    }
}

}  // namespace

bool Psci::call(unsigned cpu, bool secure, u64 (&registers)[8]) {
    if (secure != by_smc_) {
        return false;
    }
    registers[0] = static_cast<u64>(answer(cpu, registers));
    return true;
}

i64 Psci::answer(unsigned cpu, u64 (&registers)[8]) {
    const auto function = static_cast<u32>(registers[0]);
    if (!is_implemented(function)) {
        return kNotSupported;
    }
    // The 32-bit convention passes the low halves of the registers.
    const u64 mask = (function & k64Bit) != 0 ? ~u64{0} : low_mask(32);
    const u64 first = registers[1] & mask;
    const u64 second = registers[2] & mask;
    const u64 third = registers[3] & mask;
    switch (function & ~k64Bit) {
        case kVersion:
            return kVersion1_1;
        case kCpuSuspend:
            // 5.4.2: bits 31:26 and 23:17 of power_state must be zero. Waking at once is allowed in every state.
            return (first & 0xfcfe0000) != 0 ? kInvalidParameters : kSuccess;
        case kCpuOff:
            power_.cpu_off(cpu);
            return kSuccess;
        case kCpuOn:
            return cpu_on(first, second, third);
        case kAffinityInfo:
            return affinity_info(first, second);
        case kMigrateInfoType:
            return kNoTrustedOs;
        case kSystemOff:
            power_.system_off(cpu);
            return kSuccess;
        case kSystemReset:
            power_.system_reset(cpu);
            return kSuccess;
        default:
            return is_implemented(static_cast<u32>(first)) ? kSuccess : kNotSupported;
    }
}

i64 Psci::cpu_on(u64 affinity, u64 entry, u64 context) {
    const std::optional<unsigned> target = cpu_of(affinity, cpus_);
    if (!target) {
        return kInvalidParameters;
    }
    if (entry % 4 != 0) {
        return kInvalidAddress;
    }
    switch (power_.cpu_on(*target, entry, context)) {
        case PowerControl::State::on:
            return kAlreadyOn;
        case PowerControl::State::on_pending:
            return kOnPending;
        case PowerControl::State::off:
            break;
    }
    return kSuccess;
}

i64 Psci::affinity_info(u64 affinity, u64 level) {
    const std::optional<unsigned> target = cpu_of(affinity, cpus_);
    if (level > 3 || (level == 0 && !target)) {
        return kInvalidParameters;
    }
    // What is above a CPU is on as long as this CPU is on, which is asking.
    return level == 0 ? static_cast<i64>(power_.cpu_state(*target)) : 0;
}

}  // namespace kelvin::machine
