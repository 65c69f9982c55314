// SPDX-License-Identifier: Apache-2.0
#include "control/silence_report.h"

#include <fmt/format.h>

#include <algorithm>

#include "cpu/arm64/cpu.h"
#include "cpu/arm64/exception_counts.h"

namespace kelvin::control {

namespace {

/// How long a guest may say nothing: so long, and then so many looks.
constexpr i64 kPatienceNs = 8'000'000'000;
constexpr i64 kLookNs = 100'000'000;
constexpr unsigned kLooks = 20;
/// Who unpacks, copies or calculates is seen in more places than who waits or turns in a circle.
constexpr std::size_t kFewPages = 4;
constexpr u64 kPageMask = ~u64{4095};
constexpr unsigned kKernelLevel = 1;
constexpr unsigned kClassShift = 26;  // ESR_ELx.EC

std::string last_exception(const arm64::State& state) {
    const u64 syndrome = state.esr[kKernelLevel];
    if (syndrome == 0) {
        return "it has taken no exception";
    }
    return fmt::format("its last exception: {} (ESR 0x{:x}) at 0x{:x}, address 0x{:x}",
                       arm64::describe_exception_class(static_cast<unsigned>(syndrome >> kClassShift) & 63), syndrome,
                       state.elr[kKernelLevel], state.far[kKernelLevel]);
}

}  // namespace

void SilenceReport::begin() {
    places_.clear();
    looks_ = 0;
    loop_.post(call_method<&SilenceReport::look, SilenceReport>, this, kPatienceNs);
}

/// Or may have, where nobody looks: on a console of another kind.
bool SilenceReport::has_begun_something() {
    const auto devices = vm_.devices().list();
    if (std::ranges::any_of(devices, [](const vm::DeviceEntry& entry) { return entry.type->name == "virtconsole"; })) {
        return true;
    }
    const auto drives = vm_.drives().query_statistics(false);
    return !serial_.silent() || vm_.is_off() || std::ranges::any_of(drives, [](const state::Json& drive) {
        return drive["stats"].value("rd_operations", u64{0}) != 0;
    });
}

void SilenceReport::look() {
    if (has_begun_something()) {
        return;
    }
    if (!vm_.is_running()) {
        return begin();
    }
    vm_.while_still([&] { places_.insert(vm_.arm64_cpu(0).arm64_cpu().state().pc & kPageMask); });
    if (places_.size() > kFewPages) {
        return begin();
    }
    if (++looks_ < kLooks) {
        return loop_.post(call_method<&SilenceReport::look, SilenceReport>, this, kLookNs);
    }
    say_(describe());
}

std::string SilenceReport::describe() {
    std::string text;
    vm_.while_still([&] {
        accel::Arm64Vcpu& cpu = vm_.arm64_cpu(0);
        const arm64::State& state = cpu.arm64_cpu().state();
        text = fmt::format(
            "note: the guest has written nothing to its serial port and read nothing from a disk for {} s; CPU 0 {} at "
            "PC=0x{:x} in EL{}, {}\n"
            "  Usual causes: no console=ttyAMA0 in -append, `quiet` in it, a kernel for another board, no firmware or "
            "nothing that it starts from",
            (kPatienceNs + kLooks * kLookNs) / 1'000'000'000, cpu.is_waiting() ? "waits for an interrupt" : "runs",
            state.pc, static_cast<unsigned>(state.el()), last_exception(state));
    });
    return text;
}

}  // namespace kelvin::control
